# ruff: noqa: D102
"""Operators: the few differentiable pieces of the decoder whose ordinary form wastes most of a CPU's time.

A small model on a CPU spends less time in matrix products than in the passes over memory between them. Each
operator here writes its backward pass by hand, so that every tensor is read and written as seldom as possible.
Shapes: B sequences, T tokens, N = B·T, D width, H query heads, G key/value heads, K head size, V vocabulary.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

HEAD_ROWS = 1024
"""Rows of logits alive at once: 1,024 × 4,096 in bfloat16 are 8 MB and stay in the last-level cache."""


class UnitNorm(torch.autograd.Function):
    """`x / rms(x)` over the last dimension (RMSNorm, Zhang & Sennrich 2019, without its weight).

    The weight is folded into the matrix that follows, which is exact and saves three passes over the activations.
    """

    @staticmethod
    def forward(ctx: Any, x_ND: Tensor, eps: float) -> Tensor:
        inverse_N1 = inverse_rms(x_ND, eps).to(x_ND.dtype)
        unit_ND = x_ND * inverse_N1
        ctx.save_for_backward(unit_ND, inverse_N1)
        return unit_ND

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_ND: Tensor) -> tuple[Tensor, None]:
        unit_ND, inverse_N1 = ctx.saved_tensors
        mean_N1 = (grad_ND * unit_ND).sum(-1, keepdim=True).div_(-unit_ND.shape[-1])
        return torch.addcmul(grad_ND, unit_ND, mean_N1).mul_(inverse_N1), None


def inverse_rms(x: Tensor, eps: float) -> Tensor:
    """`1 / sqrt(mean(x²) + eps)` over the last dimension, kept, in float32, read in one pass."""
    norm = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=torch.float32)
    return norm.square_().div_(x.shape[-1]).add_(eps).rsqrt_()


def rotate(x: Tensor, cos_TK: Tensor, sin_TK: Tensor, out: Tensor) -> Tensor:
    """Rotary embedding (Su et al. 2021) in the half-split layout of Llama and Qwen; writes into `out`.

    `x` and `out` are (…, T, heads, K); the tables are (T, 1, K/2).
    """
    half = x.shape[-1] // 2
    first, second = x[..., :half], x[..., half:]
    torch.mul(first, cos_TK, out=out[..., :half])
    out[..., :half].addcmul_(second, sin_TK, value=-1)
    torch.mul(second, cos_TK, out=out[..., half:])
    out[..., half:].addcmul_(first, sin_TK)
    return out


class NormRotate(torch.autograd.Function):
    """Queries and keys out of the joint projection: RMSNorm per head with its weight (QK-norm), then rotation.

    (B, T, H+2G, K), weight (H+G, K) → queries (B·H, T, K), keys (B·G, T, K), values (B·G, T, K), each contiguous so
    that the batched products that follow need no further copy.
    """

    @staticmethod
    def forward(
        ctx: Any, qkv: Tensor, weight: Tensor, cos: Tensor, sin: Tensor, heads: int, eps: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        batch, length, joint, size = qkv.shape
        rotated = weight.shape[0]
        x = qkv[:, :, :rotated]
        inverse = inverse_rms(x, eps).to(x.dtype)
        unit = x * inverse
        # Head-major storage: the slices below are then contiguous.
        stored = qkv.new_empty(batch, joint, length, size)
        rotate(unit * weight, cos, sin, stored[:, :rotated].transpose(1, 2))
        stored[:, rotated:].copy_(qkv[:, :, rotated:].transpose(1, 2))
        groups = joint - rotated
        q = stored[:, :heads].reshape(batch * heads, length, size)
        k = stored[:, heads:rotated].reshape(batch * groups, length, size)
        v = stored[:, rotated:].reshape(batch * groups, length, size)
        ctx.save_for_backward(unit, inverse, weight, cos, sin)
        ctx.shape = (batch, length, heads, groups, size)
        return q, k, v

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dq: Tensor, dk: Tensor, dv: Tensor) -> tuple[Tensor | None, ...]:
        unit, inverse, weight, cos, sin = ctx.saved_tensors
        batch, length, heads, groups, size = ctx.shape
        rotated = heads + groups
        grad = dq.new_empty(batch, length, rotated + groups, size)
        turned = grad[:, :, :rotated]
        rotate(dq.view(batch, heads, length, size).transpose(1, 2), cos, -sin, turned[:, :, :heads])
        rotate(dk.view(batch, groups, length, size).transpose(1, 2), cos, -sin, turned[:, :, heads:])
        grad[:, :, rotated:].copy_(dv.view(batch, groups, length, size).transpose(1, 2))
        d_weight = (turned * unit).sum((0, 1), dtype=torch.float32).to(weight.dtype)
        turned.mul_(weight)
        mean = (turned * unit).sum(-1, keepdim=True).div_(-size)
        turned.addcmul_(unit, mean).mul_(inverse)
        return grad, d_weight, None, None, None, None


class Rotate(torch.autograd.Function):
    """As `NormRotate` without the norm, as Llama has it: (B, T, H+2G, K) → queries, keys and values."""

    @staticmethod
    def forward(ctx: Any, qkv: Tensor, cos: Tensor, sin: Tensor, heads: int, groups: int) -> tuple[Tensor, ...]:
        batch, length, joint, size = qkv.shape
        rotated = heads + groups
        stored = qkv.new_empty(batch, joint, length, size)
        rotate(qkv[:, :, :rotated], cos, sin, stored[:, :rotated].transpose(1, 2))
        stored[:, rotated:].copy_(qkv[:, :, rotated:].transpose(1, 2))
        ctx.save_for_backward(cos, sin)
        ctx.shape = (batch, length, heads, groups, size)
        parts = stored.split([heads, groups, groups], 1)
        return tuple(part.reshape(-1, length, size) for part in parts)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dq: Tensor, dk: Tensor, dv: Tensor) -> tuple[Tensor | None, ...]:
        cos, sin = ctx.saved_tensors
        batch, length, heads, groups, size = ctx.shape
        grad = dq.new_empty(batch, length, heads + 2 * groups, size)
        for part, start, count in ((dq, 0, heads), (dk, heads, groups)):
            turned = part.view(batch, count, length, size).transpose(1, 2)
            rotate(turned, cos, -sin, grad[:, :, start : start + count])
        grad[:, :, heads + groups :].copy_(dv.view(batch, groups, length, size).transpose(1, 2))
        return grad, None, None, None, None


class SwiGLU(torch.autograd.Function):
    """`silu(gate) · up` for a joint (N, 2F) projection (Shazeer 2020); the way back fills one joint gradient."""

    @staticmethod
    def forward(ctx: Any, joint: Tensor) -> Tensor:
        gate, up = joint.chunk(2, -1)
        active = torch.nn.functional.silu(gate)
        ctx.save_for_backward(joint, active)
        return active * up

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        joint, active = ctx.saved_tensors
        gate, up = joint.chunk(2, -1)
        d_joint = torch.empty_like(joint)
        d_gate, d_up = d_joint.chunk(2, -1)
        torch.mul(grad, active, out=d_up)
        torch.ops.aten.silu_backward.grad_input(grad * up, gate, grad_input=d_gate)
        return d_joint


class HeadLoss(torch.autograd.Function):
    """Summed cross-entropy of a linear head, a slice of rows at a time, times `scale`.

    hidden (N, D), weight (V, D), targets (N) → scalar in float32. Logits of all rows never exist at once and are
    never widened to float32: the gradients of both inputs are made on the way forward (as in Liger, Hsu et al. 2024).
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor, scale: float) -> Tensor:
        loss = torch.zeros((), dtype=torch.float32, device=hidden.device)
        if not any(ctx.needs_input_grad):
            # Only the loss is wanted: nothing is kept, not even the probabilities.
            for start in range(0, hidden.shape[0], HEAD_ROWS):
                rows = slice(start, start + HEAD_ROWS)
                logits = torch.nn.functional.linear(hidden[rows], weight).float()
                right = logits.gather(1, targets[rows, None]).squeeze(1)
                loss += (logits.logsumexp(-1) - right).sum()
            return loss * scale
        d_hidden = torch.empty_like(hidden)
        d_weight = torch.zeros_like(weight)
        for start in range(0, hidden.shape[0], HEAD_ROWS):
            rows = slice(start, start + HEAD_ROWS)
            p = torch.softmax(torch.nn.functional.linear(hidden[rows], weight), -1)
            # By places in the flat tensor: the reproducible form of a scatter copies all of it, twice.
            places = torch.arange(p.shape[0], device=p.device) * p.shape[1] + targets[rows]
            right = p.view(-1)[places]
            loss -= right.float().clamp_min(1e-30).log_().sum()
            p.view(-1)[places] = right - 1
            torch.mm(p, weight, out=d_hidden[rows])
            d_weight.addmm_(p.t(), hidden[rows])
        ctx.save_for_backward(d_hidden.mul_(scale), d_weight.mul_(scale))
        return loss * scale

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        d_hidden, d_weight = ctx.saved_tensors
        return d_hidden * grad.to(d_hidden.dtype), d_weight * grad.to(d_weight.dtype), None, None
