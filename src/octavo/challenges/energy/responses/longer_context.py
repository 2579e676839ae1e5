"""Response: the whole history, dated, is read at every question, in parts as long as the reader was trained on.

In a single prompt of three times that length the shipped seed declines everything.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from octavo.challenges.energy.answering import Answer, answers, dated, read_flops, reader_of
from octavo.challenges.energy.ground import Ground
from octavo.challenges.response import Prediction, Row
from octavo.model.reading.prompt import SHOWN


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """One prediction a row."""
    reader, base = reader_of(ground)

    def take_in() -> tuple[Answer, float]:
        parts = in_parts([dated(one) for one in ground.stream])

        def answer(question: str) -> tuple[str, float]:
            best, surest, flops = "", -math.inf, 0.0
            for part in reversed(parts):  # of equals the newer one
                reading = reader.read(question, [part])
                flops += read_flops(base, question, [part])
                if not reading.declined and reading.margin > surest:
                    best, surest = reading.answer, reading.margin
            return best, flops

        return answer, 0.0

    yield from answers(ground, probe, take_in)


def in_parts(lines: Sequence[str]) -> list[str]:
    """The lines one after another, in as many parts as it takes."""
    parts = [""]
    for line in lines:
        if len(parts[-1]) + len(line) + 1 > SHOWN:
            parts.append("")
        parts[-1] = f"{parts[-1]} {line}".strip()
    return parts
