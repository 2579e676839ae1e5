"""Experts: several small SwiGLU layers of which each token takes a few (mixture of experts, as in Qwen3-MoE).

Tokens are sorted by expert, so that each expert is one dense product over just its tokens: nothing is padded and no
token is dropped. Shapes: N tokens, D width, E experts, A active ones of a token, F hidden size of an expert.
"""

# ruff: noqa: D102
from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear

from octavo.model.network.shape import DecoderShape


class Experts(nn.Module):
    """A router, computed in float32, and E experts; `used` is how many tokens of the last batch each expert got."""

    def __init__(self, shape: DecoderShape) -> None:
        super().__init__()
        self.router = nn.Parameter(torch.empty(shape.experts, shape.width))
        self.gate_up = nn.Parameter(torch.empty(shape.experts, 2 * shape.hidden, shape.width))
        self.down = nn.Parameter(torch.empty(shape.experts, shape.width, shape.hidden))
        self.shape = shape
        self.routed: tuple[Tensor, Tensor] | None = None
        self.used: Tensor | None = None

    def forward(self, x_BTD: Tensor) -> Tensor:
        """The weighted sum of the outputs of each token's experts."""
        x_ND = x_BTD.flatten(0, -2)
        p_NE = torch.softmax(linear(x_ND.float(), self.router.float()), -1)
        shares_NA, chosen_NA = p_NE.topk(self.shape.active, -1)
        if self.shape.shares_sum_to_one:
            shares_NA = shares_NA / shares_NA.sum(-1, keepdim=True)
        self.routed = (p_NE, chosen_NA) if torch.is_grad_enabled() else None
        mixed = Routed.apply(x_ND, shares_NA.to(x_ND.dtype), chosen_NA, self.gate_up, self.down)
        return mixed.view_as(x_BTD)


class Routed(torch.autograd.Function):
    """`Σ share · expert(x)` over the chosen experts of each token; the way back fills one gradient a stack.

    Autograd over a slice of the stack for each expert would make a gradient of the whole stack E times.
    """

    @staticmethod
    def forward(
        ctx: Any, x_ND: Tensor, shares_NA: Tensor, chosen_NA: Tensor, gate_up_EGD: Tensor, down_EDF: Tensor
    ) -> Tensor:
        tokens, active = chosen_NA.shape
        order = chosen_NA.flatten().argsort(stable=True)
        ends = torch.bincount(chosen_NA.flatten(), minlength=len(gate_up_EGD)).cumsum(0).tolist()
        sorted_MD = x_ND.index_select(0, order // active)
        joint = _grouped(sorted_MD, gate_up_EGD, ends)
        gate, up = joint.chunk(2, -1)
        lit = torch.nn.functional.silu(gate)
        out_MD = _grouped(lit * up, down_EDF, ends)
        out_NAD = torch.empty_like(out_MD).index_copy_(0, order, out_MD).view(tokens, active, -1)
        ctx.save_for_backward(sorted_MD, shares_NA, order, gate_up_EGD, down_EDF, joint, lit, out_NAD)
        ctx.ends = ends
        return torch.bmm(shares_NA[:, None], out_NAD).squeeze(1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_ND: Tensor) -> tuple[Tensor | None, ...]:
        sorted_MD, shares_NA, order, gate_up_EGD, down_EDF, joint, lit, out_NAD = ctx.saved_tensors
        tokens, active, width = out_NAD.shape
        d_shares_NA = torch.bmm(out_NAD, grad_ND[:, :, None]).squeeze(2)
        d_out_MD = (grad_ND[:, None] * shares_NA[:, :, None]).view(-1, width).index_select(0, order)
        gate, up = joint.chunk(2, -1)
        d_hidden, d_down = _grouped_back(d_out_MD, lit * up, down_EDF, ctx.ends)
        d_joint = torch.empty_like(joint)
        d_gate, d_up = d_joint.chunk(2, -1)
        torch.mul(d_hidden, lit, out=d_up)
        torch.ops.aten.silu_backward.grad_input(d_hidden * up, gate, grad_input=d_gate)
        d_sorted, d_gate_up = _grouped_back(d_joint, sorted_MD, gate_up_EGD, ctx.ends)
        d_x = torch.empty_like(d_sorted).index_copy_(0, order, d_sorted).view(tokens, active, width).sum(1)
        return d_x, d_shares_NA, None, d_gate_up, d_down


def _grouped(x_MI: Tensor, weight_EOI: Tensor, ends: list[int]) -> Tensor:
    """Each expert's rows of `x` times its matrix; expert e has the rows up to `ends[e]`."""
    out_MO = x_MI.new_empty(len(x_MI), weight_EOI.shape[1])
    for expert, (start, end) in enumerate(pairwise([0, *ends])):
        if end > start:
            torch.mm(x_MI[start:end], weight_EOI[expert].t(), out=out_MO[start:end])
    return out_MO


def _grouped_back(grad_MO: Tensor, x_MI: Tensor, weight_EOI: Tensor, ends: list[int]) -> tuple[Tensor, Tensor]:
    """The gradients of both arguments of `_grouped`; an expert without tokens has none."""
    d_x, d_weight = torch.empty_like(x_MI), torch.empty_like(weight_EOI)
    for expert, (start, end) in enumerate(pairwise([0, *ends])):
        if end > start:
            torch.mm(grad_MO[start:end], weight_EOI[expert], out=d_x[start:end])
            torch.mm(grad_MO[start:end].t(), x_MI[start:end], out=d_weight[expert])
        else:
            d_weight[expert].zero_()
    return d_x, d_weight


def balance(layers: list[Experts], counted_N: Tensor) -> Tensor:
    """How unevenly the experts of all layers were used for the counted tokens: A when all alike, A·E at worst.

    `E · Σ fₑ Pₑ` with f the experts' choices a token and P their mean probability (Fedus et al. 2021, Switch
    Transformer, equations 4–6), over all layers together as in transformers. Forgets what the passes left behind.
    """
    shape = layers[0].shape
    used: Tensor | int = 0
    meant: Tensor | int = 0
    for experts in layers:
        assert experts.routed is not None, "the balance is of a pass with gradients"
        p_NE, chosen_NA = experts.routed
        experts.routed = None
        p_NE, chosen_NA = p_NE[counted_N], chosen_NA[counted_N]
        experts.used = torch.bincount(chosen_NA.flatten(), minlength=shape.experts)
        used = used + experts.used
        meant = meant + p_NE.sum(0)
    rows = max(1, int(counted_N.sum())) * len(layers)
    return shape.experts * ((used / rows) * (meant / rows)).sum()


def expert_load(model: nn.Module) -> dict[str, float]:
    """Readings of the last batch: the load of the busiest and of the idlest expert of any layer, as a multiple of an
    even share (1 is even, 0 is an expert that got nothing); nothing for a dense model."""
    loads = [
        layer.used.double() / max(1.0, float(layer.used.double().mean()))
        for layer in model.modules()
        if isinstance(layer, Experts) and layer.used is not None
    ]
    if not loads:
        return {}
    stacked = torch.stack(loads)
    return {"expert_load_most": float(stacked.max()), "expert_load_least": float(stacked.min())}
