"""Measures of adapting and retrieving: what is answered, what is forgotten, what news take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from octavo.challenges.measure import Measure
from octavo.challenges.response import Prediction, Row
from octavo.measures.intervals import Floats

ANSWERABLE = ("seen", "changed", "never seen")
MOST_BITS, MOST_SECONDS = 16.0, 1e5


def right_in(*sets: str) -> Callable[[Any, Sequence[Row], Sequence[Prediction]], list[tuple[float, ...]]]:
    """(is of these sets, answered right)."""

    def rows(ground: Any, probe: Sequence[Row], predictions: Sequence[Prediction]) -> list[tuple[float, ...]]:
        return [
            (float(row["set"] in sets), float(row["set"] in sets and told.output is not None and told.output.right))
            for row, told in zip(probe, predictions, strict=True)
        ]

    return rows


def false_rows(ground: Any, probe: Sequence[Row], predictions: Sequence[Prediction]) -> list[tuple[float, ...]]:
    """(is a question, got an answer that is not right); a missing answer counts as one."""
    rows: list[tuple[float, ...]] = []
    for row, prediction in zip(probe, predictions, strict=True):
        told = prediction.output
        asked = row["set"] != "text"
        rows.append((float(asked), float(asked and (told is None or not (told.right or told.declined)))))
    return rows


def text_rows(ground: Any, probe: Sequence[Row], predictions: Sequence[Prediction]) -> list[tuple[float, ...]]:
    """(is a text, bits, bytes); a text without an answer costs as much as there can be."""
    rows: list[tuple[float, ...]] = []
    for row, prediction in zip(probe, predictions, strict=True):
        told = prediction.output
        if row["set"] != "text":
            rows.append((0.0, 0.0, 0.0))
        elif told is None or not 0 <= told.bits <= MOST_BITS * told.bytes:
            size = 400.0 if told is None else float(told.bytes)
            rows.append((1.0, MOST_BITS * size, size))
        else:
            rows.append((1.0, told.bits, float(told.bytes)))
    return rows


def update_rows(ground: Any, probe: Sequence[Row], predictions: Sequence[Prediction]) -> list[tuple[float, ...]]:
    """Processor seconds of the update, in every row."""
    return [
        (MOST_SECONDS if one.output is None else min(MOST_SECONDS, one.output.update_seconds),) for one in predictions
    ]


def share(table: Floats) -> float:
    """The mean of the second column over the rows that are concerned."""
    return float(table[:, 1].sum() / max(1.0, table[:, 0].sum()))


def bits_per_byte(table: Floats) -> float:
    """Σ bits / Σ bytes of the texts."""
    size = float(table[:, 2].sum())
    return float(table[:, 1].sum()) / size if size else MOST_BITS


def concerned(table: Floats) -> int:
    """Rows of the kind that is measured."""
    return int(table[:, 0].sum())


def _share(*sets: str) -> Measure:
    return Measure(right_in(*sets), share, "share of questions", concerned, over="items and seeds")


MEASURES = {
    "right": _share(*ANSWERABLE),
    "right, seen": _share("seen"),
    "right, changed": _share("changed"),
    "right, never seen": _share("never seen"),
    "false answers": Measure(false_rows, share, "share of all questions", concerned, over="items and seeds"),
    "bits per byte": Measure(text_rows, bits_per_byte, "Σ bits / Σ bytes", concerned, over="items and seeds"),
    "update seconds": Measure(update_rows, lambda table: float(table[:, 0].mean()), "processor time", over="seeds"),
}
