"""Response: a small model of one's own judges each candidate by how much likelier one record makes the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from octavo.challenges.entity_alignment.ground import Ground
from octavo.challenges.entity_alignment.told import Decided, answers, by_probability
from octavo.challenges.response import Prediction, Row


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """All candidates judged by likelihood; nothing is generated or sampled."""
    from octavo.knowledge.entities.judge import Likelihood, judged

    judge = Likelihood(ground.checkpoint, tokens=ground.tokens)

    def decide() -> list[Decided]:
        ready = ground.ready
        return by_probability(ground, judged(ready.candidates, ready.left, ready.right, judge))

    yield from answers(ground, probe, decide, flops=lambda: judge.spent.flops)
