"""Onward: how a model that has learnt already goes on with the project's documents, each value with its reason."""

from __future__ import annotations

from dataclasses import dataclass, replace

from octavo.model.network.dial import FEWEST_STEPS, MOST_EPOCHS, affordable, learning_rate
from octavo.model.network.shape import Course, DecoderShape

ROWS = 16
LONGEST_ROW = 256
RATE_SHARE = 1.0
"""Of the rate for a model from nothing. Measured with a base of width 256 that had hardly read such text: after 205,000
tokens 2.30 bits per byte on held-out documents at the whole rate and 2.51 at half of it, from 4.72."""


@dataclass(frozen=True)
class Onward:
    """The training of a model that exists: its shape is given, the rest is computed from it."""

    base: str
    shape: DecoderShape
    tokens: int
    sequence: int
    batch: int
    """Rows of `sequence` tokens a step."""
    learning_rate: float
    weight_decay: float = 0.1
    warmup_share: float = 0.05
    decay_share: float = 0.5

    @property
    def size(self) -> str:
        """For the summary: the base decides it."""
        return self.base

    @property
    def micro(self) -> int:
        """Rows computed at once: about 4,096 tokens keep activations in the cache of a CPU."""
        return max(1, min(self.batch, 4096 // self.sequence))

    def fitted(self, available: int) -> Onward:
        """For so many tokens of text: little text gets smaller steps at a lower rate, so that there are some twenty
        and nothing is read more than four times."""
        rows = MOST_EPOCHS * available // (FEWEST_STEPS * self.sequence)
        batch = max(1, min(self.batch, rows))
        return replace(self, batch=batch, learning_rate=self.learning_rate * (batch / self.batch) ** 0.5)

    def course(self, available: int, *, steps: int = 0) -> Course:
        """The steps for `available` tokens of text: the budget, but at most four times through the text."""
        budget = min(self.tokens, MOST_EPOCHS * available)
        steps = steps or max(1, budget // (self.batch * self.sequence))
        return Course(
            steps=steps,
            learning_rate=self.learning_rate,
            warmup=max(1, round(self.warmup_share * steps)),
            decay=round(self.decay_share * steps),
            weight_decay=self.weight_decay,
        )

    def derivation(self) -> tuple[str, ...]:
        """Every value with its reason, a line each."""
        return (
            f"base           {self.base}: {self.shape.parameters:,} parameters; vocabulary and shape are its own",
            f"sequence       {self.sequence} tokens a row: most documents are shorter",
            f"batch          {self.batch} rows = {self.batch * self.sequence:,} tokens a step, {self.micro} at once",
            f"tokens         {self.tokens:,}: about the time that the size small takes from nothing, at most "
            f"{MOST_EPOCHS} times through the text",
            f"learning rate  {self.learning_rate:.4g}: as for its width from nothing (measured on a base that had "
            "hardly read such text); it falls with the root of the batch",
            f"weight decay   {self.weight_decay:.4g}",
            f"schedule       {self.warmup_share:.0%} warm-up, stable, the last {self.decay_share:.0%} falling to zero",
        )


def onward(base: str, shape: DecoderShape) -> Onward:
    """The training that goes on from a base of this shape."""
    sequence = min(LONGEST_ROW, shape.positions)
    return Onward(
        base=base,
        shape=shape,
        tokens=affordable(shape, sequence),
        sequence=sequence,
        batch=ROWS,
        learning_rate=RATE_SHARE * learning_rate(shape.width),
    )
