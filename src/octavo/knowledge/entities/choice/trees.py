"""Trees: boosted trees that choose one of a group's candidates or none: a conditional logit with boosted utility.

The probability of a candidate is exp(u) / (1 + Σ exp(u)) over the candidates of its left record; the 1 is "none". The
utility u is a sum of small trees, each fitted to the gradient and curvature of the log-likelihood (Friedman 2001; Chen
and Guestrin 2016); the choice model is McFadden's (1974). Choosing among all at once lets a second good candidate
speak against the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 32
"""Places at which a number may be cut."""
IDLE = 0.002
"""Gradient below which a pair is settled and takes no part in the next tree: nearly all wrong candidates soon are."""


@dataclass(frozen=True)
class Growth:
    """How much the trees may learn."""

    trees: int = 120
    depth: int = 3
    rate: float = 0.1
    ridge: float = 2.0
    """Added to the curvature of each leaf."""
    least: float = 2.0
    """Curvature that each leaf needs."""


@dataclass(frozen=True)
class Trees:
    """Complete binary trees: the first cut is number 0, the cuts below number i are 2i + 1 and 2i + 2."""

    start: float
    feature: NDArray[np.int32]
    """Trees × (2^depth − 1)."""
    cut: NDArray[np.float32]
    """A greater value goes right; infinity where nothing is cut."""
    leaf: NDArray[np.float32]
    """Trees × 2^depth."""

    def utility(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """The utility of each row."""
        total = np.full(len(values), self.start)
        rows = np.arange(len(values))
        for feature, cut, leaf in zip(self.feature, self.cut, self.leaf, strict=True):
            at = np.zeros(len(values), np.int64)
            for _ in range(int(np.log2(len(leaf)))):
                at = 2 * at + 1 + (values[rows, feature[at]] > cut[at])
            total += leaf[at - len(feature)]
        return total

    def as_json(self) -> dict[str, Any]:
        """Plain numbers."""
        cuts = [[None if np.isinf(c) else round(float(c), 6) for c in row] for row in self.cut]
        leaves = [[round(float(v), 6) for v in row] for row in self.leaf]
        return {"start": self.start, "feature": self.feature.tolist(), "cut": cuts, "leaf": leaves}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Trees:
        """The inverse of `as_json`."""
        cuts = [[np.inf if c is None else c for c in row] for row in value["cut"]]
        return cls(
            float(value["start"]),
            np.array(value["feature"], np.int32),
            np.array(cuts, np.float32),
            np.array(value["leaf"], np.float32),
        )


def choose(groups: NDArray[np.int64], utility: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability of each candidate among those of its group and "none"."""
    count = int(groups.max(initial=-1)) + 1
    top = np.zeros(count)
    np.maximum.at(top, groups, utility)
    risen = np.exp(utility - top[groups])
    return np.asarray(risen / (np.exp(-top) + np.bincount(groups, risen, minlength=count))[groups])


def grow(values: NDArray[np.float32], groups: NDArray[np.int64], right: NDArray[np.bool_], growth: Growth) -> Trees:
    """Fit trees to pairs in groups, of which at most a few are `right`."""
    edges = [np.unique(np.quantile(column, np.linspace(0, 1, BINS + 1)[1:-1])) for column in values.T]
    edges = [_finer(edge, column[right]) for edge, column in zip(edges, values.T, strict=True)]
    bins = np.stack([np.searchsorted(e, c) for e, c in zip(edges, values.T, strict=True)], 1).astype(np.uint8)
    share = np.bincount(groups, right, minlength=int(groups.max(initial=-1)) + 1)
    goal = right / np.maximum(share[groups], 1)
    start = float(np.log(max(goal.sum(), 1) / max(len(right), 1)))
    utility = np.full(len(right), start)
    made: list[tuple[NDArray[Any], ...]] = []
    for _ in range(growth.trees):
        chance = choose(groups, utility)
        slope, bend = chance - goal, np.maximum(chance * (1 - chance), 1e-6)
        active = np.flatnonzero(np.abs(slope) > IDLE)
        if len(active) == 0:
            break
        tree = _tree(bins[active], slope[active], bend[active], edges, growth)
        made.append(tree)
        utility = utility + Trees(0.0, tree[0][None], tree[1][None], tree[2][None]).utility(values)
    shape = 2**growth.depth
    if not made:
        return Trees(start, np.zeros((0, shape - 1), np.int32), np.zeros((0, shape - 1), np.float32),
                     np.zeros((0, shape), np.float32))  # fmt: skip
    return Trees(start, *(np.stack(parts) for parts in zip(*made, strict=True)))


def _finer(edges: NDArray[Any], told: NDArray[Any]) -> NDArray[np.float32]:
    """Edges by quantiles of all and of the right pairs, which are few and lie elsewhere."""
    own = np.quantile(told, np.linspace(0, 1, BINS + 1)[1:-1]) if len(told) else told
    return np.unique(np.concatenate([edges, own]).astype(np.float32))


def _tree(
    bins: NDArray[np.uint8], slope: NDArray[Any], bend: NDArray[Any], edges: list[NDArray[np.float32]], growth: Growth
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
    inner = 2**growth.depth - 1
    feature, cut = np.zeros(inner, np.int32), np.full(inner, np.inf, np.float32)
    at = np.zeros(len(bins), np.int64)
    widest = max(len(edge) for edge in edges) + 1
    for level in range(growth.depth):
        first, count = 2**level - 1, 2**level
        best = np.zeros(count)
        chosen: list[tuple[int, int]] = [(-1, 0)] * count
        for column, edge in enumerate(edges):
            if len(edge) == 0:
                continue
            key = (at - first) * widest + bins[:, column]
            sums = [np.bincount(key, w, minlength=count * widest).reshape(count, widest) for w in (slope, bend)]
            gain = _gains(sums[0], sums[1], growth)[:, : len(edge)]
            place = gain.argmax(1)
            for leaf in np.flatnonzero(gain[np.arange(count), place] > best + 1e-9).tolist():
                best[leaf] = gain[leaf, place[leaf]]
                chosen[leaf] = (column, int(place[leaf]))
        goes = np.zeros(len(bins), np.int64)
        for leaf, (column, place_) in enumerate(chosen):
            if column >= 0:
                feature[first + leaf], cut[first + leaf] = column, edges[column][place_]
                here = at == first + leaf
                goes[here] = bins[here, column] > place_
        at = 2 * at + 1 + goes
    at -= inner
    sums = [np.bincount(at, w, minlength=inner + 1) for w in (slope, bend)]
    return feature, cut, (-growth.rate * sums[0] / (sums[1] + growth.ridge)).astype(np.float32)


def _gains(slope: NDArray[Any], bend: NDArray[Any], growth: Growth) -> NDArray[Any]:
    """Gain of cutting behind each bin, per leaf."""
    left = [np.cumsum(part, 1) for part in (slope, bend)]
    whole = [part[:, -1:] for part in left]
    right = [all_ - part for all_, part in zip(whole, left, strict=True)]
    gain = (
        left[0] ** 2 / (left[1] + growth.ridge)
        + right[0] ** 2 / (right[1] + growth.ridge)
        - whole[0] ** 2 / (whole[1] + growth.ridge)
    )
    return np.where((left[1] >= growth.least) & (right[1] >= growth.least), gain, -1)
