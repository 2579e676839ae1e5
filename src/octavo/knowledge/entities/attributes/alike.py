"""Alike: decide on records of any kind by their fields and words, and say what spoke for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from octavo.knowledge.entities.attributes.values import columns
from octavo.knowledge.entities.attributes.weigh import (
    Comparison,
    Floats,
    Weighed,
    comparisons,
    cosine_levels,
    levels,
    mutual,
    stacked,
    weigh,
)  # fmt: skip
from octavo.knowledge.entities.candidates import Candidates
from octavo.knowledge.entities.compare import lead
from octavo.knowledge.entities.record import Record

NEAREST = 20
"""Candidates of a record that are compared field by field."""
PLAIN = 0.5
"""Share of the records of each side that must be no advisories."""


@dataclass(frozen=True)
class Alike:
    """All candidate pairs, compared."""

    fields: tuple[Comparison, ...]
    levels: tuple[NDArray[np.int64], ...]
    """Of each of `fields`, then of the texts where the method looks at them."""
    weighed: Weighed

    def told(self, left: Record, right: Record, pair: int) -> list[tuple[str, float]]:
        """What the fields say of one pair, each with its weight; strongest first, what speaks against it last."""
        said = []
        for one, level, weights in zip(self.fields, self.levels, self.weighed.weights, strict=False):
            if level[pair] >= 0:
                values = left.given.get(one.left.key, ""), right.given.get(one.right.key, "")
                shown = _some(values[0]) if one.alike[pair] == 1 else f"{_some(values[0])} against {_some(values[1])}"
                said.append((f"{one.name.replace('~', ' as ')}: {shown}", float(weights[level[pair]])))
        words = [(w, x[pair]) for w, x in zip(self.weighed.weights, self.levels, strict=True)][len(self.fields) :]
        if words:
            said.append(("words in common", float(sum(w[level] for w, level in words if level >= 0))))
        return sorted(said, key=lambda item: (-item[1], item[0]))


def are_plain(left: Sequence[Record], right: Sequence[Record]) -> bool:
    """Whether both sides are records of any kind rather than advisories."""
    return all(sum(1 for record in side if record.given) > PLAIN * len(side) for side in (left, right))


def alike(left: Sequence[Record], right: Sequence[Record], found: Candidates, method: str) -> Alike:
    """Compare and weigh: by the words (`text`), by the fields (`graph`), or by both.

    Where fewer than two fields say the same, it counts too by how much a cosine leads over the other candidates of the
    left record, and over the other left records of the right one.
    """
    fields: list[Comparison] = []
    if method != "text":
        fields = comparisons(columns([one.given for one in left]), columns([one.given for one in right]), found)
    said = [np.where(np.isnan(one.alike), 0.5, one.alike) for one in fields]
    score = found.score.astype(float) + (np.mean(said, 0) if said else 0.0)
    likely = mutual(found, score)
    levelled = [levels(one, likely) for one in fields]
    if method != "graph" or len(fields) < 2:
        cosine = (found.fields if method == "graph" else found.text).astype(float)
        more = [] if len(fields) > 1 else [lead(found.left, cosine)[0], lead(found.right, cosine)[0]]
        levelled += [cosine_levels(one, likely) for one in (cosine, *more)]
    return Alike(tuple(fields), tuple(levelled), weigh(found, levelled, likely, len(fields)))


def numbers(compared: Alike, found: Candidates) -> tuple[NDArray[np.float32], Floats]:
    """The numbers of all pairs, for weights that are fitted to known ones, and what is believed without these."""
    _, values = stacked(compared.fields, found, found.text.astype(float))
    return np.c_[values, found.fields, compared.weighed.utility].astype(np.float32), compared.weighed.chance


def _some(value: str) -> str:
    return value if len(value) <= 60 else f"{value[:57]}…"
