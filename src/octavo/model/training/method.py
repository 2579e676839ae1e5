"""Method: what a training run learns, apart from how: the model, its batches, the loss and what is saved of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
import xxhash
from torch import Tensor

from octavo.model.network.decoder import Decoder, document_bias
from octavo.model.training.packing import Rows, row_order


@dataclass(frozen=True)
class Batch:
    """Some packed rows as tensors, (B, T) each; `counted` is how many targets give loss."""

    tokens: Tensor
    targets: Tensor
    sequences: Tensor
    counted: int


class Method(Protocol):
    """The loop in `octavo.model.training.loop` trains whatever fits this."""

    name: str

    def prepare(self) -> Decoder:
        """The model to begin with, in float32."""
        ...

    def batches(self, step: int) -> Iterator[Batch]:
        """The batches whose gradients make up a step; a function of `step` alone, so that any step can be repeated."""
        ...

    def loss(self, model: Decoder, batch: Batch, scale: float) -> Tensor:
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
                torch.from_numpy(array[indices]).long().to(self.device)
                for array in (self.rows.tokens, self.rows.targets, self.rows.sequences)
            )
            yield Batch(tokens, targets, sequences, int((targets >= 0).sum()))

    def loss(self, model: Decoder, batch: Batch, scale: float) -> Tensor:
        """Cross-entropy of the counted targets, each seen from its own sequence only."""
        return model.loss(batch.tokens, batch.targets, document_bias(batch.sequences, model.embedding), scale)

    def digest(self) -> str:
        """Of the rows and their order."""
        digest = xxhash.xxh3_128(f"{self.batch} {self.micro} {self.seed}".encode())
        for array in (self.rows.tokens, self.rows.targets, self.rows.sequences):
            digest.update(array.tobytes())
        return digest.hexdigest()
