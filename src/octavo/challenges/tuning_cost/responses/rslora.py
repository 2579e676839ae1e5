"""Response: rsLoRA (Kalajdzievski 2023): LoRA scaled by α/√r, so that a high rank is not held back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from octavo.challenges.response import Prediction, Row
from octavo.challenges.tuning_cost.answering import answers
from octavo.challenges.tuning_cost.ground import Ground
from octavo.challenges.tuning_cost.tuning import tune


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """The base tuned so, at the best of its learning rates."""
    yield from answers(ground, probe, lambda: tune(ground, "rslora"))
