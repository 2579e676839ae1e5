"""Response: BPE from text whose languages count as if drawn with p ∝ n^(1/T) (temperature sampling, as for XLM-R)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from octavo.challenges.response import Prediction, Row
from octavo.challenges.tokenizer_reliance.cut import answers
from octavo.challenges.tokenizer_reliance.ground import Ground, anew
from octavo.challenges.tokenizer_reliance.tiny import train


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """Small languages count more while the tokenizer is learnt; the model reads the text as it is."""
    tokenizer = anew(ground, "balanced", groups="language", temperature=3.3)
    yield from answers(ground, probe, train(ground, tokenizer, seed))
