"""Decide: one of a record's candidates or none, by weights that are shipped, fitted, or learnt without known pairs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octavo.knowledge.entities.attributes.alike import are_plain
from octavo.knowledge.entities.candidates import Candidates
from octavo.knowledge.entities.choice.mixture import mix
from octavo.knowledge.entities.choice.trees import Growth, Trees, choose, grow
from octavo.knowledge.entities.compare import Compared
from octavo.knowledge.entities.graph import first_belief
from octavo.knowledge.entities.record import Record
from octavo.spine.errors import WRONG_USE, OctavoError

KNOWN_KINDS = frozenset({"package", "version", "fixed", "repository", "weakness"})
"""What the records had that the shipped weights were fitted on."""
ENOUGH_KNOWN = 0.5
"""Share of records of each side that state such a thing, for the shipped weights to be used."""
LEAST_PAIRS = 50
"""Known pairs from which weights can be fitted."""
DECLARED = 8.0
"""Utility (logarithm of odds) of a declared identifier, which the shipped weights, fitted blind, know nothing of."""
EVEN = 0.5
"""Threshold where none was chosen on held-out records: the counterpart is likelier than not."""


@dataclass(frozen=True)
class Decided:
    """The probability of each candidate pair, and from where on it is a link."""

    chance: NDArray[np.float64]
    threshold: float
    weights: str
    """Which weights decided: `shipped`, `fitted`, or `unsupervised`."""
    told: Callable[[int], list[tuple[str, float]]] | None = None
    """What was weighed in one candidate pair, where the weights are of single fields."""


@cache
def shipped() -> Mapping[str, Any]:
    """The weights that come with the package; `about` says how they were fitted."""
    found: Mapping[str, Any] = json.loads((files(__package__) / "weights.json").read_text(encoding="utf-8"))
    return found


def suited(left: Sequence[Record], right: Sequence[Record]) -> bool:
    """Whether the records are of the kind that the shipped weights were fitted on."""
    return not are_plain(left, right) and all(
        sum(1 for record in side if KNOWN_KINDS & record.fields.keys()) >= ENOUGH_KNOWN * len(side)
        for side in (left, right)
    )


def decide(
    compared: Compared, found: Candidates, method: str, *, known: NDArray[np.bool_] | None, use_shipped: bool
) -> Decided:
    """Probabilities by weights fitted to `known` right pairs (only left records with one take part in the fit), by the
    shipped weights, or by what the records themselves show."""
    if not len(found.left):
        return Decided(np.zeros(0), EVEN, "shipped" if use_shipped else "unsupervised")
    if known is not None:
        trees = fitted(compared.values, found.left, known)
        return Decided(choose(found.left, trees.utility(compared.values)), EVEN, "fitted")
    if use_shipped and method in shipped():
        stored = shipped()[method]
        if tuple(stored["columns"]) != compared.names:
            raise AssertionError("the shipped weights are for other columns: fit them again")
        utility = Trees.from_json(stored["trees"]).utility(compared.values)
        if "same declared" in compared.names:
            utility = utility + DECLARED * (compared.column("same declared") > 0)
        return Decided(choose(found.left, utility), float(stored["threshold"]), "shipped")
    mixture = mix(compared.values, compared.names, found.left, unsupervised_belief(found, method))
    return Decided(choose(found.left, mixture.utility(compared.values)), EVEN, "unsupervised")


def unsupervised_belief(found: Candidates, method: str) -> NDArray[np.float64]:
    """The belief that unsupervised weights start from: a cosine of .45 is usual for each of text and fields that the
    method looks at and that most candidates have in common at all."""
    cosines = {"text": (found.text,), "graph": (found.fields,)}.get(method, (found.text, found.fields))
    told = [cosine for cosine in cosines if (cosine > 0).mean() > ENOUGH_KNOWN] or list(cosines)
    return first_belief(found, np.sum(told, 0), 0.45 * len(told))


def fitted(values: NDArray[np.float32], groups: NDArray[np.int64], known: NDArray[np.bool_]) -> Trees:
    """Trees for known pairs (K052 when there are too few)."""
    count = int(known.sum())
    if count < LEAST_PAIRS:
        raise OctavoError(
            "K052",
            f"{count} known pairs are too few to fit weights",
            likely="ids in --pairs that are not in LEFT and RIGHT do not count",
            do=f"give at least {LEAST_PAIRS}, or leave --pairs out",
            exit_code=WRONG_USE,
        )
    return grow(values, groups, known, Growth())
