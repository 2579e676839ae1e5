"""Minimal graph: does a small graph of one type of entity help to recognise these entities in another database?

Each name of the type (a package, a vendor, a product) is an entity. Around it the records give a graph of one step: the
names that it stands beside (aliases), and what is mentioned with it (repositories, owners, links, versions, symbols).
Entities are then matched by their names and by the text of their records alone, and by the same with the graph; both
decide, by weights fitted on one half of the entities, on the other half, and the halves change places.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octavo.knowledge.entities.candidates import Candidates, cosine, nearest
from octavo.knowledge.entities.fields import name_words
from octavo.knowledge.entities.record import Record
from octavo.knowledge.entities.vectors import Vectors, vectors
from octavo.knowledge.index.terms import text_terms
from octavo.spine.errors import WRONG_USE, OctavoError
from octavo.spine.progress import progress

Floats = NDArray[np.float64]
NAMES = "names"
"""The type that every record has: all its names."""
ALIASES = ("package", "vendor", "owner", "repository", "tag", "names")
"""Kinds of field whose values name the same thing or its maker: their words count as well."""
MENTIONS = ("repository", "owner", "url", "host", "thread", "commit", "symbol", "fixed", "version", "weakness")
NEAREST = 20
"""Candidates that each kind of similarity proposes for an entity."""
MOST_RECORDS = 8
"""Records of one entity that are read, the first ones; a name of thousands of records is no better known by more."""
MOST_TEXT = 1_000
"""Characters of each record's text."""
ARMS: Mapping[str, tuple[str, ...]] = {
    "names": ("name",),
    "names + text": ("name", "text"),
    "names + graph": ("name", "graph"),
    "names + text + graph": ("name", "text", "graph"),
}
WITHOUT, WITH = "names + text", "names + text + graph"


@dataclass(frozen=True)
class Decided:
    """What one arm decided on each left entity."""

    best: NDArray[np.int64]
    """The likeliest right entity; −1 when none was proposed."""
    score: Floats
    """Its probability."""
    linked: NDArray[np.bool_]
    """Whether it is taken for the same."""
    right: NDArray[np.bool_]
    """Whether the likeliest is a true one."""


