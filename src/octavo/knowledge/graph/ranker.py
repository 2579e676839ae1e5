"""Ranker: passages ranked by a walk from what the question names, together with the words that they share with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from octavo.knowledge.graph.matrix import incidence
from octavo.knowledge.graph.seeds import Seed, seeds, weights
from octavo.knowledge.graph.walk import Course, walk
from octavo.knowledge.index.sparse import Sparse
from octavo.knowledge.index.terms import TOKEN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from octavo.knowledge.dense.ranker import Dense
    from octavo.knowledge.index.view import View

WORDS = 0.25
"""Exponent of the words' score beside that of the walk: both must speak for a passage."""
FLOOR = 0.05
MEANING, MEANT = 0.5, 0.6
"""With vectors in the index: exponent of a passage's nearness to the question, and its share among what the walk begins
with. Both were chosen, as all numbers here, on one half of MuSiQue-100."""
AGAIN = 0.7
"""A further passage about the same thing counts e^-0.7 of what it would: several hops are about several things."""
DEPTH = 60
COURSE = Course()


class Walk:
    """Ranks by personalised PageRank with no model. Sound for questions over several passages: entities that the first
    passage names lead to the second."""

    def __init__(
        self,
        view: View,
        course: Course = COURSE,
        *,
        words: float = WORDS,
        again: float = AGAIN,
        merged: bool = True,
        meaning: bool = True,
    ) -> None:
        """`merged`: whether merges are followed; `meaning`: whether vectors are used where the index has them; `words`
        and `again`: see `WORDS` and `AGAIN`."""
        self.view, self.course, self.words, self.again = view, course, words, again
        self._merged = merged
        self._sparse = view.cached("graph sparse", lambda: Sparse(view))
        self._dense = _dense(view) if meaning and "dense" in view.index.layer_names() else None

    def rank(self, question: str, k: int) -> list[tuple[int, float]]:
        """The best `k` passages with their scores, best first; of equals by the id of the document."""
        scores = self.scores(question)
        held = np.flatnonzero(scores > -np.inf)
        depth = max(2 * k, DEPTH)
        if len(held) > depth:
            held = held[np.argpartition(-scores[held], depth)[:depth]]
        ordered = sorted(held.tolist(), key=lambda p: (-float(scores[p]), self.view.id_of(p), p))
        return self._varied(ordered, scores)[:k]

    def scores(self, question: str) -> NDArray[np.float32]:
        """The logarithm of the score of each passage by number; −∞ where neither walk nor words lead."""
        view = self.view
        with view.index.reading():
            graph = incidence(view, merged=self._merged)
            found, _ = seeds(view, question, merged=self._merged)
            inside, rest = self._words(question, found)
            words, rest = _scaled(inside + rest), _scaled(rest)
            begin, near = words, None
            if self._dense is not None:
                near = _scaled(np.maximum(self._dense.scores(question), 0)) ** 2
                begin = np.float32(1 - MEANT) * words + np.float32(MEANT) * near
            reached = walk(graph, weights(graph, found), begin, rest, self.course)
        whole = float(reached.max(initial=0.0)) or 1.0
        with np.errstate(divide="ignore"):
            walked = np.log(reached / np.float32(whole) + np.float32(1e-6))
        scores = walked + np.float32(self.words) * np.log(rest + np.float32(FLOOR))
        if near is not None:
            scores += np.float32(MEANING) * np.log(near + np.float32(FLOOR))
        scores[~view.visible | ((reached <= 0) & (words <= 0))] = -np.inf
        whole_scores: NDArray[np.float32] = scores.astype(np.float32)
        return whole_scores

    def _words(self, question: str, found: list[Seed]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """BM25 of the words inside of the names of the question's entities, and of all others."""
        named = {word for seed in found for word in TOKEN.findall(seed.name)}
        inside = [word for word in TOKEN.findall(question) if word in named]
        rest = [word for word in TOKEN.findall(question) if word not in named]
        return self._sparse.scores(" ".join(inside)), self._sparse.scores(" ".join(rest))

    def _varied(self, ordered: list[int], scores: NDArray[np.float32]) -> list[tuple[int, float]]:
        """Each passage lowered by how many better ones are about the same, in the order that this gives."""
        subject = incidence(self.view, merged=self._merged).subject
        left = [(passage, float(scores[passage])) for passage in ordered]
        times: dict[int, int] = {}
        lowered = []
        for passage, score in left:
            about = int(subject[passage])
            if about >= 0:
                score -= self.again * times.get(about, 0)
                times[about] = times.get(about, 0) + 1
            lowered.append((passage, score))
        return sorted(lowered, key=lambda pair: -pair[1])


def _dense(view: View) -> Dense:
    from octavo.knowledge.dense.ranker import Dense

    ranker: Dense = view.cached("ranker dense", lambda: Dense(view))
    return ranker


def _scaled(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    most = scores.max(initial=0.0)
    return scores / most if most > 0 else scores
