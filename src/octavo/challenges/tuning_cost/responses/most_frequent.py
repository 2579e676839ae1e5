"""Response: the most frequent values, whatever the entry says: what a score has to be above to mean anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from octavo.challenges.response import Prediction, Row
from octavo.challenges.tuning_cost.answering import always
from octavo.challenges.tuning_cost.ground import Ground
from octavo.challenges.tuning_cost.tuning import untouched


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """Nothing is learnt; texts are read by the base."""
    yield from always(ground, probe, untouched(ground))
