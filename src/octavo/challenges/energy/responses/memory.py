"""Response: an episodic memory takes the stream in; what its gate recognises is read, in the version that holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from octavo.challenges.chronicle import Statement
from octavo.challenges.energy.answering import answers, reader_of
from octavo.challenges.energy.ground import Ground
from octavo.challenges.reading import WARM
from octavo.challenges.response import Prediction, Row
from octavo.knowledge.memory.encode import DENSE
from octavo.knowledge.memory.episode import seconds_of
from octavo.knowledge.memory.memory import CANDIDATES, Memory

PASSAGES = 1
"""More were no better on seeds 100 to 102, and cost more."""
COMPLETING = 16.0 * CANDIDATES * DENSE
"""Operations of a recall, about: the likeness of the candidates, those by name too, and of the pattern they make."""


class Remembering:
    """Writes each statement once."""

    def __init__(self, ground: Ground) -> None:
        self.reader = reader_of(ground)
        with fresh(ground, "warm") as warm:  # what the first of a process takes is nobody's cost
            warm.remember(WARM[1], now=0)
            warm.recall(WARM[0], at=1)
        self.memory, self.after = fresh(ground, "memory"), 0

    def take(self, news: Sequence[Statement]) -> float:
        """An episode a statement."""
        for one in news:
            moment = seconds_of(one.date)
            self.memory.remember(one.text, now=moment)
            self.after = max(self.after, moment + 1)
        return len(news) * COMPLETING

    def answer(self, question: str) -> tuple[str, float]:
        """From what is recalled directly; nothing is read where the gate stays shut."""
        found = self.memory.recall(question, PASSAGES, at=self.after)
        if not found.recognised:
            return "", COMPLETING
        texts = [one.episode.text for one in found.remembered if one.direct]
        said, _, flops = self.reader.answer(question, texts)
        return said, flops + COMPLETING


def fresh(ground: Ground, name: str) -> Memory:
    """An empty memory."""
    place = ground.scratch / f"{name}.sqlite"
    for ending in ("", "-wal", "-shm"):
        place.with_name(place.name + ending).unlink(missing_ok=True)
    return Memory.create(place)


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """One prediction a row."""
    yield from answers(ground, probe, Remembering(ground))
