"""The baseline: the tokenizer that is there, byte-level BPE by the most frequent pair of uneven text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from octavo.challenges.response import Prediction, Row
from octavo.challenges.tokenizer_reliance.cut import answers
from octavo.challenges.tokenizer_reliance.ground import Ground
from octavo.challenges.tokenizer_reliance.tiny import train


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """Nothing is learnt anew but the tiny model."""
    tokenizer = ground.baseline
    yield from answers(ground, probe, train(ground, tokenizer, seed))
