"""Hybrid: what words say and what vectors say of a passage, added up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from octavo.knowledge.dense.ranker import Dense, top
from octavo.knowledge.index.postings import FIELDS
from octavo.knowledge.index.sparse import Sparse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from octavo.knowledge.index.view import View

NEARNESS, BESIDE_PHRASES = 0.8, 0.5
"""The part of the vectors in the sum, the rest is BM25: over texts alone, and over an index some of whose documents the
phrasebook knows, where BM25 also says how people ask."""
USED = 0.3
"""What a standard deviation of the popularity of documents adds, where the index knows of any."""


class Hybrid:
    """A convex sum of BM25 and cosine, each in standard deviations over the passages of the view, and how often a
    document's object is used, where that is known. Source of the sum: Bruch, Gai and Ingber (2023), An analysis of
    fusion functions for hybrid retrieval."""

    def __init__(self, view: View, *, nearness: float | None = None, used: float = USED) -> None:
        self.view, self.used = view, used
        phrases = view.cached("hybrid phrases", lambda: bool(view.rows["lengths"][:, FIELDS.index("asked")].any()))
        self.nearness = nearness if nearness is not None else BESIDE_PHRASES if phrases else NEARNESS
        self.sparse, self.dense = Sparse(view), Dense(view)
        self._prior = view.cached("hybrid prior", self._priors)

    def _priors(self) -> NDArray[np.float32] | None:
        uses = np.log1p(self.view.rows["uses"].astype(np.float32))
        return standard(uses, self.view.visible) if uses.any() else None

    def scores(self, question: str) -> NDArray[np.float32]:
        """The fused score of each passage by number; −inf where it isn't visible or neither way finds it."""
        words, near = self.sparse.scores(question), self.dense.scores(question)
        visible = self.view.visible
        score = (1 - self.nearness) * standard(words, visible) + self.nearness * standard(near, visible)
        if self._prior is not None:
            score += np.float32(self.used) * self._prior
        score[(words <= 0) & (near <= 0)] = -np.inf
        if not self.view.whole:
            score[~visible] = -np.inf
        return score

    def rank(self, question: str, k: int) -> list[tuple[int, float]]:
        """The best `k` passages with their fused scores, best first."""
        scores = self.scores(question)
        found = np.isfinite(scores)
        if k < 1 or not found.any():
            return []
        lowest = np.float32(scores[found].min()) - 1
        ranked = top(self.view, scores - lowest, k)
        return [(passage, score + float(lowest)) for passage, score in ranked]


def standard(scores: NDArray[np.float32], visible: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Scores in standard deviations from their mean over what is visible; all 0 when they don't differ."""
    seen = scores if visible.all() else scores[visible]
    if not len(seen):
        return np.zeros_like(scores)
    spread = float(seen.std())
    result: NDArray[np.float32] = (scores - seen.mean()) / np.float32(spread) if spread else np.zeros_like(scores)
    return result
