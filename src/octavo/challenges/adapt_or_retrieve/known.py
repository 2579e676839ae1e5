"""Known answers: what a system that knows everything for nothing would give to the probe, and one that ruins all."""

from __future__ import annotations

from collections.abc import Sequence

from octavo.challenges.adapt_or_retrieve.answering import Told
from octavo.challenges.response import Prediction, Row


def good(probe: Sequence[Row]) -> list[Prediction]:
    """All right, declined where nothing is known, nothing forgotten, current at once."""
    return [
        Prediction(row["id"], Told(True, row["set"] == "nowhere", bits=400.0, bytes=400, update_seconds=0.01))
        for row in probe
    ]


def bad(probe: Sequence[Row]) -> list[Prediction]:
    """All wrong, nothing declined, texts worse than guessed, an hour for the news."""
    return [Prediction(row["id"], Told(bits=12.0 * 400, bytes=400, update_seconds=3600.0)) for row in probe]
