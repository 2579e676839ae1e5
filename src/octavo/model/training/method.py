"""Method: what a training run learns, apart from how: the model, its batches, the loss and what is saved of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
import xxhash
from torch import Tensor, nn

from octavo.model.machine import Machine
from octavo.model.network.attention import document_sight
from octavo.model.network.decoder import Decoder
from octavo.model.network.shape import Course
from octavo.model.training.optimizer import Optimizer
from octavo.model.training.packing import Rows, row_order


@dataclass(frozen=True)
class Batch:
    """Some packed rows as tensors, (B, T) each; `counted` is how many targets give loss."""

    tokens: Tensor
    targets: Tensor
    sequences: Tensor
    counted: int


@dataclass(frozen=True)
class Size:
    """What a forecast and a summary need to know of a model."""

    parameters: int
    trainable: int
    flops_per_token: Callable[[int], float]
    """Of one training token in rows of so many tokens."""


class Rule(Protocol):
    """How losses become new weights: by gradients (`octavo.model.training.optimizer`) or without them."""

    steps: int
    """How many updates were made."""

    def measure(self, loss_of: Callable[[Batch], Tensor], batches: Sequence[Batch]) -> float:
        """The loss of a step, summed over its batches; what the update needs is kept."""
        ...

    def sums(self) -> list[Tensor]:
        """What was measured, as tensors that several ranks add up in place."""
        ...

    def clip(self, limit: float) -> float:
        """Scale the update so that its norm is at most `limit`; the norm before."""
        ...

    def step(self, learning_rate: float) -> None:
        """Change the weights by what was measured."""
        ...

    def forget(self) -> None:
        """Drop what was measured without a step."""
        ...

    def rehearse(self) -> None:
        """Do the work of a step without its effect, so that its time can be measured."""
        ...

    def tensors(self) -> dict[str, Tensor]:
        """The exact state, by name."""
        ...

    def load(self, tensors: Mapping[str, Tensor], steps: int) -> None:
        """Go on from an exact state."""
        ...

    def weights(self) -> dict[str, Tensor]:
        """What is learnt: every trainable parameter in float32, by its name."""
        ...


class Method(Protocol):
    """The loop in `octavo.model.training.loop` trains whatever fits this."""

    name: str

    def prepare(self) -> nn.Module:
        """The model to begin with, in float32; what must not learn does not require gradients."""
        ...

    def rule(self, model: nn.Module, course: Course, machine: Machine) -> Rule:
        """What updates the model; turns its weights into the numbers that the machine computes with."""
        ...

    def size(self, model: nn.Module) -> Size:
        """Parameters and operations of the model."""
        ...

    def finish(self, weights: Mapping[str, Tensor]) -> nn.Module:
        """The trained model in float32, from what was learnt."""
        ...

    def batches(self, step: int) -> Iterator[Batch]:
        """The batches whose gradients make up a step; a function of `step` alone, so that any step can be repeated."""
        ...

    def loss(self, model: nn.Module, batch: Batch, scale: float) -> Tensor:
        """`scale` times the summed loss of the batch."""
        ...

    def digest(self) -> str:
        """Names the data, so that a saved state is only taken up for the same."""
        ...


class NextToken:
    """Learn to continue packed sequences: pretraining on all tokens, instructions on the tokens marked as targets."""

    name = "next token"

    def __init__(
        self, begin: Callable[[], Decoder], rows: Rows, *, batch: int, micro: int, seed: int, device: str = "cpu"
    ) -> None:
        assert len(rows) > 0, "a stage refuses a corpus without a token before it comes here"
        self.prepare = begin
        self.rows, self.batch, self.micro, self.seed, self.device = rows, batch, micro, seed, device
        self._order: tuple[int, Tensor] | None = None

    def rule(self, model: Decoder, course: Course, machine: Machine) -> Rule:
        """Gradients by the course's optimizer; float32 masters behind weights in the machine's numbers."""
        optimizer = Optimizer(model, course.optimizer, course.weight_decay)
        model.to(machine.dtype)
        return optimizer

    def size(self, model: Decoder) -> Size:
        """As the shape says; everything learns."""
        shape = model.shape
        return Size(shape.parameters, shape.parameters, shape.flops_per_token)

    def finish(self, weights: Mapping[str, Tensor]) -> Decoder:
        """The decoder with the weights that were learnt."""
        model = self.prepare()
        put_weights(model, weights)
        return model

    def row_at(self, place: int) -> int:
        """The row at a place in the endless sequence of shuffled epochs."""
        epoch, within = divmod(place, len(self.rows))
        if self._order is None or self._order[0] != epoch:
            self._order = (epoch, torch.from_numpy(row_order(len(self.rows), self.seed, epoch)))
        return int(self._order[1][within])

    def batches(self, step: int) -> Iterator[Batch]:
        """The step's rows, `micro` at a time."""
        chosen = [self.row_at(step * self.batch + i) for i in range(self.batch)]
        for start in range(0, self.batch, self.micro):
            indices = chosen[start : start + self.micro]
            tokens, targets, sequences = (
                torch.from_numpy(array[indices]).long()
                for array in (self.rows.tokens, self.rows.targets, self.rows.sequences)
            )
            counted = int((targets >= 0).sum())
            tokens, targets, sequences = (_carried(part, self.device) for part in (tokens, targets, sequences))
            yield Batch(tokens, targets, sequences, counted)

    def loss(self, model: Decoder, batch: Batch, scale: float) -> Tensor:
        """Cross-entropy of the counted targets, each seen from its own sequence only."""
        return model.loss(batch.tokens, batch.targets, document_sight(batch.sequences, model.embedding), scale)

    def digest(self) -> str:
        """Of the rows and their order."""
        digest = xxhash.xxh3_128(f"{self.batch} {self.micro} {self.seed}".encode())
        for array in (self.rows.tokens, self.rows.targets, self.rows.sequences):
            digest.update(array.tobytes())
        return digest.hexdigest()


def _carried(tensor: Tensor, device: str) -> Tensor:
    """On the device; a GPU fetches it from pinned memory while it computes."""
    return tensor.pin_memory().to(device, non_blocking=True) if device == "cuda" else tensor


@torch.no_grad()
def put_weights(model: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Copy weights into the parameters of these names; every name must be there."""
    own = dict(model.named_parameters())
    for name, weight in weights.items():
        own[name].copy_(weight)
