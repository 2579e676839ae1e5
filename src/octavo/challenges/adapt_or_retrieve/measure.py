"""Measures of adapting and retrieving: what is answered, what is forgotten, what news take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from octavo.challenges.invented import concerned, false_in, right_in, share_of
from octavo.challenges.measure import Measure
from octavo.challenges.response import Prediction, Row
from octavo.measures.intervals import Floats

ANSWERABLE = ("seen", "changed", "never seen")
MOST_BITS, MOST_SECONDS = 16.0, 1e5


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
    """(1, processor seconds of the update), the same in every row."""
    return [
        (1.0, MOST_SECONDS if one.output is None else min(MOST_SECONDS, one.output.update_seconds))
        for one in predictions
    ]


def bits_per_byte(table: Floats) -> float:
    """Σ bits / Σ bytes of the texts."""
    size = float(table[:, 2].sum())
    return float(table[:, 1].sum()) / size if size else MOST_BITS


MEASURES = {
    "right": share_of(right_in(*ANSWERABLE)),
    "right, seen": share_of(right_in("seen")),
    "right, changed": share_of(right_in("changed")),
    "right, never seen": share_of(right_in("never seen")),
    "false answers": share_of(false_in(*ANSWERABLE, "nowhere")),
    "bits per byte": Measure(text_rows, bits_per_byte, "Σ bits / Σ bytes", concerned, over="items and seeds"),
    "update seconds": Measure(update_rows, lambda table: float(table[:, 1].mean()), "processor time", over="seeds"),
}
