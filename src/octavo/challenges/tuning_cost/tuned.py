"""Tuned: a tuned model, and what that took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

    from octavo.finetune.adaptation import Adaptation


@dataclass(frozen=True)
class Try:
    """A learning rate that was tried: for how many steps, and the loss of a record's token on entries kept apart."""

    rate: float
    steps: int
    loss: float


@dataclass(frozen=True)
class Spent:
    """What a tuning took. Memory is that of tensors in one step, size that of what is written beside the base."""

    trainable: float
    """Share of the parameters that learn."""
    memory: int
    """Bytes."""
    seconds: float
    """Of all cores together, search and training."""
    size: int
    """Bytes."""
    flops: float = 0.0
    steps: int = 0
    rate: float = 0.0
    search: float = 0.0
    """Share of the FLOPs that losing rates took."""
    tries: tuple[Try, ...] = ()


@dataclass(frozen=True)
class Tuned:
    """A tuned model and what that took."""

    adaptation: Adaptation
    model: nn.Module
    spent: Spent
