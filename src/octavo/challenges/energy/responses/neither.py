"""Response: the seed gets the question alone, and has nothing to read; it declines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from octavo.challenges.chronicle import Statement
from octavo.challenges.energy.answering import answers
from octavo.challenges.energy.ground import Ground
from octavo.challenges.response import Prediction, Row


class Silent:
    """Takes in nothing."""

    def take(self, news: Sequence[Statement]) -> float:
        """Nothing."""
        return 0.0

    def answer(self, question: str) -> tuple[str, float]:
        """None."""
        return "", 0.0


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """One prediction a row."""
    yield from answers(ground, probe, Silent())
