"""The baseline: the seed answers from its weights, which never saw the documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from octavo.challenges.adapt_or_retrieve.answering import answers, from_weights
from octavo.challenges.adapt_or_retrieve.ground import Ground
from octavo.challenges.response import Prediction, Row
from octavo.challenges.taught import untaught


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """One prediction a row."""
    yield from answers(ground, probe, lambda: from_weights(untaught(ground.base)))
