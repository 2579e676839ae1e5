"""Response: WordPiece: longest token first, from the left; it holds every byte twice, so fewer places are for words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from octavo.challenges.response import Prediction, Row
from octavo.challenges.tokenizer_reliance.cut import answers
from octavo.challenges.tokenizer_reliance.ground import Ground, anew
from octavo.challenges.tokenizer_reliance.tiny import train


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """The same text and the same size as the baseline."""
    tokenizer = anew(ground, "wordpiece", algorithm="wordpiece")
    yield from answers(ground, probe, train(ground, tokenizer, seed))
