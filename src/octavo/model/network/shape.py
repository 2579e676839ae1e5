"""Shape and course: every size of a decoder, and everything that decides its training besides data and machine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DecoderShape:
    """Every size of a decoder; `positions` is the longest sequence it was made for."""

    vocabulary: int
    width: int
    depth: int
    heads: int
    key_heads: int
    head_size: int
    hidden: int
    positions: int
    rope_base: float = 10_000.0
    eps: float = 1e-6

    @property
    def matrix_parameters(self) -> int:
        """Parameters in the blocks' matrices: what a token is multiplied with, the head apart."""
        projections = (2 * self.heads + 2 * self.key_heads) * self.head_size * self.width
        return self.depth * (projections + 3 * self.hidden * self.width)

    @property
    def parameters(self) -> int:
        """All parameters, the tied embedding counted once."""
        norms = self.depth * (2 * self.width + 2 * self.head_size) + self.width
        return self.matrix_parameters + norms + self.vocabulary * self.width

    def flops_per_token(self, length: int) -> float:
        """Multiplications and additions of one training token: 6 per weight, plus attention over all `length`."""
        attention = 12 * self.depth * self.heads * self.head_size * length
        return 6 * (self.matrix_parameters + self.vocabulary * self.width) + attention


@dataclass(frozen=True)
class Course:
    """How long and how fast: everything that decides a training run besides model, data and machine."""

    steps: int
    learning_rate: float
    warmup: int
    decay: int
    """The last steps, in which the learning rate falls to nothing (warm-up, stable, decay)."""
    weight_decay: float = 0.1
    clip: float = 1.0
    optimizer: str = "muon"

    def rate(self, step: int) -> float:
        """Learning rate of a step counted from 0."""
        rising = (step + 1) / self.warmup if step < self.warmup else 1.0
        falling = (self.steps - step) / (self.decay + 1) if step >= self.steps - self.decay else 1.0
        return self.learning_rate * min(rising, falling)
