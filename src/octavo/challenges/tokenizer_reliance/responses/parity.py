"""Response: BPE whose next merge is for the language that is worst off on parallel sentences (Foroutan et al. 2025)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from octavo.challenges.response import Prediction, Row
from octavo.challenges.tokenizer_reliance.cut import answers
from octavo.challenges.tokenizer_reliance.ground import Ground, anew
from octavo.challenges.tokenizer_reliance.tiny import train


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """It needs a few parallel sentences; those of the ground are not in the probe."""
    tokenizer = anew(ground, "parity", algorithm="parity", groups="language", unit="records")
    yield from answers(ground, probe, train(ground, tokenizer, seed))
