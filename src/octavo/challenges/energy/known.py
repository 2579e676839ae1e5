"""Known answers: what a thrifty system that knows everything would give to the probe, and one that burns it."""

from __future__ import annotations

from collections.abc import Sequence

from octavo.challenges.energy.answering import Cost, Told
from octavo.challenges.response import Prediction, Row


def good(probe: Sequence[Row]) -> list[Prediction]:
    """Right or declined, for hardly anything."""
    little = ((100, Cost(0.01, 1e6)),)
    return [
        Prediction(
            row["id"],
            Told(row["set"] != "never seen", row["set"] == "never seen", Cost(0.001, 1e6), little, len(probe)),
        )
        for row in probe
    ]


def bad(probe: Sequence[Row]) -> list[Prediction]:
    """Wrong at any price."""
    return [Prediction(row["id"], Told(False, False, Cost(100.0, 1e14), ((100, Cost(1e4, 1e16)),))) for row in probe]
