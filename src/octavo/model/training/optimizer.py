"""Optimizer: AdamW for vectors and embeddings, Muon for matrices, on float32 master weights kept flat."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from octavo.model.training.room import refuse_without_room

POLAR_EXPRESS = (
    (8.156554524902461, -22.48329292557795, 15.878769915207462),
    (4.042929935166739, -2.808917465908714, 0.5000178451051316),
    (3.8916678022926607, -2.772484153217685, 0.5060648178503393),
    (3.285753657755655, -2.3681294933425376, 0.46449024233003106),
    (2.3465413258596377, -1.7097828382687081, 0.42323551169305323),
)
"""Coefficients of five polynomials that bring all singular values to about 1 (Amsel et al. 2025, arXiv:2505.16932)."""

ADAM_BETAS = (0.9, 0.95)
MUON_MOMENTUM = 0.95


class Group:
    """Some parameters with their master weights and gradients side by side in one float32 vector each.

    One vector instead of a tensor per parameter: norms, clipping and updates are then one pass over memory.
    """

    def __init__(self, named: list[tuple[str, nn.Parameter]], decay: float) -> None:
        self.names = [name for name, _ in named]
        self.parameters = [parameter for _, parameter in named]
        self.decay = decay
        self.weight = torch.cat([p.detach().float().flatten() for p in self.parameters])
        self.grad = torch.zeros_like(self.weight)
        sizes = [p.numel() for p in self.parameters]
        self.weights = [w.view_as(p) for w, p in zip(self.weight.split(sizes), self.parameters, strict=True)]
        self.grads = [g.view_as(p) for g, p in zip(self.grad.split(sizes), self.parameters, strict=True)]

    def collect(self) -> None:
        """Add the gradients of the computing weights to the masters' and forget them."""
        for grad, parameter in zip(self.grads, self.parameters, strict=True):
            if parameter.grad is not None:
                grad.add_(parameter.grad)
                parameter.grad = None

    def publish(self) -> None:
        """Round the master weights into the weights that compute."""
        with torch.no_grad():
            for weight, parameter in zip(self.weights, self.parameters, strict=True):
                parameter.copy_(weight)


class AdamW(Group):
    """Loshchilov & Hutter 2019, with torch's fused update."""

    KEPT = 2
    """Numbers a parameter beside weight and gradient."""

    def __init__(self, named: list[tuple[str, nn.Parameter]], decay: float) -> None:
        super().__init__(named, decay)
        self.first, self.second = torch.zeros_like(self.weight), torch.zeros_like(self.weight)

    def update(self, learning_rate: float, step: int) -> None:
        """One step down `grad`; `step` counts from 1."""
        torch._fused_adamw_(
            [self.weight],
            [self.grad],
            [self.first],
            [self.second],
            [],
            [torch.tensor(float(step), device=self.weight.device)],
            lr=learning_rate,
            beta1=ADAM_BETAS[0],
            beta2=ADAM_BETAS[1],
            weight_decay=self.decay,
            eps=1e-8,
            amsgrad=False,
            maximize=False,
        )

    def tensors(self) -> dict[str, Tensor]:
        """What must be saved to go on exactly."""
        return {"weight": self.weight, "first": self.first, "second": self.second}


class Muon(Group):
    """Momentum whose matrix is replaced by the nearest orthogonal one (Jordan 2024), scaled so that an update is as
    large as AdamW's (Liu et al. 2025, arXiv:2502.16982: 0.2 · √max(rows, columns)); one learning rate serves both."""

    KEPT = 1
    """Numbers a parameter beside weight and gradient."""

    def __init__(self, named: list[tuple[str, nn.Parameter]], decay: float) -> None:
        super().__init__(named, decay)
        self.momentum = torch.zeros_like(self.weight)
        self._momenta = [
            m.view_as(p)
            for m, p in zip(self.momentum.split([p.numel() for p in self.parameters]), self.parameters, strict=True)
        ]

    def update(self, learning_rate: float, step: int) -> None:
        """One step; matrices of equal shape are made orthogonal together."""
        self.momentum.lerp_(self.grad, 1 - MUON_MOMENTUM)
        self.weight.mul_(1 - learning_rate * self.decay)
        alike: dict[tuple[int, ...], list[int]] = {}
        for index, weight in enumerate(self.weights):
            alike.setdefault(tuple(weight.shape), []).append(index)
        for (*_, rows, columns), indices in alike.items():
            # Nesterov: look one step of momentum ahead. In a stack of experts each has a matrix of its own.
            ahead = torch.stack([self.grads[i].lerp(self._momenta[i], MUON_MOMENTUM) for i in indices])
            scale = 0.2 * max(rows, columns) ** 0.5 * learning_rate
            for i, update in zip(indices, orthogonal(ahead.flatten(0, -3)).view_as(ahead), strict=True):
                self.weights[i].sub_(update, alpha=scale)

    def tensors(self) -> dict[str, Tensor]:
        """What must be saved to go on exactly."""
        return {"weight": self.weight, "momentum": self.momentum}