@dataclass(frozen=True)
class Experiment:
    """The entities of both sides, which are the same, and what each arm decided."""

    kind: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    truth: tuple[frozenset[int], ...]
    """For each left entity its true counterparts; empty where none is known."""
    arms: Mapping[str, Decided]
    edges: Mapping[str, int]
    """Edges of the graph by side and kind."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Processor time: of all signals, and of what each arm adds by deciding."""

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which left entities have a known counterpart."""
        return np.array([bool(one) for one in self.truth])


def experiment(
    left: Sequence[Record], right: Sequence[Record], pairs: Iterable[tuple[str, str]], kind: str = ""
) -> Experiment:
    """Match the entities of one type with and without the graph; `pairs` are ids of records that are the same.

    `kind` is a kind of field (`package`, `vendor` …) or `names`; without it `package` where both sides have it. Raises
    K063 when a side has no such entity, K064 when fewer than ten left entities have a known counterpart.
    """
    kind = kind or _kind(left, right)
    sides = [_entities(one, kind) for one in (left, right)]
    for side, name in zip(sides, ("left", "right"), strict=True):
        if not side:
            raise OctavoError(
                "K063",
                f'The {name} records have no entities of the type "{kind}"',
                likely="no record has such a field",
                do=f"--type with one of: {', '.join(_kinds(left, right))}",
                exit_code=WRONG_USE,
            )
    truth = _truth(sides, left, right, pairs)
    names = [tuple(side) for side in sides]
    seconds: dict[str, float] = {}
    signals = _signals(sides, left, right, seconds)
    fold = np.array([hashlib.blake2b(name.encode(), digest_size=2).digest()[0] % 2 for name in names[0]])
    arms = {}
    for arm, used in ARMS.items():
        began = time.process_time()
        arms[arm] = _decide([signals[one] for one in used], truth, fold)
        seconds[arm] = time.process_time() - began + sum(seconds[one] for one in used)
    return Experiment(kind, names[0], names[1], truth, arms, _edges(sides, left, right), seconds)


def outcomes(done: Experiment, arm: str) -> Floats:
    """(has a known counterpart, is linked, is linked rightly, the best is right) of each left entity."""
    decided = done.arms[arm]
    return np.stack([done.known, decided.linked, decided.linked & decided.right, decided.right], 1).astype(np.float64)


def first(rows: Floats) -> float:
    """R@1: share of the entities with a counterpart whose likeliest candidate is one."""
    return float(rows[:, 3].sum() / max(1.0, rows[:, 0].sum()))


def f1(rows: Floats) -> float:
    """Of the links, where most entities should have none: 2 · right / (linked + those with a counterpart)."""
    return float(2 * rows[:, 2].sum() / max(1.0, rows[:, 1].sum() + rows[:, 0].sum()))


def _kind(left: Sequence[Record], right: Sequence[Record]) -> str:
    return "package" if all(any("package" in one.fields for one in side) for side in (left, right)) else NAMES


def _kinds(left: Sequence[Record], right: Sequence[Record]) -> list[str]:
    found = [
        {kind for one in side for kind, held in one.fields.items() if isinstance(held, tuple)} for side in (left, right)
    ]
    return [*sorted(found[0] & found[1]), NAMES]


def _of_kind(record: Record, kind: str) -> tuple[str, ...]:
    return record.names if kind == NAMES else tuple(record.fields.get(kind, ()))


def _entities(records: Sequence[Record], kind: str) -> dict[str, list[int]]:
    """Entity → the records that name it, in order."""
    found: dict[str, list[int]] = {}
    for number, record in enumerate(records):
        for name in _of_kind(record, kind):
            found.setdefault(name, []).append(number)
    return dict(sorted(found.items()))


def _truth(
    sides: Sequence[dict[str, list[int]]],
    left: Sequence[Record],
    right: Sequence[Record],
    pairs: Iterable[tuple[str, str]],
) -> tuple[frozenset[int], ...]:
    """Entities of records that are the same are the same. A pair may name its records in either order."""
    places = [{record.id: number for number, record in enumerate(side)} for side in (left, right)]
    same: dict[int, set[int]] = {}
    for a, b in pairs:
        if a not in places[0] or b not in places[1]:
            a, b = b, a
        if a in places[0] and b in places[1]:
            same.setdefault(places[0][a], set()).add(places[1][b])
    of_record: dict[int, set[int]] = {}
    for number, members in enumerate(sides[1].values()):
        for record in members:
            of_record.setdefault(record, set()).add(number)
    truth = tuple(
        frozenset(one for record in members for true in same.get(record, ()) for one in of_record.get(true, ()))
        for members in sides[0].values()
    )
    if (known := sum(map(bool, truth))) < 10:
        raise OctavoError(
            "K064",
            f"Only {known} entities have a known counterpart; ten are the least to measure anything by",
            likely="the pairs name other records, or the records declare no aliases in common",
            do="give --pairs with ids of both files",
        )
    return truth


def _pooled(side: Mapping[str, list[int]], records: Sequence[Record]) -> list[Record]:
    """One record an entity: its name, and the text and fields of its first records."""
    made = []
    for name, members in side.items():
        own = [records[number] for number in members[:MOST_RECORDS]]
        text = "\n".join(one.text[:MOST_TEXT] for one in own)
        beside: dict[str, set[str]] = {}
        for one in own:
            for kind, values in (*one.fields.items(), (NAMES, one.names)):
                if isinstance(values, tuple):
                    beside.setdefault(kind, set()).update(values)
        made.append(Record(name, text, (name,), {kind: tuple(sorted(held)) for kind, held in beside.items()}))
    return made


def name_terms(entity: Record) -> Iterable[str]:
    """Parts of the name, joined neighbours, and runs of three letters."""
    words = name_words(entity.id)
    yield from words
    yield from (a + b for a, b in pairwise(words))
    for word in words:
        padded = f"^{word}$"
        yield from (f"~{padded[at : at + 3]}" for at in range(len(padded) - 2))


def plain_terms(entity: Record) -> Iterable[str]:
    """Stems of the texts."""
    return text_terms(entity.text)


def edge_terms(entity: Record) -> Iterable[str]:
    """What the entity is connected to: `kind=value`, and the words of its aliases and of the repositories' names."""
    for kind in MENTIONS:
        yield from (f"{kind}={value}" for value in entity.fields.get(kind, ()))
    words = {word for kind in ALIASES for value in entity.fields.get(kind, ()) for word in name_words(value)}
    yield from (f"alias={word}" for word in words)


SIGNALS: Mapping[str, Callable[[Record], Iterable[str]]] = {
    "name": name_terms, "text": plain_terms, "graph": edge_terms
}  # fmt: skip


