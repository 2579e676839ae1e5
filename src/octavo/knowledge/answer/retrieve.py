"""Retrieve: what an index offers for a question, names and words together, best first."""

from __future__ import annotations

from dataclasses import dataclass

from octavo.knowledge.answer.names import Names, Resolution
from octavo.knowledge.answer.question import Question, analyse
from octavo.knowledge.answer.search import Hit, Ranking, Searcher
from octavo.knowledge.answer.weights import Weights
from octavo.knowledge.index.index import Index
from octavo.knowledge.index.view import View

NAMED = 0.65
"""From this strength on a question is taken to be about the object it names."""
HINT = 0.35
"""What a name that is only hinted at adds to a score, times its strength."""


@dataclass(frozen=True)
class Found:
    """The hits for a question, best first, one per document, and what they rest on."""

    question: Question
    hits: tuple[Hit, ...]
    ranking: Ranking
    resolution: Resolution

    @property
    def named(self) -> bool:
        """Whether the first hit is there because the question names it."""
        return self.resolution.strength >= NAMED and bool(self.resolution.numbers)


class Retriever:
    """Searches and resolves names in one index."""

    def __init__(self, index: Index, weights: Weights | None = None) -> None:
        self.index = index
        self.searcher = Searcher(index, weights)
        self.names = Names(index)
        self._view: View | None = None

    def refresh(self) -> None:
        """Take notice of changes to the index."""
        self.searcher.refresh()
        view = self.index.view()
        if view is not self._view:
            self._view = view
            self.names.refresh(self.searcher.prior)

    def find(self, text: str, k: int = 10) -> Found:
        """The `k` best documents for a question."""
        with self.index.reading():
            self.refresh()
            question = analyse(text, self.searcher.weights.expansion)
            resolution = self.names.resolve(question)
            ranking = self.searcher.rank(question, max(k, 10))
            return Found(question, tuple(self._joined(ranking, resolution)[:k]), ranking, resolution)

    def _joined(self, ranking: Ranking, resolution: Resolution) -> list[Hit]:
        known = {hit.number: hit for hit in ranking.hits}
        assert self._view is not None
        seen = [number for number in resolution.numbers if self._view.sees(number)]
        named = [known.get(n) or Hit(n, self.index.first_of(n), 0.0, 0.0) for n in seen]
        if resolution.strength >= NAMED:
            return [*named, *(hit for hit in ranking.hits if hit.number not in resolution.numbers)]
        hits = {hit.number: hit for hit in [*ranking.hits, *named]}
        for hit in named:
            bonus = HINT * resolution.strength
            hits[hit.number] = Hit(hit.number, hit.passage, hit.score + bonus, hit.match, hit.parts)
        return sorted(hits.values(), key=lambda hit: -hit.score)