def orthogonal(matrices: Tensor) -> Tensor:
    """The nearest (semi-)orthogonal matrix of each of a stack (n, rows, columns), up to about 10 % in the singular
    values: five polynomial steps in bfloat16 where a processor has it."""
    x = matrices.bfloat16() if _fast_bfloat16(matrices) else matrices
    tall = x.shape[-2] > x.shape[-1]
    if tall:
        x = x.transpose(1, 2)
    x = x / (x.float().norm(dim=(1, 2), keepdim=True) * 1.01 + 1e-7).to(x.dtype)
    for a, b, c in POLAR_EXPRESS:
        square = x @ x.transpose(1, 2)
        x = a * x + torch.baddbmm(square, square, square, beta=b, alpha=c) @ x
    return (x.transpose(1, 2) if tall else x).float()


def _fast_bfloat16(tensor: Tensor) -> bool:
    return tensor.is_cuda or torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


class Optimizer:
    """All parameters in groups: matrices of the blocks by `kind`, the rest by AdamW, vectors without decay."""

    def __init__(self, model: nn.Module, kind: str, decay: float) -> None:
        matrices, embeddings, vectors = [], [], []
        tables = _tables(model)
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                home = vectors if parameter.ndim == 1 else embeddings if name in tables else matrices
                home.append((name, parameter))
        inner = {"adamw": AdamW, "muon": Muon}[kind]
        groups: dict[str, tuple[type[AdamW | Muon], list[tuple[str, nn.Parameter]], float]] = {
            "matrices": (inner, matrices, decay),
            "embeddings": (AdamW, embeddings, decay),
            "vectors": (AdamW, vectors, 0.0),
        }
        # Masters and gradients, and what the group keeps beside them: 4 bytes a number.
        sizes = (sum(p.numel() for _, p in named) * (8 + 4 * make.KEPT) for make, named, _ in groups.values())
        refuse_without_room(sum(sizes), "the state of the optimizer", next(model.parameters()).device.type)
        self.groups = {name: make(named, rate) for name, (make, named, rate) in groups.items() if named}
        self.steps = 0

    def measure(self, loss_of: Callable[[Any], Tensor], batches: Sequence[Any]) -> float:
        """The summed loss, by one backward pass a batch."""
        losses = []
        for batch in batches:
            loss = loss_of(batch)
            loss.backward()
            self.collect()
            losses.append(loss.detach())
        # Read at the end: on a GPU reading waits.
        return sum(float(loss) for loss in losses)

    def collect(self) -> None:
        """Take over the gradients of one backward pass, summed in float32."""
        for group in self.groups.values():
            group.collect()

    def sums(self) -> list[Tensor]:
        """The gradients, a vector a group, which several ranks add up in place."""
        return [group.grad for group in self.groups.values()]

    def clip(self, limit: float) -> float:
        """Scale all gradients so that their joint norm is at most `limit`; returns the norm before."""
        norm = float(torch.stack([group.grad.norm() for group in self.groups.values()]).norm())
        if norm > limit:
            for group in self.groups.values():
                group.grad.mul_(limit / norm)
        return norm

    def forget(self) -> None:
        """Set the gradients to zero."""
        for group in self.groups.values():
            group.grad.zero_()

    def step(self, learning_rate: float) -> None:
        """Update the master weights, publish them, forget the gradients."""
        self.steps += 1
        for group in self.groups.values():
            group.update(learning_rate, self.steps)
            group.publish()
        self.forget()

    def rehearse(self) -> None:
        """Do the work of a step without its effect, so that its time can be measured."""
        before = {name: tensor.clone() for name, tensor in self.tensors().items()}
        self.step(0.0)
        self.load(before, self.steps - 1)

    def tensors(self) -> dict[str, Tensor]:
        """The exact state, by name."""
        return {f"{g}.{name}": tensor for g, group in self.groups.items() for name, tensor in group.tensors().items()}

    def load(self, tensors: Mapping[str, Tensor], steps: int) -> None:
        """Go on from an exact state."""
        for name, tensor in self.tensors().items():
            tensor.copy_(tensors[name])
        for group in self.groups.values():
            group.publish()
        self.steps = steps

    def weights(self) -> dict[str, Tensor]:
        """Every trainable parameter's float32 weight, by the parameter's name."""
        return {
            name: weight
            for group in self.groups.values()
            for name, weight in zip(group.names, group.weights, strict=True)
        }


def _tables(model: nn.Module) -> set[str]:
    """The names of the parameters that are looked up by token and not multiplied as a matrix."""
    inside = {
        f"{name}.weight".lstrip(".") for name, module in model.named_modules() if isinstance(module, nn.Embedding)
    }
    return {"embedding", "head", *inside}
