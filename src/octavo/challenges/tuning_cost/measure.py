"""Measures of tuning: what was learnt, what was forgotten, and what it took."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from octavo.challenges.measure import Measure
from octavo.challenges.response import Prediction, Row
from octavo.challenges.tuning_cost.logbook import FIELDS
from octavo.measures.intervals import Floats

MOST_BITS = 16.0
MOST_MEMORY, MOST_SECONDS, MOST_SIZE = 1e6, 1e5, 1e6
"""What a missing answer counts as, and any more than that: megabytes, seconds, megabytes."""
MB = 1e6


def task_rows(ground: Any, probe: Sequence[Row], predictions: Sequence[Prediction]) -> list[tuple[float, ...]]:
    """(is an entry, share of its fields right, all of them right)."""
    rows: list[tuple[float, ...]] = []
    for row, prediction in zip(probe, predictions, strict=True):
        if row["set"] != "task":
            rows.append((0.0, 0.0, 0.0))
        elif prediction.output is None:
            rows.append((1.0, 0.0, 0.0))
        else:
            right = prediction.output.right
            assert len(right) == len(FIELDS)
            rows.append((1.0, sum(right) / len(right), float(all(right))))
    return rows


def text_rows(ground: Any, probe: Sequence[Row], predictions: Sequence[Prediction]) -> list[tuple[float, ...]]:
    """(is a text, bits, bytes); a text without an answer costs as much as there can be."""
    rows: list[tuple[float, ...]] = []
    for row, prediction in zip(probe, predictions, strict=True):
        told = prediction.output
        if row["set"] != "text":
            rows.append((0.0, 0.0, 0.0))
        elif told is None or not 0 <= told.bits <= MOST_BITS * told.bytes:
            size = 400 if told is None else told.bytes
            rows.append((1.0, MOST_BITS * size, float(size)))
        else:
            rows.append((1.0, told.bits, float(told.bytes)))
    return rows


def spent_rows(
    take: Callable[[Any], float], most: float
) -> Callable[[Any, Sequence[Row], Sequence[Prediction]], list[tuple[float, ...]]]:
    """One number of the tuning in every row; `most` where there is no answer."""

    def rows(ground: Any, probe: Sequence[Row], predictions: Sequence[Prediction]) -> list[tuple[float, ...]]:
        return [
            (most if prediction.output is None else min(most, take(prediction.output.spent)),)
            for prediction in predictions
        ]

    return rows


def share_of(column: int) -> Callable[[Floats], float]:
    """The mean of a column over the entries."""
    return lambda table: float(table[:, column].sum() / max(1.0, table[:, 0].sum()))


def bits_per_byte(table: Floats) -> float:
    """Σ bits / Σ bytes of the texts."""
    size = float(table[:, 2].sum())
    return float(table[:, 1].sum()) / size if size else MOST_BITS


def concerned(table: Floats) -> int:
    """Rows of the kind that is measured."""
    return int(table[:, 0].sum())


def mean(table: Floats) -> float:
    """Of the only column."""
    return float(table[:, 0].mean())


def _cost(take: Callable[[Any], float], most: float, method: str) -> Measure:
    return Measure(spent_rows(take, most), mean, method, over="seeds")


MEASURES = {
    "fields right": Measure(task_rows, share_of(1), "mean over entries", concerned, over="items and seeds"),
    "records right": Measure(task_rows, share_of(2), "share of entries", concerned, over="items and seeds"),
    "bits per byte": Measure(text_rows, bits_per_byte, "Σ bits / Σ bytes", concerned, over="items and seeds"),
    "trainable share": _cost(lambda spent: spent.trainable, 1.0, "parameters that learn / parameters of the base"),
    "peak memory": _cost(lambda spent: spent.memory / MB, MOST_MEMORY, "MB of tensors alive at once"),
    "seconds": _cost(lambda spent: spent.seconds, MOST_SECONDS, "processor time of search and training"),
    "size on disk": _cost(lambda spent: spent.size / MB, MOST_SIZE, "MB written beside the base"),
}
