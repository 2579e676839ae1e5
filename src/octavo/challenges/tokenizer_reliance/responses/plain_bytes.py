"""Response: no tokenizer: every byte is a token (ByT5, CANINE: Xue et al. 2022, Clark et al. 2022)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from octavo.challenges.response import Prediction, Row
from octavo.challenges.tokenizer_reliance.cut import answers
from octavo.challenges.tokenizer_reliance.ground import Ground, anew
from octavo.challenges.tokenizer_reliance.tiny import train


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """Nothing is learnt; the sequences are as long as the texts have bytes, which the FLOPs have to pay for."""
    tokenizer = anew(ground, "bytes", algorithm="bytes")
    yield from answers(ground, probe, train(ground, tokenizer, seed))
