"""Tuning: an adaptation, a base and packed rows as a method that the training loop trains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
import xxhash
from torch import Tensor, nn

from octavo.finetune.adaptation import Adaptation, Reach
from octavo.model.foreign.attention import seeing, use_packed_attention
from octavo.model.foreign.load import open_model
from octavo.model.foreign.packed import split, summed_loss
from octavo.model.machine import Machine
from octavo.model.network.shape import Course
from octavo.model.training.method import Batch, Method, Rule, Size, put_weights
from octavo.model.training.optimizer import Optimizer
from octavo.model.training.packing import Rows, row_order


class Tuning:
    """Learn to continue packed rows by changing a model of transformers in one way.

    What learns has float32 masters; the base is read in the machine's numbers at once, so that a large one is never
    held twice. Nothing is dropped out: the same rows give the same gradients, whenever a run was interrupted.
    """

    def __init__(
        self,
        adaptation: Adaptation,
        base: Path,
        rows: Rows,
        machine: Machine,
        *,
        reach: Reach | None = None,
        batch: int = 8,
        micro: int = 8,
        seed: int = 0,
    ) -> None:
        assert len(rows) > 0, "rows are refused when empty before they come here"
        self.adaptation, self.folder, self.rows, self.machine = adaptation, base, rows, machine
        self.reach = reach or Reach(seed=seed)
        self.name = adaptation.name
        self.batch, self.micro, self.seed = batch, micro, seed
        self._order: tuple[int, Tensor] | None = None
        self._own_attention = False
        self._split: tuple[nn.Module, nn.Module | None] | None = None

    def prepare(self) -> nn.Module:
        """The base with what learns in float32."""
        whole = self.adaptation.whole or self.adaptation.rule == "mezo"
        model = self._attached(torch.float32 if whole else self.machine.dtype)
        self._own_attention = not self.adaptation.virtual and use_packed_attention(self.adaptation.base(model))
        return model

    def _attached(self, dtype: torch.dtype) -> nn.Module:
        base = open_model(self.folder, dtype, bits=self.adaptation.bits).to(self.machine.device)
        self._split = split(base)
        counted = self.rows.sequences[0] >= 0
        return self.adaptation.attach(base, self.reach, self.rows.tokens[0][counted].tolist())

    def rule(self, model: nn.Module, course: Course, machine: Machine) -> Rule:
        """Gradients of what learns, by the course's optimizer; then it computes in the machine's numbers."""
        optimizer = Optimizer(model, course.optimizer, course.weight_decay)
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.data = parameter.data.to(machine.dtype)
        return optimizer

    def size(self, model: nn.Module) -> Size:
        """Of one token: 2 operations a weight forwards, 2 for the way back through it, 2 where it learns."""
        trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
        # A head that shares its weights with the embedding is one parameter, and only the head multiplies with it.
        every = sum(_numbers(parameter) for parameter in model.parameters())
        config = self.adaptation.base(model).config.get_text_config()
        attention = 12 * config.num_hidden_layers * config.hidden_size
        return Size(every, trainable, lambda length: 4.0 * every + 2.0 * trainable + attention * length)

    def finish(self, weights: Mapping[str, Tensor]) -> nn.Module:
        """The model in float32 (a quantised base stays so) with what was learnt."""
        model = self._attached(torch.float32)
        self._own_attention = False
        put_weights(model, weights)
        return model

    def batches(self, step: int) -> Iterator[Batch]:
        """The step's rows, `micro` at a time, in shuffled epochs."""
        chosen = [self._row_at(step * self.batch + i) for i in range(self.batch)]
        for start in range(0, self.batch, self.micro):
            indices = chosen[start : start + self.micro]
            tokens, targets, sequences = (
                torch.from_numpy(array[indices]).long().to(self.machine.device)
                for array in (self.rows.tokens, self.rows.targets, self.rows.sequences)
            )
            yield Batch(tokens, targets, sequences, int((targets >= 0).sum()))

    def _row_at(self, place: int) -> int:
        epoch, within = divmod(place, len(self.rows))
        if self._order is None or self._order[0] != epoch:
            self._order = (epoch, torch.from_numpy(row_order(len(self.rows), self.seed, epoch)))
        return int(self._order[1][within])

    def loss(self, model: Any, batch: Batch, scale: float) -> Tensor:
        """Cross-entropy of the counted targets, each seen from its own sequence only."""
        assert self._split is not None, "prepare comes first"
        trunk, head = self._split
        inputs = self.adaptation.inputs(model, batch)
        if not self._own_attention:
            return summed_loss(trunk, head, batch.targets, scale, **inputs)
        with seeing(batch.sequences, inputs["attention_mask"]):
            return summed_loss(trunk, head, batch.targets, scale, **inputs)

    def digest(self) -> str:
        """Of the rows and their order, the base and what is put into it."""
        said = f"{self.batch} {self.micro} {self.seed} {self.adaptation} {self.reach} {base_digest(self.folder)}"
        digest = xxhash.xxh3_128(said.encode())
        for array in (self.rows.tokens, self.rows.targets, self.rows.sequences):
            digest.update(array.tobytes())
        return digest.hexdigest()


def by_rule(method: Method, adaptation: Adaptation, seed: int) -> Method:
    """The method, learnt as the adaptation says: by gradients, or from losses alone."""
    if adaptation.rule == "gradients":
        return method
    from octavo.model.training.mezo import ZerothOrder

    return ZerothOrder(method, seed=seed)


def base_digest(folder: Path) -> str:
    """Of a model's configuration and weights."""
    from octavo.model.foreign.folder import CONFIG, weight_files

    digest = xxhash.xxh3_128()
    for path in (folder / CONFIG, *weight_files(folder)):
        with path.open("rb") as data:
            while block := data.read(1 << 22):
                digest.update(block)
    return digest.hexdigest()


def _numbers(parameter: nn.Parameter) -> int:
    """How many; those that are kept in 4 bits lie two to a byte."""
    state = getattr(parameter, "quant_state", None)
    return int(torch.Size(state.shape).numel()) if state is not None else parameter.numel()
