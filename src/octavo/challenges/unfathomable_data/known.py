"""Known answers: what a flawless curation and what none at all would give to the probe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from octavo.challenges.response import Prediction, Row
from octavo.challenges.unfathomable_data import made

CHANCE = 1.2
"""Bits of exposure that a value has whose rank among 16 is chance."""


def good(probe: Sequence[Row]) -> list[Prediction]:
    """One of each pair, none of the repeats, all that is different, nothing known of anybody, right labels."""
    return [Prediction(row["id"], _good(row)) for row in probe]


def bad(probe: Sequence[Row]) -> list[Prediction]:
    """Everything repeated is left, what is different is gone, planted people and items are known, labels are wrong."""
    return [Prediction(row["id"], _bad(row)) for row in probe]


def _good(row: Row) -> Any:
    match row["set"]:
        case "different":
            return 1.0
        case "person":
            return CHANCE
        case "item":
            return 1.0
        case "unseen":
            return 100.0, 400
        case "label":
            return made.review(row["number"])[1]
        case _:
            return 0.0


def _bad(row: Row) -> Any:
    match row["set"]:
        case "different":
            return 0.0
        case "person":
            return 4.0 if row["planted"] else CHANCE
        case "item":
            return float(row["planted"])
        case "unseen":
            return 3000.0, 400
        case "label":
            return next(label for label in made.LABELS if label != made.review(row["number"])[1])
        case _:
            return 1.0
