"""Link: what one database calls this, another calls that: for each left record its counterpart, or that it has none."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octavo.knowledge.entities.attributes.alike import NEAREST, alike, are_plain, numbers
from octavo.knowledge.entities.attributes.given import said_terms, typed_terms
from octavo.knowledge.entities.candidates import Candidates, nearest
from octavo.knowledge.entities.choice.decide import EVEN, Decided, decide, fitted, suited
from octavo.knowledge.entities.choice.trees import choose
from octavo.knowledge.entities.compare import compare
from octavo.knowledge.entities.evidence import evidence, said
from octavo.knowledge.entities.record import Record
from octavo.knowledge.entities.vectors import Keeps, Vectors, statements_of, text_of, vectors
from octavo.spine.progress import progress

METHODS = ("text", "graph", "fused", "model")
SHOWN = 10
"""Candidates of a left record that a model judges."""

Judged = Callable[[Candidates, Sequence[Record], Sequence[Record]], "NDArray[np.float64]"]
"""A judge: the probability of each candidate pair; NaN where it gave none."""
Pair = tuple[str, str]


@dataclass(frozen=True)
class Link:
    """The decision on one left record."""

    left: str
    right: str | None
    """Its counterpart; None when it has none."""
    score: float
    """Probability that the best candidate is its counterpart, 0–1."""
    decision: str
    """`same`, `related` (the same flaw, another package) or `none`."""
    evidence: tuple[str, ...]
    """What speaks for the best candidate and what against it, each with its weight in brackets."""

    def as_json(self) -> dict[str, Any]:
        """A row of the file of links."""
        return {
            "left": self.left,
            "right": self.right,
            "score": round(self.score, 4),
            "decision": self.decision,
            "evidence": list(self.evidence),
        }


@dataclass(frozen=True)
class Prepared:
    """Two databases made ready: what all methods share, so that they are judged on the same candidates."""

    left: Sequence[Record]
    right: Sequence[Record]
    text: Vectors
    fields: Vectors
    candidates: Candidates
    plain: bool = False
    """Whether the records are of any kind and are compared field by field; else they are advisories."""
    kept: Keeps | None = None
    """What remembers the right side."""


def prepare(
    left: Sequence[Record], right: Sequence[Record], k: int = 50, kept: Keeps | None = None, plain: bool | None = None
) -> Prepared:
    """Rows of both databases over one vocabulary, and at most `k` candidates a left record.

    `kept` remembers the terms of the right side; `plain` says of which kind the records are, where it is known.
    """
    if are_plain(left, right) if plain is None else plain:
        text = vectors(left, right, lambda record: said_terms(record.given, record.text), kept, "said")
        fields = vectors(left, right, lambda record: typed_terms(record.given), kept, "typed")
        return Prepared(left, right, text, fields, nearest(text, fields, min(k, NEAREST)), plain=True)
    text = vectors(left, right, text_of, kept, "text")
    fields = vectors(left, right, statements_of, kept, "statements")
    return Prepared(left, right, text, fields, nearest(text, fields, k), kept=kept)


def link(
    left: Sequence[Record],
    right: Sequence[Record],
    method: str = "fused",
    *,
    prepared: Prepared | None = None,
    pairs: Collection[Pair] | None = None,
    never: Collection[Pair] = (),
    judge: Judged | None = None,
    threshold: float | None = None,
) -> Iterator[Link]:
    """A link for each left record, in order.

    `pairs` are known counterparts (ids) to fit the weights to; `never` are pairs that must not be proposed; `judge` is
    for the method `model`; `threshold` replaces the one that comes with the weights.
    """
    ready = prepared or prepare(left, right)
    if never:
        ready = replace(ready, candidates=_without(ready, never))
    decided = chances(ready, method, pairs=pairs, judge=judge)
    limit = decided.threshold if threshold is None else threshold
    bar = progress("decide", len(left), "records")
    for number in range(len(left)):
        yield _decided(ready, number, decided, limit)
        bar.advance()


def chances(
    ready: Prepared, method: str, *, pairs: Collection[Pair] | None = None, judge: Judged | None = None
) -> Decided:
    """The probability of each candidate pair to be counterparts, by one method."""
    if method == "model":
        assert judge is not None, "the method model needs a judge"
        return _by_model(ready, judge)
    if ready.plain:
        return _by_fields(ready, method, None if pairs is None else _known(ready, pairs))
    compared = compare(ready.left, ready.right, ready.candidates, ready.text, ready.fields, method, ready.kept)
    known = None if pairs is None else _known(ready, pairs)
    return decide(compared, ready.candidates, method, known=known, use_shipped=suited(ready.left, ready.right))


def _by_fields(ready: Prepared, method: str, known: NDArray[np.bool_] | None) -> Decided:
    """Records of any kind: weights learnt from themselves, or fitted to known pairs."""
    found = ready.candidates
    compared = alike(ready.left, ready.right, found, method)

    def told(pair: int) -> list[tuple[str, float]]:
        return compared.told(ready.left[found.left[pair]], ready.right[found.right[pair]], pair)

    values, chance = numbers(compared, found)
    if known is None:
        return Decided(chance, EVEN, "unsupervised", told)
    return Decided(choose(found.left, fitted(values, found.left, known).utility(values)), EVEN, "fitted", told)


def package_of_another(left: Record, right: Record) -> bool:
    """Whether two records of package databases name different packages: then a shared flaw makes them related only.

    Such a database states the ecosystem of a package. Databases of products use other names for the same thing, so that
    other names prove no difference there.
    """
    names = [set(record.fields.get("package", ())) for record in (left, right)]
    packaged = all(set(record.fields.get("ecosystem", ())) - {"cve"} for record in (left, right))
    return (
        packaged
        and all(names)
        and "vendor" not in left.fields
        and "vendor" not in right.fields
        and not names[0] & names[1]
    )


def _decided(ready: Prepared, number: int, decided: Decided, limit: float) -> Link:
    left, part = ready.left[number], ready.candidates.of(number)
    if part.start == part.stop:
        return Link(left.id, None, 0.0, "none", ("no record shares a rare word or statement with it",))
    mine = decided.chance[part]
    if np.isnan(mine).all():
        return Link(left.id, None, 0.0, "none", ("the model gave no judgement on any candidate",))
    best = int(np.nanargmax(mine))
    at = int(ready.candidates.right[part][best])
    right, score = ready.right[at], float(mine[best])
    if decided.told is None:
        told = list(said(evidence(left, right, (number, at), ready.text, ready.fields)))
    else:
        told = list(said(decided.told(part.start + best)))
    others = np.delete(mine, best)
    if len(others) and np.nanmax(np.nan_to_num(others, nan=0.0)) > max(0.1, score / 4):
        second = int(np.nanargmax(np.where(np.arange(len(mine)) == best, -1, np.nan_to_num(mine, nan=-1))))
        rival = ready.right[int(ready.candidates.right[part][second])].id
        told.append(f"{rival} fits too, probability {mine[second]:.2f} (-1.0)")
    if score < limit:
        told.insert(0, f"nearest is {right.id}, but its probability {score:.2f} is below {limit:.2f}")
        return Link(left.id, None, score, "none", tuple(told))
    return Link(left.id, right.id, score, "related" if package_of_another(left, right) else "same", tuple(told))


def _known(ready: Prepared, pairs: Collection[Pair]) -> NDArray[np.bool_]:
    found, wanted = ready.candidates, set(pairs)
    return np.array(
        [
            (ready.left[a].id, ready.right[b].id) in wanted
            for a, b in zip(found.left.tolist(), found.right.tolist(), strict=True)
        ],
        bool,
    )


def _without(ready: Prepared, never: Collection[Pair]) -> Candidates:
    keep = ~_known(ready, never)
    found = ready.candidates
    return Candidates(found.left[keep], found.right[keep], found.score[keep], found.text[keep], found.fields[keep])


def _by_model(ready: Prepared, judge: Judged) -> Decided:
    """The judge sees the first candidates of each left record; the others are not judged."""
    found = ready.candidates
    begins = np.searchsorted(found.left, found.left)
    shown = np.flatnonzero(np.arange(len(found.left)) - begins < SHOWN)
    few = Candidates(found.left[shown], found.right[shown], found.score[shown], found.text[shown], found.fields[shown])
    chance = np.full(len(found.left), np.nan)
    chance[shown] = judge(few, ready.left, ready.right)
    return Decided(chance, EVEN, "model")
