"""Sparse: passages ranked by the words that they share with a question (Okapi BM25)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from octavo.knowledge.index.postings import counted, summed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from octavo.knowledge.index.view import View

K1, B = 1.2, 0.75


class Sparse:
    """BM25 over all fields of the passages of a view: stems, no stop words, no thesaurus.

    Source: Robertson and Zaragoza (2009), The Probabilistic Relevance Framework.
    """

    def __init__(self, view: View) -> None:
        self.view = view
        lengths = view.grown("lengths", lambda: _lengths(view.rows), self._longer)[: len(view)]
        average = float(lengths[view.visible].mean()) if view.live else 1.0
        self._norm = (K1 * (1 - B + B * lengths / np.float32(average or 1.0))).astype(np.float32)

    def _longer(self, known: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.concatenate([known, _lengths(self.view.rows[len(known) :])])

    def scores(self, question: str) -> NDArray[np.float32]:
        """The score of each passage by number; 0 where no word is shared or the passage isn't visible."""
        total = np.zeros(len(self.view), np.float32)
        with self.view.index.reading():
            for term in dict.fromkeys(counted(question)):
                rows = self.view.occurrences(term)
                if not len(rows):
                    continue
                passages, counts = summed(rows)
                idf = math.log(1 + (self.view.live - len(passages) + 0.5) / (len(passages) + 0.5))
                total[passages] += np.float32(idf * (K1 + 1)) * counts / (counts + self._norm[passages])
        return total

    def rank(self, question: str, k: int) -> list[tuple[int, float]]:
        """The best `k` passages with their scores, best first; of equals by the id of the document."""
        return best(self.view, self.scores(question), k)


def _lengths(rows: NDArray[np.void]) -> NDArray[np.float32]:
    """How many terms each passage has, in all fields."""
    lengths: NDArray[np.float32] = rows["lengths"].sum(axis=1, dtype=np.uint32).astype(np.float32)
    return lengths


def best(view: View, scores: NDArray[np.float32], k: int) -> list[tuple[int, float]]:
    """The `k` highest scores above 0 as passage and score; equal ones in an order that doesn't depend on when the
    documents came into the index."""
    held = np.flatnonzero(scores > 0)
    if not len(held) or k < 1:
        return []
    values = scores[held]
    if len(held) > k:
        edge = np.partition(values, -k)[-k]
        held = held[values >= edge]
        if len(held) > 20 * k:  # a crowd of equals: the order of adding decides who is looked at
            held = held[np.argsort(-scores[held], kind="stable")[: 20 * k]]
    ordered = sorted(held.tolist(), key=lambda p: (-float(scores[p]), view.id_of(p), p))
    return [(passage, float(scores[passage])) for passage in ordered[:k]]
