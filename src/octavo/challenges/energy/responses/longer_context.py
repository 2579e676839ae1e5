"""The baseline: the whole history, dated, is read at every question, in parts as long as the reader was trained on.

In a single prompt of three times that length the shipped seed declines everything.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from octavo.challenges.chronicle import Statement
from octavo.challenges.energy.answering import answers, dated, reader_of
from octavo.challenges.energy.ground import Ground
from octavo.challenges.response import Prediction, Row
from octavo.model.reading.prompt import MOST, SHOWN


class Rereading:
    """Reads all of it at every question; with `keep` the keys and values of the history are computed only once."""

    def __init__(self, ground: Ground, *, keep: bool = False) -> None:
        self.reader, self.lines = reader_of(ground, keep=keep), list[str]()

    def take(self, news: Sequence[Statement]) -> float:
        """Nothing is done with it yet."""
        self.lines += [dated(one) for one in news]
        return 0.0

    def answer(self, question: str) -> tuple[str, float]:
        """The surest reading, of equals that of the newer part."""
        best, surest, flops = "", -math.inf, 0.0
        for part in reversed(in_parts(self.lines)):
            said, sure, took = self.reader.answer(question, part)
            flops += took
            if said and sure > surest:
                best, surest = said, sure
        return best, flops


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """One prediction a row."""
    yield from answers(ground, probe, Rereading(ground))


def in_parts(lines: Sequence[str]) -> list[list[str]]:
    """The lines one after another, in as many parts as it takes; each of at most `MOST` passages."""
    parts: list[list[str]] = [[]]
    for line in lines:
        passage = parts[-1]
        if passage and len(passage[-1]) + len(line) < SHOWN // MOST:
            passage[-1] = f"{passage[-1]} {line}"
        elif len(passage) < MOST and sum(map(len, passage)) + len(line) <= SHOWN:
            passage.append(line)
        else:
            parts.append([line])
    return parts
