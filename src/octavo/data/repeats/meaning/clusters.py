"""Clusters: vectors of one-byte numbers dealt into small groups of neighbours by k-means upon k-means, so that only the
members of a group need to be compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octavo.data.repeats.meaning.embedding import Vectors, whole_numbers

GROUP = 1024
"""About how many vectors a group holds."""
BRANCHES = 16
ROUNDS = 8
_EXACT = 1040
"""Up to so many dimensions the products of one-byte vectors are exact in float32 (127² × 1040 < 2²⁴)."""


def comparable(vectors: Vectors) -> NDArray[Any]:
    """The vectors as numbers whose products are exact, so that no library's order of summing shows."""
    return vectors.astype(np.float32 if vectors.shape[1] <= _EXACT else np.float64)


def lengths(vectors: Vectors) -> NDArray[np.float64]:
    """Euclidean lengths; 1 for a vector of zeros."""
    squares = np.einsum("ij,ij->i", vectors.astype(np.int64), vectors.astype(np.int64))
    return np.sqrt(np.maximum(squares, 1))


def nearest(vectors: Vectors, centres: Vectors) -> NDArray[np.intp]:
    """The centre with the greatest cosine, the first of equals."""
    found = np.empty(len(vectors), np.intp)
    across, long = comparable(centres).T, lengths(centres)
    for start in range(0, len(vectors), 8192):
        part = slice(start, start + 8192)
        found[part] = np.argmax((comparable(vectors[part]) @ across) / long, axis=1)
    return found


def centres_of(vectors: Vectors, count: int, seed: int) -> Vectors:
    """The centres of `count` clusters by spherical k-means."""
    chosen = np.sort(np.random.default_rng(seed).choice(len(vectors), count, replace=False))
    centres = vectors[chosen]
    for _ in range(ROUNDS):
        label = nearest(vectors, centres)
        order = np.argsort(label, kind="stable")
        used, begins = np.unique(label[order], return_index=True)
        sums = np.add.reduceat(vectors[order].astype(np.int64), begins, axis=0)
        centres = centres.copy()
        centres[used] = whole_numbers(sums.astype(np.float64))
    return centres


@dataclass(frozen=True)
class Tree:
    """Which vectors belong together: centres, and below each of them a further tree or the number of a group."""

    centres: Vectors
    below: tuple[Tree | int, ...]

    def groups(self, vectors: Vectors) -> NDArray[np.int64]:
        """The group of each vector."""
        found = np.zeros(len(vectors), np.int64)
        for members, group in self._dealt(vectors, np.arange(len(vectors))):
            found[members] = group
        return found

    def _dealt(self, vectors: Vectors, members: NDArray[np.intp]) -> Iterator[tuple[NDArray[np.intp], int]]:
        label = nearest(vectors[members], self.centres) if len(self.below) > 1 else np.zeros(len(members), np.intp)
        for at, below in enumerate(self.below):
            inside = members[label == at]
            if isinstance(below, int):
                yield inside, below
            elif len(inside):
                yield from below._dealt(vectors, inside)

    @property
    def count(self) -> int:
        """How many groups there are."""
        last = self.below[-1]
        return last + 1 if isinstance(last, int) else last.count


def grow(sample: Vectors, total: int, seed: int = 0, first: int = 0) -> Tree:
    """A tree whose groups would hold about `GROUP` of `total` vectors, of which `sample` is a sample."""
    share = GROUP * len(sample) / max(total, 1)
    wanted = min(BRANCHES, int(-(-2 * len(sample) // max(share, 1))), len(sample))
    if len(sample) <= share or wanted < 2:
        return Tree(sample[:1], (first,))
    centres = centres_of(sample, wanted, seed)
    label = nearest(sample, centres)
    used = np.unique(label)
    if len(used) < 2:  # they are all alike
        return Tree(sample[:1], (first,))
    below: list[Tree | int] = []
    for at in used.tolist():
        inside = sample[label == at]
        if len(inside) <= share:
            below.append(first)
            first += 1
        else:
            part = grow(inside, max(1, round(total * len(inside) / len(sample))), seed + 1, first)
            below.append(part if len(part.below) > 1 else first)
            first += part.count - first
    return Tree(centres[used], tuple(below))
