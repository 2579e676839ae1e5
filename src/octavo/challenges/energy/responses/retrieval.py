"""Response: BM25 over the history finds the statements that are read, the newer of two alike first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from octavo.challenges.chronicle import Statement
from octavo.challenges.energy.answering import answers, reader_of
from octavo.challenges.energy.ground import Ground
from octavo.challenges.reading import WARM
from octavo.challenges.response import Prediction, Row
from octavo.kinds.documents import Document
from octavo.knowledge.index.index import Index
from octavo.knowledge.index.sparse import Sparse

PASSAGES = 1
"""More were no better on seeds 100 to 102, and cost more."""
LEVEL, BESIDE = 0.6, 3
"""Share of the best score from which, of so many more, the newest comes first; the best on seeds 100 to 102."""


class Searching:
    """An index of the statements, to which new ones are added."""

    def __init__(self, ground: Ground) -> None:
        self.reader, self.stream = reader_of(ground), list[Statement]()
        warm = fresh(ground, "warm-index")  # what the first of a process takes is nobody's cost
        warm.add([Document("0", WARM[1])])
        Sparse(warm.view()).rank(WARM[0], 1)
        warm.close()
        self.index = fresh(ground, "history")

    def take(self, news: Sequence[Statement]) -> float:
        """Added in one go; counted in time only."""
        first = len(self.stream)
        self.stream += news
        self.index.add([Document(f"{first + at:06d}", one.text, date=one.date) for at, one in enumerate(news)])
        self.view = self.index.view()
        self.ranker = Sparse(self.view)
        return 0.0

    def answer(self, question: str) -> tuple[str, float]:
        """From the best statements."""
        found = self.ranker.rank(question, PASSAGES + BESIDE)
        level = LEVEL * found[0][1] if found else 0.0
        found = sorted(found, key=lambda hit: (hit[1] < level, -hit[0] if hit[1] >= level else -hit[1]))
        texts = [self.stream[int(self.view.id_of(passage))].text for passage, _ in found[:PASSAGES]]
        said, _, flops = self.reader.answer(question, texts)
        return said, flops


def fresh(ground: Ground, name: str) -> Index:
    """An empty index."""
    place = ground.scratch / f"{name}.sqlite"
    place.unlink(missing_ok=True)
    return Index.create(place)


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """One prediction a row."""
    yield from answers(ground, probe, Searching(ground))
