"""Dense: passages ranked by how near their vectors are to that of a question, exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from octavo.knowledge.dense.layer import embedder_of
from octavo.knowledge.dense.store import facts, read_vectors, unpacked

if TYPE_CHECKING:
    import sqlite3

    from numpy.typing import NDArray

    from octavo.knowledge.index.view import View

LARGE = 300_000
"""From so many passages on faiss searches where it is installed, on all cores; the results are the same."""


class Matrix:
    """The vectors of all passages by number in float32; room is taken ahead, so that growing costs what is new."""

    def __init__(self, c: sqlite3.Connection, size: int) -> None:
        self.dimensions = int(facts(c)["dimensions"]) if size else 1
        self.size = 0
        self._held = np.zeros((0, self.dimensions), np.float32)
        self.grow(c, size)

    @property
    def rows(self) -> NDArray[np.float32]:
        """One row per passage; zeros for those that were forgotten."""
        return self._held[: self.size]

    def grow(self, c: sqlite3.Connection, size: int) -> Matrix:
        """Take in passages up to number `size`."""
        if size > len(self._held):
            held = np.zeros((size + size // 8, self.dimensions), np.float32)
            held[: self.size] = self.rows
            self._held = held
        if size > self.size:
            for start, rows in read_vectors(c, self.size, size, self.dimensions):
                self._held[start : start + len(rows)] = unpacked(rows)
            self.size = size
        return self


class Dense:
    """Exact search over a view with numpy, or with faiss where there are many passages."""

    def __init__(self, view: View, *, large: int = LARGE) -> None:
        self.view = view
        c = view.index.connection
        with view.index.reading():
            self.embedder = view.cached("dense embedder", lambda: embedder_of(c))
            matrix = view.grown("dense", lambda: Matrix(c, len(view)), lambda old: old.grow(c, len(view)))
        self.rows = matrix.rows[: len(view)]
        self._faiss = view.cached("dense faiss", self._indexed) if len(view) >= large else None

    def _indexed(self) -> Any:
        try:
            import faiss
        except ModuleNotFoundError:
            return None
        index = faiss.IndexFlatIP(self.rows.shape[1])
        index.add(self.rows)
        return index

    def scores(self, question: str) -> NDArray[np.float32]:
        """The cosine of each passage by number; −1 where it isn't visible, 0 for all when nothing is understood."""
        with self.view.index.reading():
            asked = self.embedder.questions([question])[0]
        found: NDArray[np.float32] = self.rows @ asked
        if not self.view.whole:
            found[~self.view.visible] = -1
        return found

    def rank(self, question: str, k: int) -> list[tuple[int, float]]:
        """The best `k` passages with their cosines, best first; of equals by the id of the document."""
        if k < 1:
            return []
        if self._faiss is not None:
            return self._searched(question, k)
        return top(self.view, self.scores(question), k)

    def _searched(self, question: str, k: int) -> list[tuple[int, float]]:
        """As `top` by faiss; more are fetched until `k` visible ones, and all that equal the last, are among them."""
        with self.view.index.reading():
            asked = self.embedder.questions([question])
        wanted = 2 * k + 10
        while True:
            near, where = self._faiss.search(asked, min(wanted, len(self.rows)))
            scores, numbers = near[0], where[0]
            seen = self.view.visible[numbers]
            scores, numbers = scores[seen], numbers[seen]
            enough = len(scores) > k and scores[k - 1] > scores[-1]
            if enough or wanted >= len(self.rows):
                return ordered(self.view, numbers[scores > 0], scores[scores > 0])[:k]
            wanted *= 4


def top(view: View, scores: NDArray[np.float32], k: int) -> list[tuple[int, float]]:
    """The visible passages of the `k` highest scores above 0, whatever order documents came in."""
    if len(scores) > k:
        edge = max(float(np.partition(scores, -k)[-k]), 0.0)
        held = np.flatnonzero((scores >= edge) & (scores > 0) & view.visible)
    else:
        held = np.flatnonzero((scores > 0) & view.visible)
    if len(held) > 20 * k:  # a crowd of equals: the order of adding decides who is looked at
        held = held[np.argsort(-scores[held], kind="stable")[: 20 * k]]
    return ordered(view, held, scores[held])[:k]


def ordered(view: View, passages: NDArray[Any], scores: NDArray[np.float32]) -> list[tuple[int, float]]:
    """Passages with their scores, best first; scores that differ by less than a millionth are equal, since the order
    of adding numbers up differs between machines."""
    rows = [(int(p), float(s)) for p, s in zip(passages, scores, strict=True)]
    return sorted(rows, key=lambda row: (-round(row[1], 6), view.id_of(row[0]), row[0]))
