"""Response: all weights learn each statement when it comes; the answer comes from the weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from octavo.challenges.energy.answering import Answer, answers, dated
from octavo.challenges.energy.ground import Ground
from octavo.challenges.response import Prediction, Row
from octavo.challenges.taught import recited, teach, untaught

ROUNDS = 3
"""The stream comes in so many deliveries, each of which is learnt together with as many tokens for each statement."""


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """One prediction a row."""
    base = untaught(ground.base)

    def take_in() -> tuple[Answer, float]:
        taught, each = base, -(-len(ground.stream) // ROUNDS)
        for start in range(0, len(ground.stream), each):
            news = ground.stream[start : start + each]
            asked = [(question, one.value) for one in news for question in one.others]
            tokens = ground.scale.tokens * len(news)
            taught = teach(
                taught, [dated(one) for one in news], asked, tokens=tokens, seed=seed + start, scratch=ground.scratch
            )
        return lambda question: recited(taught, [question])[0], taught.flops

    yield from answers(ground, probe, take_in)
