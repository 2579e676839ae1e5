"""Invented: what grounds of invented facts have in common: the base that reads and learns, and measures of answers.

Light to import; torch is not loaded before it is known how threads wait.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from octavo.challenges.measure import Measure
from octavo.challenges.response import Prediction, Row
from octavo.measures.intervals import Floats

if TYPE_CHECKING:
    from octavo.model.network.shape import DecoderShape

BASE = "the shipped seed"
"""The base, in a project too: what a project's own path makes writes, and does not read (of 60 questions about passages
that it was shown it declined all)."""


@dataclass(frozen=True)
class Invented:
    """The same for the baseline and for every response."""

    base: Path
    seed: int
    scratch: Path

    @cached_property
    def shape(self) -> DecoderShape:
        """The base's sizes."""
        from octavo.model.checkpoint import read_shape

        return read_shape(self.base)


G = TypeVar("G", bound=Invented)


def shipped() -> Path:
    """The base that comes with the package."""
    from octavo.model.machine import wait_asleep

    wait_asleep()
    from octavo.model.reading.place import SEED, checkpoint_named

    return checkpoint_named(SEED)


def knowing_nothing(ground: G) -> G:
    """The same with a small base that knows nothing, where only that everything works is to be seen."""
    from octavo.challenges.taught import small_base

    return replace(ground, base=small_base(ground.scratch / "base", ground.base))


Rows = Callable[[Any, Sequence[Row], Sequence[Prediction]], list[tuple[float, ...]]]


def right_in(*sets: str) -> Rows:
    """(is of these sets, answered right); outputs say whether they are `right`."""

    def rows(ground: Any, probe: Sequence[Row], predictions: Sequence[Prediction]) -> list[tuple[float, ...]]:
        return [
            (float(row["set"] in sets), float(row["set"] in sets and told.output is not None and told.output.right))
            for row, told in zip(probe, predictions, strict=True)
        ]

    return rows


def false_in(*sets: str) -> Rows:
    """(is of these sets, got an answer that is not right); a missing answer counts as one."""

    def rows(ground: Any, probe: Sequence[Row], predictions: Sequence[Prediction]) -> list[tuple[float, ...]]:
        found: list[tuple[float, ...]] = []
        for row, prediction in zip(probe, predictions, strict=True):
            told, asked = prediction.output, row["set"] in sets
            found.append((float(asked), float(asked and (told is None or not (told.right or told.declined)))))
        return found

    return rows


def share(table: Floats) -> float:
    """The mean of the second column over the rows that are concerned."""
    return float(table[:, 1].sum() / max(1.0, table[:, 0].sum()))


def concerned(table: Floats) -> int:
    """Rows of the kind that is measured."""
    return int(table[:, 0].sum())


def share_of(rows: Rows) -> Measure:
    """A share of the questions of some sets."""
    return Measure(rows, share, "share of questions", concerned, over="items and seeds")
