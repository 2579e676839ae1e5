"""MeZO: learning from losses alone (Malladi et al. 2023, arXiv:2305.17333), in place, in the memory of inference.

θ ← θ − η·g·z with g = [L(θ+εz) − L(θ−εz)] / 2ε, where z ~ N(0, I) is never kept: it is drawn anew from its seed, a
block at a time. |g| has the size of the gradient's norm (E g² = ‖∇L‖²), so limits on the norm mean what they mean
elsewhere.

Weights are kept on a grid: in each block a power of two, fine enough that its largest weight fills the 24 bits of a
float32. Adding and taking away multiples of it is exact, so θ comes back from θ+εz and θ−εz bit for bit, and a saved
state need not hold the weights: the strides −η·g of all steps lead from the first weights to the same last ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from octavo.model.machine import Machine
from octavo.model.network.shape import Course
from octavo.model.training.method import Method, Rule, Size
from octavo.spine.errors import OctavoError

BLOCK = 1 << 20
"""Weights drawn for at once: z takes 4 MB, twice while a step is made."""
REACH = 8.0
"""No draw is larger: 24 random bits end below six deviations."""
BITS = 24
EPSILON = 1e-3


class MeZO:
    """The rule: two losses a step, three passes over the weights, no gradients and no state but the strides."""

    def __init__(self, model: nn.Module, *, epsilon: float = EPSILON, seed: int = 0) -> None:
        self.epsilon, self.seed, self.steps = epsilon, seed, 0
        self.named = {name: p.detach() for name, p in model.named_parameters() if p.requires_grad}
        for name, weight in self.named.items():
            assert weight.dtype == torch.float32, f"{name} is too coarse to be moved by small steps"
            assert weight.is_contiguous(), f"{name} cannot be changed in place"
        self.blocks = [block for weight in self.named.values() for block in weight.view(-1).split(BLOCK)]
        self.units = [self._fit(block, 0.0) for block in self.blocks]
        self.strides: list[float] = []
        self.gradient = torch.zeros(1, dtype=torch.float64)
        self._away = 0
        """How many εz the weights are away from θ."""

    @torch.no_grad()
    def measure(self, loss_of: Callable[[Any], Tensor], batches: Sequence[Any]) -> float:
        """The mean of the losses on both sides; the weights stay on the far side until `step` or `forget`."""
        assert self._away == 0, "what was measured was neither used nor forgotten"
        self._move(1)
        ahead = sum(float(loss_of(batch)) for batch in batches)
        self._move(-2)
        behind = sum(float(loss_of(batch)) for batch in batches)
        self.gradient[0] = (ahead - behind) / (2 * self.epsilon)
        return (ahead + behind) / 2

    def sums(self) -> list[Tensor]:
        """The gradient along z: one number is all that several ranks tell each other."""
        return [self.gradient]

    def clip(self, limit: float) -> float:
        """Scale the gradient along z to at most `limit`; its size before."""
        norm = abs(float(self.gradient))
        if norm > limit:
            self.gradient.mul_(limit / norm)
        return norm

    def step(self, learning_rate: float) -> None:
        """Back to θ and along z, in one pass."""
        stride = -learning_rate * float(self.gradient)
        self._move(1, stride)
        self.strides.append(stride)
        self.steps += 1

    def forget(self) -> None:
        """Back to θ."""
        self._move(1)

    def rehearse(self) -> None:
        """The work of a step, of length nothing."""
        self._move(1)

    def tensors(self) -> dict[str, Tensor]:
        """The strides, and the exact sum of each block's weights to know them by."""
        return {"strides": torch.tensor(self.strides, dtype=torch.float64), "sums": self._sums()}

    def load(self, tensors: Mapping[str, Tensor], steps: int) -> None:
        """Go all strides again from the first weights: one pass a step and no forward pass."""
        assert self.steps == 0, "strides lead from the first weights"
        self.strides = tensors["strides"].tolist()
        assert len(self.strides) == steps
        for index in range(len(self.blocks)):
            for step, stride in enumerate(self.strides):
                self._shift(index, step, 0, stride)
        self.steps = steps
        if not torch.equal(self._sums(), tensors["sums"]):
            raise OctavoError(
                "T093",
                "The saved steps do not lead to the weights that were saved",
                likely="the model to begin with was changed, or another version of torch draws other random numbers",
                do="remove the scratch folder to begin anew, or go back to what it was begun with",
            )

    def weights(self) -> dict[str, Tensor]:
        """The parameters themselves."""
        return dict(self.named)

    def _move(self, times: int, stride: float = 0.0) -> None:
        """θ + `times`·εz + `stride`·z."""
        for index in range(len(self.blocks)):
            self._shift(index, self.steps, times, stride)
        self._away += times

    @torch.no_grad()
    def _shift(self, index: int, step: int, times: int, stride: float) -> None:
        block, unit = self.blocks[index], self.units[index]
        z = self._draw(step, index)
        # Whole numbers of units: what is added now is taken away exactly later.
        along = (z * (stride / unit)).round_() if stride else None
        z.mul_(self.epsilon / unit).round_().mul_(times)
        block.add_(z if along is None else z.add_(along), alpha=unit)
        if along is not None:
            self.units[index] = self._fit(block, unit)

    def _draw(self, step: int, index: int) -> Tensor:
        block = self.blocks[index]
        chance = torch.Generator(device=block.device).manual_seed(_mixed(self.seed, step, index))
        return torch.randn(block.shape, generator=chance, device=block.device)

    @torch.no_grad()
    def _fit(self, block: Tensor, unit: float) -> float:
        """The block's unit, `unit` if its weights still are within reach of it; else they are put on a coarser grid."""
        most = max(-float(block.min()), float(block.max())) + REACH * self.epsilon if len(block) else 1.0
        if most <= unit * 2**BITS or not math.isfinite(most):
            return unit
        unit = 2.0 ** (math.ceil(math.log2(most)) - BITS)
        block.div_(unit).round_().mul_(unit)
        return unit

    def _sums(self) -> Tensor:
        """Of each block, exact: at most 2²⁰ whole numbers of 24 bits fit a float64 in any order."""
        return torch.stack([block.sum(dtype=torch.float64).cpu() for block in self.blocks])


