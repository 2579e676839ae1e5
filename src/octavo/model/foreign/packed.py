"""Packed: a causal model of transformers over rows in which several sequences stand side by side without seeing each
other, and the summed loss of some of their tokens.

Shapes: B rows, T tokens, P virtual tokens before them, D width, V vocabulary.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from octavo.model.network.operators import HEAD_ROWS


def positions(sequences_BT: Tensor) -> Tensor:
    """The place of each token in its own sequence, (B, T)."""
    place = torch.arange(sequences_BT.shape[1], device=sequences_BT.device).expand_as(sequences_BT)
    begins = torch.ones_like(sequences_BT, dtype=torch.bool)
    begins[:, 1:] = sequences_BT[:, 1:] != sequences_BT[:, :-1]
    return place - torch.cummax(torch.where(begins, place, 0), 1).values


def mask(sequences_BT: Tensor, dtype: torch.dtype, virtual: int = 0) -> Tensor:
    """(B, 1, T, P+T), to be added to the scores: 0 where a token may look (back within its sequence, and at all
    virtual tokens), the lowest number elsewhere."""
    batch, length = sequences_BT.shape
    sees = sequences_BT[:, :, None] == sequences_BT[:, None, :]
    sees &= torch.ones(length, length, dtype=torch.bool, device=sees.device).tril()
    bias = torch.zeros(batch, 1, length, virtual + length, dtype=dtype, device=sees.device)
    bias[..., virtual:].masked_fill_(~sees[:, None], torch.finfo(dtype).min)
    return bias


def split(model: nn.Module) -> tuple[nn.Module, nn.Module | None]:
    """The trunk of a causal model and its head; None for a head when logits are more than head(trunk).

    Decided by trying: some families scale or cap their logits after the head.
    """
    trunk, head = model.base_model, model.get_output_embeddings()
    if trunk is model or head is None:
        return model, None
    tokens = torch.arange(3, device=next(model.parameters()).device)[None]
    with torch.no_grad():
        whole = model(tokens, attention_mask=torch.ones_like(tokens), use_cache=False).logits
        parts = head(trunk(tokens, attention_mask=torch.ones_like(tokens), use_cache=False)[0])
    return (trunk, head) if torch.equal(whole, parts.to(whole.dtype)) else (model, None)


def summed_loss(trunk: nn.Module, head: nn.Module | None, targets_BT: Tensor, scale: float, **inputs: Any) -> Tensor:
    """`scale` times the summed cross-entropy in nats of the targets that are not negative.

    Of a trunk with a head, logits are only made for those targets.
    """
    answer = trunk(**inputs, use_cache=False)
    rows = answer[0] if head is not None else answer.logits
    # Virtual tokens stand before the others and have no targets.
    hidden = rows[:, rows.shape[1] - targets_BT.shape[1] :].flatten(0, 1)
    targets = targets_BT.flatten()
    chosen = (targets >= 0).nonzero().squeeze(1)
    hidden, targets = hidden.index_select(0, chosen), targets[chosen]
    if head is None:
        return nn.functional.cross_entropy(hidden.float(), targets, reduction="sum") * scale
    if head.weight.requires_grad or getattr(head, "bias", None) is not None or not _plain(head):
        total = torch.zeros((), device=hidden.device)
        for start in range(0, len(hidden), HEAD_ROWS):
            logits = head(hidden[start : start + HEAD_ROWS])
            part = nn.functional.cross_entropy(logits.float(), targets[start : start + HEAD_ROWS], reduction="sum")
            total = total + part
        return total * scale
    loss: Tensor = FrozenHeadLoss.apply(hidden, head.weight, targets, scale)
    return loss


def _plain(head: nn.Module) -> bool:
    return type(head) is nn.Linear and head.weight.is_floating_point()


class FrozenHeadLoss(torch.autograd.Function):
    """Summed cross-entropy of a linear head that does not learn: like `operators.HeadLoss` without the gradient of the
    weight, and half the matrix products."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor, scale: float) -> Tensor:
        """hidden (N, D), weight (V, D), targets (N) → scalar in float32."""
        loss = torch.zeros((), dtype=torch.float32, device=hidden.device)
        d_hidden = torch.empty_like(hidden) if ctx.needs_input_grad[0] else None
        for start in range(0, hidden.shape[0], HEAD_ROWS):
            rows = slice(start, start + HEAD_ROWS)
            logits = torch.nn.functional.linear(hidden[rows], weight)
            target = targets[rows, None]
            if d_hidden is None:
                loss += torch.nn.functional.cross_entropy(logits.float(), target[:, 0], reduction="sum")
                continue
            # In the numbers of the weights: widened to float32 the probabilities would cost as much as the products.
            p = torch.softmax(logits, -1)
            right = p.gather(1, target)
            loss -= right.float().clamp_min(1e-30).log_().sum()
            p.scatter_(1, target, right - 1)
            torch.mm(p, weight, out=d_hidden[rows])
        if d_hidden is not None:
            ctx.save_for_backward(d_hidden.mul_(scale))
        return loss * scale

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:  # noqa: D102
        (d_hidden,) = ctx.saved_tensors
        return d_hidden * grad.to(d_hidden.dtype), None, None, None
