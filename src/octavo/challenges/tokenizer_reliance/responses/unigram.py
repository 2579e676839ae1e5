"""Response: a unigram model, whose pieces are pruned from many by likelihood (Kudo 2018), cut by the best path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from octavo.challenges.response import Prediction, Row
from octavo.challenges.tokenizer_reliance.cut import answers
from octavo.challenges.tokenizer_reliance.ground import Ground, anew
from octavo.challenges.tokenizer_reliance.tiny import train


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """The same text and the same size as the baseline."""
    tokenizer = anew(ground, "unigram", algorithm="unigram")
    yield from answers(ground, probe, train(ground, tokenizer, seed))
