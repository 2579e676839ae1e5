"""Response: of texts that say much the same one stays, by the cosine of their vectors (Abbas et al. 2023)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from octavo.challenges.response import Prediction, Row
from octavo.challenges.unfathomable_data.answering import Curated, respond_by
from octavo.challenges.unfathomable_data.ground import Ground
from octavo.challenges.unfathomable_data.repeated import without_repeats


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """Train on what is left, with the same steps and seeds."""
    return respond_by(curate, ground, probe, seed)


def curate(ground: Ground, scratch: Path, seed: int) -> Curated:
    """The corpus without texts of the same meaning."""
    return Curated(without_repeats(ground.planting.rows, "semantic", scratch))
