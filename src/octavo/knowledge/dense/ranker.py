"""Dense: passages ranked by how near their vectors are to that of a question, exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from octavo.knowledge.dense.layer import embedder_of
from octavo.knowledge.dense.store import Store, unpacked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from octavo.knowledge.index.view import View

LARGE = 300_000
"""From so many passages on faiss searches where it is installed, on all cores; the results are the same."""


class Matrix:
    """The vectors of all passages by number in float32; room is taken ahead, so that growing costs what is new."""

    def __init__(self, store: Store, size: int) -> None:
        self.dimensions = int(store.facts()["dimensions"]) if size else 1
        self.size = 0
        self._held = np.zeros((0, self.dimensions), np.float32)
        self.grow(store, size)

    @property
    def rows(self) -> NDArray[np.float32]:
        """One row per passage; zeros for those that were forgotten."""
        return self._held[: self.size]

    def grow(self, store: Store, size: int) -> Matrix:
        """Take in passages up to number `size`."""
        if size > len(self._held):
            held = np.zeros((size + size // 8, self.dimensions), np.float32)
            held[: self.size] = self.rows
            self._held = held
        if size > self.size:
            for start, rows in store.read_vectors(self.size, size, self.dimensions):
                self._held[start : start + len(rows)] = unpacked(rows)
            self.size = size
        return self


class Dense:
    """Exact search over a view with numpy, or with faiss where there are many passages."""

    def __init__(self, view: View, *, large: int = LARGE) -> None:
        self.view = view
        with view.index.reading():
            store = Store.at(view.index.connection, view.generation)
            self.embedder = view.cached("dense embedder", lambda: embedder_of(store))
            matrix = view.grown(
                f"dense {store.edition}", lambda: Matrix(store, len(view)), lambda old: old.grow(store, len(view))
            )
        self.rows = matrix.rows[: len(view)]
        self._faiss: Any = view.cached("dense faiss", self._indexed) if len(view) >= large else None

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
            return self._scores(self.embedder.questions([question])[0])

    def _scores(self, asked: NDArray[np.float32]) -> NDArray[np.float32]:
        found: NDArray[np.float32] = self.rows @ asked
        if not self.view.whole:
            found[~self.view.visible] = -1
        return found

    def rank(self, question: str, k: int) -> list[tuple[int, float]]:
        """The best `k` passages with their cosines, best first; of equals by the id of the document."""
        if k < 1:
            return []
        with self.view.index.reading():
            asked = self.embedder.questions([question])[0]
        numbers = self._nearest(asked, 2 * k + 10)
        exact = self.rows[numbers].astype(np.float64) @ asked.astype(np.float64)
        return ordered(self.view, numbers[exact > 0], exact[exact > 0])[:k]

    def _nearest(self, asked: NDArray[np.float32], wanted: int) -> NDArray[np.int64]:
        """At least so many visible passages, where there are, among them the nearest."""
        if self._faiss is None:
            scores = self._scores(asked)
            wanted = min(wanted, len(scores))
            chosen: NDArray[np.int64] = (
                np.argpartition(-scores, wanted - 1)[:wanted] if wanted else np.zeros(0, np.int64)
            )
            return chosen[self.view.visible[chosen]]
        room = wanted
        while True:
            room = min(room, len(self.rows))
            numbers: NDArray[np.int64] = self._faiss.search(asked[None], room)[1][0]
            numbers = numbers[self.view.visible[numbers]]
            if len(numbers) >= wanted or room == len(self.rows):
                return numbers[:wanted]
            room *= 4


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


def ordered(view: View, passages: NDArray[Any], scores: NDArray[Any]) -> list[tuple[int, float]]:
    """Passages with their scores, best first; scores that differ by less than a millionth are equal, since the order
    of adding numbers up differs between machines."""
    rows = [(int(p), float(s)) for p, s in zip(passages, scores, strict=True)]
    return sorted(rows, key=lambda row: (-round(row[1], 6), view.id_of(row[0]), row[0]))
