"""Response: personal data is replaced by marks such as `[EMAIL]`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from octavo.challenges.response import Prediction, Row
from octavo.challenges.unfathomable_data.answering import Curated, respond_by
from octavo.challenges.unfathomable_data.ground import Ground
from octavo.kinds.records import Row as Record


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """Train on what is left, with the same steps and seeds."""
    return respond_by(curate, ground, probe, seed)


def curate(ground: Ground, scratch: Path, seed: int) -> Curated:
    """The corpus with marks in the place of what points to one person."""
    return Curated(redacted(ground.planting.rows))


def redacted(rows: Sequence[Record]) -> list[Record]:
    """The rows with marks."""
    from octavo.data.personal.replace import replace

    return [{**row, "text": replace(row["text"]).text} for row in rows]
