"""Response: fine-tune as above, then read passages from the index that took in the news."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from octavo.challenges.adapt_or_retrieve.answering import answers, from_passages, tuned
from octavo.challenges.adapt_or_retrieve.ground import Ground
from octavo.challenges.response import Prediction, Row


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """One prediction a row."""
    yield from answers(ground, probe, lambda: from_passages(ground, tuned(ground)))