def _edges(sides: Sequence[dict[str, list[int]]], left: Sequence[Record], right: Sequence[Record]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for place, side, records in zip(("left", "right"), sides, (left, right), strict=True):
        for entity in _pooled(side, records):
            for term in set(edge_terms(entity)):
                key = f"{place} {term.partition('=')[0]}"
                counts[key] = counts.get(key, 0) + 1
    return dict(sorted(counts.items()))


@dataclass(frozen=True)
class Signal:
    """One kind of similarity, and the pairs that it proposes."""

    vectors: Vectors
    proposed: Candidates


def _signals(
    sides: Sequence[dict[str, list[int]]], left: Sequence[Record], right: Sequence[Record], seconds: dict[str, float]
) -> dict[str, Signal]:
    began = time.process_time()
    pooled = [_pooled(side, records) for side, records in zip(sides, (left, right), strict=True)]
    reading = time.process_time() - began
    made = {}
    bar = progress("similarities", len(SIGNALS), "kinds")
    for name, terms in SIGNALS.items():
        began = time.process_time()
        space = vectors(pooled[0], pooled[1], terms)
        made[name] = Signal(space, nearest(space, space, NEAREST))
        seconds[name] = time.process_time() - began + reading / len(SIGNALS)
        bar.advance()
    return made


def _decide(signals: Sequence[Signal], truth: Sequence[frozenset[int]], fold: NDArray[Any]) -> Decided:
    """Weigh the signals, fitted on the other half of the entities, and choose or decline for each left entity."""
    both = np.unique(np.concatenate([np.stack([one.proposed.left, one.proposed.right], 1) for one in signals]), axis=0)
    lefts, rights = both[:, 0], both[:, 1]
    columns = [cosine(one.vectors, lefts, rights).astype(np.float64) for one in signals]
    columns += [column - _best_other(lefts, column) for column in columns]
    columns += [np.prod(columns[: len(signals)], 0)] if len(signals) > 1 else []
    values = np.stack([*columns, np.ones(len(lefts))], 1)
    same = np.array([b in truth[a] for a, b in zip(lefts.tolist(), rights.tolist(), strict=True)])
    score = np.zeros(len(lefts))
    for half in (0, 1):
        learn = fold[lefts] != half
        weights = _fitted(values[learn], same[learn])
        score[~learn] = 1 / (1 + np.exp(-np.clip(values[~learn] @ weights, -40, 40)))
    best, top = np.full(len(truth), -1), np.zeros(len(truth))
    order = np.lexsort((rights, -score, lefts))
    chosen, at = np.unique(lefts[order], return_index=True)
    best[chosen], top[chosen] = rights[order][at], score[order][at]
    right = np.array([one in true for one, true in zip(best.tolist(), truth, strict=True)])
    known = np.array([bool(one) for one in truth])
    linked = np.zeros(len(truth), bool)
    for half in (0, 1):
        linked[fold == half] = top[fold == half] >= _threshold(*(x[fold != half] for x in (top, right, known)))
    return Decided(best, top, linked & (best >= 0), right)


def _best_other(group: NDArray[np.int64], score: Floats) -> Floats:
    """The best score among the other members of each one's group; 0 for none."""
    found = np.zeros(len(score))
    order = np.lexsort((-score, group))
    begins = np.flatnonzero(np.r_[True, np.diff(group[order]) != 0]) if len(score) else np.zeros(0, int)
    for begin, end in zip(begins, [*begins[1:], len(score)], strict=False):
        mine = order[begin:end]
        found[mine] = score[mine[0]]
        found[mine[0]] = score[mine[1]] if len(mine) > 1 else 0.0
    return found


def _fitted(values: Floats, same: NDArray[np.bool_], penalty: float = 1.0) -> Floats:
    """Logistic regression by Newton's steps; both classes weigh as much as they are."""
    weights = np.zeros(values.shape[1])
    ridge = penalty * np.eye(values.shape[1])
    for _ in range(30):
        likely = 1 / (1 + np.exp(-np.clip(values @ weights, -40, 40)))
        slope = values.T @ (likely - same) + ridge @ weights
        curve = (values * (likely * (1 - likely))[:, None]).T @ values + ridge
        step = np.linalg.solve(curve, slope)
        weights -= step
        if np.abs(step).max() < 1e-8:
            break
    return weights


def _threshold(score: Floats, right: NDArray[np.bool_], known: NDArray[np.bool_]) -> float:
    """The score from which on links are best by F1."""
    order = np.argsort(-score, kind="stable")
    value = 2 * np.cumsum(right[order]) / (np.arange(1, len(order) + 1) + known.sum())
    # only where the next score is another one can a threshold lie
    last = np.r_[score[order][1:] < score[order][:-1], True]
    return float(score[order][int(np.argmax(np.where(last, value, -1.0)))])
