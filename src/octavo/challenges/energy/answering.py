"""Answering: the probe answered by something that takes in a stream first; both are metered and shared out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from octavo.challenges.chronicle import Statement, same
from octavo.challenges.energy.ground import Ground
from octavo.challenges.response import Prediction, Row
from octavo.challenges.taught import Taught, untaught
from octavo.model.reading.judge import Judge
from octavo.model.reading.prompt import pieces
from octavo.model.reading.reader import Reader


@dataclass(frozen=True)
class Told:
    """What a system gave for one row, and what that took, its share of taking in the stream included."""

    right: bool
    declined: bool
    cpu: float
    """Seconds of the processor."""
    flops: float


Answer = Callable[[str], tuple[str, float]]
"""A question → ("" to decline, FLOPs)."""


def answers(ground: Ground, probe: Sequence[Row], take_in: Callable[[], tuple[Answer, float]]) -> Iterator[Prediction]:
    """The probe answered; `take_in` reads the stream and returns what answers, and the FLOPs that it took. What loads a
    model does so before (`reader_of`), since that is nobody's cost."""
    began = time.process_time()
    answer, flops = take_in()
    built = time.process_time() - began
    for row in probe:
        question, value = _question(ground, row)
        began = time.process_time()
        said, took = answer(question)
        spent = time.process_time() - began + built / len(probe)
        took += flops / len(probe)
        right = bool(value) and same(said, value)
        yield Prediction(row["id"], Told(right, not said, spent, took), took)


def _question(ground: Ground, row: Row) -> tuple[str, str]:
    """A row's question and its answer, "" where nothing was said about it."""
    number = row["number"]
    if row["set"] == "never seen":
        return ground.strangers[number % len(ground.strangers)], ""
    updates = ground.scale.updates
    among = ground.current[:updates] if row["set"] == "updated" else ground.current[updates:]
    one = among[number % len(among)]
    return one.question, one.value


def dated(one: Statement) -> str:
    """A statement with its day, as it stands in a history."""
    return f"{one.date}: {one.text}"


def reader_of(ground: Ground) -> tuple[Reader, Taught]:
    """The shipped seed."""
    base = untaught(ground.base)
    return Reader(base.model, base.tokenizer, Judge.of(ground.base)), base


def read(reader: Reader, base: Taught, question: str, passages: Sequence[str]) -> tuple[str, float]:
    """An answer from passages and its FLOPs."""
    if not passages:
        return "", 0.0
    reading = reader.read(question, passages)
    return "" if reading.declined else reading.answer, read_flops(base, question, passages)


def read_flops(base: Taught, question: str, passages: Sequence[str]) -> float:
    """Of reading a prompt, and as many again at most for the spans that are scored."""
    shown = "\n".join([*(piece.text for piece in pieces(passages, question)), question])
    count = len(base.tokenizer.encode(shown))
    return 2 * base.model.shape.flops_per_token(count) / 3 * count
