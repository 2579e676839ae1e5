"""Ranks: the processes that train one model together, and what each of them has of a step.

A step has the same rows in the same order whatever the number of ranks; each rank computes a share of them, and what
the update needs is summed over all in float32. Weights, the guard's decisions and the saved state are the same on all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import torch
import torch.distributed as dist
from torch import Tensor

from octavo.spine.errors import OctavoError

Sharding = Literal["none", "optimizer", "fsdp"]


@dataclass(frozen=True)
class Ranks:
    """This process among `count`. Its process group must have been begun when there are several.

    `sharding` says what is cut over the ranks instead of being held by each: nothing, the float32 weights with the
    optimizer's state, or these and the weights that compute (FSDP2).
    """

    rank: int = 0
    count: int = 1
    sharding: Sharding = "none"
    threads: int = 0
    """Of this process; 0: all that it may use."""

    @property
    def first(self) -> bool:
        """Whether this process is the one that saves and tells."""
        return self.rank == 0

    def share(self, batches: Sequence[Any], step: int) -> list[Any]:
        """This rank's part of a step's batches: every so many-th batch if that comes out even, else rows of each.

        A rank for which no row is left computes one without targets: with weights cut over the ranks all of them
        must go the same way. What is left to chance in a step (dropout) follows from the step and the rank.
        """
        if self.count == 1:
            return list(batches)
        torch.manual_seed(step * self.count + self.rank)
        if len(batches) % self.count == 0:
            return list(batches[self.rank :: self.count])
        return [_rows(batch, self.rank, self.count) for batch in batches]

    def total(self, value: float) -> float:
        """The sum of a number over the ranks, in float64, the same on each."""
        if self.count == 1:
            return value
        sum_ = torch.tensor([value], dtype=torch.float64)
        dist.all_reduce(sum_)
        return float(sum_)

    def agree(self, decision: bool) -> bool:
        """What the first rank decided; for what follows from a clock."""
        if self.count == 1:
            return decision
        told = torch.tensor([decision])
        dist.broadcast(told, 0)
        return bool(told)

    def check_same(self, state: str) -> None:
        """Refuse to begin when the ranks do not begin from the same."""
        if self.count == 1:
            return
        states: list[str] = [""] * self.count
        dist.all_gather_object(states, state)
        for rank, other in enumerate(states):
            if other != states[0]:
                raise OctavoError(
                    "T091",
                    f"The processes of the training begin from different states (0 and {rank})",
                    where=f"{states[0]}, and {other}",
                    likely="they run on several machines that do not share the project's folder, or with other "
                    "versions or settings",
                    do="put the project on a folder that all machines share, and install the same on each",
                )


ALONE = Ranks()
"""One process that trains by itself."""


def _rows(batch: Any, rank: int, count: int) -> Any:
    """Every `count`-th row of a batch, whatever tensors it holds."""
    size = len(batch.tokens)
    cut: dict[str, Any] = {}
    for field in fields(batch):
        value = getattr(batch, field.name)
        if isinstance(value, Tensor) and value.ndim and len(value) == size:
            cut[field.name] = value[rank::count] if rank < size else value[:1]
    if rank >= size:
        cut["targets"] = torch.full_like(cut["targets"], -1)
    return replace(batch, **cut, counted=int((cut["targets"] >= 0).sum()))