class ZerothOrder:
    """Any method, learnt by MeZO: full fine-tuning, or only an adapter's parameters. The weights that learn must be
    float32; the model is as the other method prepares it and computes as in inference (no dropout)."""

    def __init__(self, method: Method, *, epsilon: float = EPSILON, seed: int = 0) -> None:
        self.method, self.epsilon, self.seed = method, epsilon, seed
        self.name = f"MeZO, {method.name}"
        self.batches, self.loss = method.batches, method.loss
        self._model: nn.Module | None = None

    def prepare(self) -> nn.Module:
        """The other method's model."""
        self._model = self.method.prepare().eval()
        return self._model

    def rule(self, model: nn.Module, course: Course, machine: Machine) -> Rule:
        """MeZO on what requires gradients."""
        return MeZO(model, epsilon=self.epsilon, seed=self.seed)

    def size(self, model: nn.Module) -> Size:
        """Two forward passes take two thirds of what forward and backward take."""
        size = self.method.size(model)
        return replace(size, flops_per_token=lambda length: size.flops_per_token(length) * 2 / 3)

    def finish(self, weights: Mapping[str, Tensor]) -> nn.Module:
        """The model that was trained, if it is float32 and these are its weights: a second one would take as much
        memory again."""
        own = dict(self._model.named_parameters()) if self._model is not None else {}
        here = all(name in own and own[name].data_ptr() == weight.data_ptr() for name, weight in weights.items())
        if self._model is not None and here and all(p.dtype == torch.float32 for p in own.values()):
            return self._model
        return self.method.finish(weights)

    def digest(self) -> str:
        """Of the data, and of what decides the perturbations."""
        return f"{self.method.digest()} {self.epsilon!r} {self.seed}"


def _mixed(*numbers: int) -> int:
    """One seed from several numbers, unlike for unlike ones (the finalizer of splitmix64 after each)."""
    mixed = 0
    for number in numbers:
        mixed = (mixed + number + 0x9E3779B97F4A7C15) % 2**64
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB % 2**64
        mixed ^= mixed >> 31
    return mixed >> 1
