"""Shape and course: every size of a decoder, and everything that decides its training besides data and machine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DecoderShape:
    """Every size of a decoder; `positions` is the longest sequence it was made for.

    As given it is a Qwen3; with `experts` a Qwen3-MoE, without `qk_norm` a Llama.
    """

    vocabulary: int
    width: int
    depth: int
    heads: int
    key_heads: int
    head_size: int
    hidden: int
    """Of the SwiGLU, or of each expert."""
    positions: int
    rope_base: float = 10_000.0
    eps: float = 1e-6
    qk_norm: bool = True
    """Whether queries and keys are normed in each head (Qwen3) or not (Llama)."""
    tied: bool = True
    """Whether the head is the embedding or a matrix of its own."""
    experts: int = 0
    """How many experts a block has; 0: one dense SwiGLU."""
    active: int = 0
    """How many experts a token is sent to."""
    shares_sum_to_one: bool = True
    """Whether the router's probabilities of the active experts are scaled to a sum of 1."""
    balance: float = 0.001
    """How much the unevenness of the experts' use adds to the loss (see `octavo.model.network.experts.balance`)."""

    @property
    def matrix_parameters(self) -> int:
        """Parameters in the blocks' matrices: what a token is multiplied with (of experts the active), no head."""
        projections = (2 * self.heads + 2 * self.key_heads) * self.head_size * self.width
        mlp = 3 * max(1, self.active) * self.hidden * self.width
        return self.depth * (projections + mlp + self.experts * self.width)

    @property
    def parameters(self) -> int:
        """All parameters, a tied embedding counted once."""
        norms = self.depth * (2 * self.width + 2 * self.head_size * self.qk_norm) + self.width
        idle = self.depth * 3 * (self.experts - self.active) * self.hidden * self.width
        return self.matrix_parameters + idle + norms + (1 if self.tied else 2) * self.vocabulary * self.width

    @property
    def active_parameters(self) -> int:
        """Without those of the experts that a token is not sent to."""
        return self.parameters - self.depth * 3 * (self.experts - self.active) * self.hidden * self.width

    def flops_per_token(self, length: int) -> float:
        """Multiplications and additions of one training token: 6 per weight that it is multiplied with (of experts
        the active), plus attention over all `length`."""
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
