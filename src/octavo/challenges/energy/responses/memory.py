"""Response: an episodic memory takes the stream in; what its gate recognises is read, in the version that holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from octavo.challenges.energy.answering import Answer, answers, read, reader_of
from octavo.challenges.energy.ground import Ground
from octavo.challenges.response import Prediction, Row
from octavo.knowledge.memory.encode import DENSE
from octavo.knowledge.memory.episode import seconds_of
from octavo.knowledge.memory.memory import CANDIDATES, Memory

PASSAGES = 2
COMPLETING = 16.0 * CANDIDATES * DENSE
"""Operations of a recall, about: the likeness of the candidates, those by name too, and of the pattern they make."""


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """One prediction a row."""
    reader, base = reader_of(ground)
    place = ground.scratch / "memory.sqlite"
    for ending in ("", "-wal", "-shm"):
        place.with_name(place.name + ending).unlink(missing_ok=True)

    def take_in() -> tuple[Answer, float]:
        memory = Memory.create(place)
        for one in ground.stream:
            memory.remember(one.text, now=seconds_of(one.date))
        after = seconds_of(ground.stream[-1].date) + 1

        def answer(question: str) -> tuple[str, float]:
            found = memory.recall(question, PASSAGES, at=after)
            if not found.recognised:
                return "", COMPLETING
            said, flops = read(reader, base, question, [one.episode.text for one in found.remembered if one.direct])
            return said, flops + COMPLETING

        return answer, len(ground.stream) * COMPLETING

    yield from answers(ground, probe, take_in)
