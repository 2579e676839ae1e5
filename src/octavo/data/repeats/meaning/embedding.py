"""Embedding: a place in few dimensions for each text, learnt from the collection itself, offline: hashed TF-IDF and the
subspace in which a sample of the texts varies most (randomised range finder, Halko, Martinsson and Tropp 2011).

Vectors are whole numbers of one byte. So their products are exact in float32 whatever the library and its threads, and
what is compared with a threshold is the same number on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from octavo.data.repeats.meaning.features import COLUMNS, Counts, count_features, weigh

DIMENSIONS = 128
ROUNDS = 2
"""Of subspace iteration."""
SEED = 20
LARGEST = 127
_NOISE = 0.05

Vectors = NDArray[np.int8]


@dataclass(frozen=True)
class Space:
    """What turns counts into vectors."""

    rarity: NDArray[np.float32]
    basis: NDArray[np.float32]
    """(columns, dimensions), of which `turn` makes an orthonormal one."""
    turn: NDArray[np.float64]
    """(dimensions, dimensions)."""
    middle: NDArray[np.float64]
    """The mean of the sample; it is subtracted, since what all texts have in common says nothing."""

    def save(self, folder: Path) -> None:
        """Write the arrays as files of their own, so that all workers share them in memory."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, array in vars(self).items():
            np.save(folder / f"{name}.npy", array)

    @classmethod
    def load(cls, folder: Path) -> Space:
        """The arrays, read as they are needed."""
        names = ("rarity", "basis", "turn", "middle")
        return cls(**{name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in names})

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """A row of `DIMENSIONS` whole numbers for each text; zeros for a text without words."""
        found = count_features(texts)
        places = _project(found, weigh(found, self.rarity), self.basis)
        places = np.einsum("ij,kj->ik", places, self.turn)
        moved = places - self.middle
        # a text that is all middle (they are all alike, say) stays where it is: what is left of it would be noise
        alike = np.einsum("ij,ij->i", moved, moved) < _NOISE**2 * np.einsum("ij,ij->i", places, places)
        places = np.where(alike[:, None], places, moved)
        places[np.diff(found.first) == 0] = 0
        return whole_numbers(places)


def whole_numbers(places: NDArray[np.floating[Any]]) -> Vectors:
    """Directions as whole numbers up to 127."""
    largest = np.abs(places).max(axis=1, keepdims=True, initial=0)
    scaled = np.divide(places * LARGEST, largest, out=np.zeros_like(places), where=largest > 1e-12)
    rounded: Vectors = np.rint(scaled).astype(np.int8)
    return rounded


def _matrix(found: Counts, values: NDArray[np.float32]) -> Any:
    return sparse.csr_matrix((values, found.columns, found.first), shape=(len(found.first) - 1, COLUMNS))


def _project(found: Counts, values: NDArray[np.float32], basis: NDArray[np.float32]) -> NDArray[np.float64]:
    # a product with a sparse matrix goes row by row in one thread: the same sums in the same order everywhere
    product: NDArray[np.float64] = (_matrix(found, values) @ basis).astype(np.float64)
    return product


def rarity_of(frequencies: NDArray[np.int64], texts: int) -> NDArray[np.float32]:
    """log((1 + texts) / (1 + texts with the feature)) + 1."""
    rarity: NDArray[np.float32] = (np.log((1 + texts) / (1 + frequencies)) + 1).astype(np.float32)
    return rarity


def learn(sample: Counts, rarity: NDArray[np.float32]) -> Space:
    """The subspace that holds most of a sample of texts."""
    texts = _matrix(sample, weigh(sample, rarity))
    if not texts.shape[0]:
        return Space(rarity, np.zeros((COLUMNS, 1), np.float32), np.eye(1), np.zeros(1))
    turned = texts.T.tocsr()
    width = min(DIMENSIONS, texts.shape[0])
    directions = np.random.default_rng(SEED).standard_normal((texts.shape[0], width)).astype(np.float32)
    for _ in range(ROUNDS):
        directions = _orthonormal((texts @ (turned @ directions)).astype(np.float64)).astype(np.float32)
    basis = turned @ directions
    gram = np.einsum("ij,ik->jk", directions.astype(np.float64), (texts @ basis).astype(np.float64))
    turn = _inverse_lower(_cholesky((gram + gram.T) / 2))
    places = np.einsum("ij,kj->ik", (texts @ basis).astype(np.float64), turn)
    middle = places.mean(axis=0) if len(places) > width else np.zeros(width)
    return Space(rarity, basis, turn, middle)


def _orthonormal(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Columns that span the same space; twice, since once loses digits when they are nearly parallel."""
    for _ in range(2):
        gram = np.einsum("ij,ik->jk", columns, columns)
        columns = np.einsum("ij,kj->ik", columns, _inverse_lower(_cholesky(gram)))
    return columns


def _cholesky(gram: NDArray[np.float64]) -> NDArray[np.float64]:
    """The lower triangle L with L L^T = gram, in plain sums (LAPACK's depend on its threads); a direction that is only
    rounding noise is left out as a column that is practically zero in the inverse."""
    size = len(gram)
    lower = np.zeros_like(gram)
    floor = 1e-10 * float(np.trace(gram)) / size
    for at in range(size):
        rest = gram[at:, at] - np.einsum("ij,j->i", lower[at:, :at], lower[at, :at])
        lower[at:, at] = rest / np.sqrt(rest[0]) if rest[0] > floor else 0
        if rest[0] <= floor:
            lower[at, at] = np.inf
    return lower


def _inverse_lower(lower: NDArray[np.float64]) -> NDArray[np.float64]:
    size = len(lower)
    inverse = np.zeros_like(lower)
    for at in range(size):
        if np.isinf(lower[at, at]):
            continue
        row = -np.einsum("j,jk->k", lower[at, :at], inverse[:at])
        row[at] = 1
        inverse[at] = row / lower[at, at]
    return inverse
