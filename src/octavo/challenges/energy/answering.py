"""Answering: the probe answered by something that takes in a stream first; both are metered and shared out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from octavo.challenges.chronicle import Statement, same
from octavo.challenges.energy.ground import Ground
from octavo.challenges.reading import Counting
from octavo.challenges.response import Prediction, Row
from octavo.challenges.taught import untaught


@dataclass(frozen=True)
class Cost:
    """What something took."""

    cpu: float
    """Seconds of the processor."""
    flops: float

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.cpu + other.cpu, self.flops + other.flops)

    def __mul__(self, times: float) -> Cost:
        return Cost(self.cpu * times, self.flops * times)


NOTHING = Cost(0.0, 0.0)


@dataclass(frozen=True)
class Told:
    """What a system gave for one row, and what that took."""

    right: bool
    declined: bool
    answering: Cost
    """Of this row alone."""
    taking_in: tuple[tuple[int, Cost], ...] = ()
    """Statements of each part of the stream, and what taking it in took; the same in all rows."""
    rows: int = 1
    """That share it."""

    @property
    def cost(self) -> Cost:
        """Of this row, with its share of taking in."""
        return self.answering + self.build * (1 / self.rows)

    @property
    def build(self) -> Cost:
        """Of taking in the whole stream."""
        return sum((cost for _, cost in self.taking_in), NOTHING)


class Way(Protocol):
    """One way to answer from a stream. What loads a model does so before, since that is nobody's cost."""

    def take(self, news: Sequence[Statement]) -> float:
        """Take in a part of the stream; returns FLOPs."""
        ...

    def answer(self, question: str) -> tuple[str, float]:
        """The answer, "" to decline, and FLOPs."""
        ...


def answers(ground: Ground, probe: Sequence[Row], way: Way) -> Iterator[Prediction]:
    """The stream taken in part by part, then the probe answered."""
    taken = []
    for news in ground.deliveries:
        began = time.process_time()
        flops = way.take(news)
        taken.append((len(news), Cost(time.process_time() - began, flops)))
    for row in probe:
        question, value = ground.asked(row["set"], row["number"])
        began = time.process_time()
        said, flops = way.answer(question)
        spent = Cost(time.process_time() - began, flops)
        told = Told(bool(value) and same(said, value), not said, spent, tuple(taken), len(probe))
        yield Prediction(row["id"], told, told.cost.flops)


def dated(one: Statement) -> str:
    """A statement with its day, as it stands in a history."""
    return f"{one.date}: {one.text}"


def reader_of(ground: Ground, *, keep: bool = False) -> Counting:
    """The base, reading."""
    return Counting(untaught(ground.base), ground.base, keep=keep)
