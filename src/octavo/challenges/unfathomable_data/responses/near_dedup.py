"""Response: of nearly equal texts one stays, found by MinHash and then compared (Broder 1997)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from octavo.challenges.response import Prediction, Row
from octavo.challenges.unfathomable_data.answering import Curated, respond_by
from octavo.challenges.unfathomable_data.ground import Ground
from octavo.challenges.unfathomable_data.repeated import without_duplicates


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """Train on what is left, with the same steps and seeds."""
    return respond_by(curate, ground, probe, seed)


def curate(ground: Ground, scratch: Path, seed: int) -> Curated:
    """The corpus without exact and near duplicates."""
    return Curated(without_duplicates(ground.planting.rows, ("exact", "near"), scratch))
