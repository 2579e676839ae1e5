# ruff: noqa: D102
"""Attention: who may look at whom in a batch, and the mixing of values with only the scores that can matter computed.

Scores are made a block of queries at a time, over the keys from the beginning of the earliest sequence in the block to
the block's end. What lies ahead, and what belongs to earlier sequences of a packed row, is never computed: half of the
scores of a row that holds one sequence, most of those of a row that holds many.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import scaled_dot_product_attention

BLOCK = 128
"""Queries in a block: measured on a CPU at 256, 512 and 1,024 tokens; 64 and 256 are slower."""
ROW_BY_ROW = 0.75
"""Rows are computed one by one where that leaves less than this share of the scores that they need together."""


@dataclass(frozen=True)
class Span:
    """A block: queries `first` … `last` of the rows `rows` … `end` see keys from `start`; those before `hidden` see
    all, behind it the bias tells who sees whom."""

    rows: int
    end: int
    first: int
    last: int
    start: int
    hidden: int


@dataclass(frozen=True)
class Sight:
    """What each token of a batch may look at: `bias` (B or 1, T, T) of 0 and -inf, and the spans that hold every 0.

    `causal` says that all rows hold one sequence.
    """

    bias: Tensor
    spans: tuple[Span, ...]
    causal: bool

    @property
    def scores(self) -> int:
        """How many scores a head computes for the batch."""
        return sum(_area(span) for span in self.spans)


def _area(span: Span) -> int:
    return (span.end - span.rows) * (span.last - span.first) * (span.last - span.start)


def causal_sight(batch: int, length: int, like: Tensor) -> Sight:
    """Every token sees those before it and itself."""
    spans = tuple(Span(0, batch, first, last, 0, first) for first, last in _blocks(length))
    return Sight(causal_bias(length, like), spans, causal=True)


def document_sight(documents_BT: Tensor, like: Tensor) -> Sight:
    """For packed sequences: causal and within one sequence, whose tokens are neighbours and have one number.

    Rotary positions are relative, so the distance inside a sequence is right without counting anew at its start.
    """
    batch, length = documents_BT.shape
    if documents_BT.is_cuda:
        # The kernels there take no spans.
        alone = bool((documents_BT == documents_BT[:, :1]).all())
        return Sight(causal_bias(length, like) if alone else document_bias(documents_BT, like), (), causal=alone)
    starts = sequence_starts(documents_BT)
    if all(row[-1] == 0 for row in starts):
        return causal_sight(batch, length, like)
    together = [_span(starts, 0, batch, first, last) for first, last in _blocks(length)]
    apart = [_span(starts, row, row + 1, first, last) for row in range(batch) for first, last in _blocks(length)]
    fewer = sum(map(_area, apart)) < ROW_BY_ROW * sum(map(_area, together))
    return Sight(document_bias(documents_BT, like), tuple(apart if fewer else together), causal=False)


def sequence_starts(documents_BT: Tensor) -> list[list[int]]:
    """Where the sequence of each token begins in its row."""
    places = torch.arange(documents_BT.shape[1]).expand(documents_BT.shape)
    documents = documents_BT.cpu()
    begins = torch.zeros_like(documents, dtype=torch.bool)
    begins[:, 1:] = documents[:, 1:] != documents[:, :-1]
    starts: list[list[int]] = torch.where(begins, places, 0).cummax(1).values.tolist()
    return starts


def _blocks(length: int) -> list[tuple[int, int]]:
    return [(first, min(first + BLOCK, length)) for first in range(0, length, BLOCK)]


def _span(starts: list[list[int]], rows: int, end: int, first: int, last: int) -> Span:
    start = min(row[first] for row in starts[rows:end])
    one = all(row[last - 1] == start for row in starts[rows:end])
    return Span(rows, end, first, last, start, first if one else start)


def causal_bias(length: int, like: Tensor) -> Tensor:
    """(1, T, T): 0 where a token may look, -inf ahead of it."""
    return torch.full((1, length, length), -torch.inf, dtype=like.dtype, device=like.device).triu_(1)


def document_bias(documents_BT: Tensor, like: Tensor) -> Tensor:
    """(B, T, T) for packed sequences: causal and within one sequence."""
    length = documents_BT.shape[1]
    apart = documents_BT[:, :, None] != documents_BT[:, None, :]
    return causal_bias(length, like).expand(apart.shape[0], -1, -1).masked_fill(apart, -torch.inf)


def attend(q: Tensor, k: Tensor, v: Tensor, sight: Sight, heads: int) -> Tensor:
    """softmax(q kᵀ / √K + bias) v: q (B·H, T, K), k and v (B·G, T, K) → (B, T, H, K).

    On a GPU by torch's kernels: flash attention for rows of one sequence, the one that takes a bias for packed rows.
    """
    if not q.is_cuda:
        mixed: Tensor = Attention.apply(q, k, v, sight, heads)
        return mixed
    rows, length, size = q.shape
    q, k, v = (x.view(rows // heads, -1, length, size) for x in (q, k, v))
    bias = None if sight.causal else sight.bias[:, None]
    mixed = scaled_dot_product_attention(q, k, v, attn_mask=bias, is_causal=sight.causal, enable_gqa=True)
    return mixed.transpose(1, 2).contiguous()


class Attention(torch.autograd.Function):
    """`attend` for a CPU, with the probabilities kept for the way back.

    For sequences of a few hundred tokens it is three times as fast there as the fused kernel of torch 2.13.
    Query heads that share a key head (S of them) are interleaved, token by token, so that a block of queries is a run
    of rows of one product and grouped queries need no copied keys.
    """

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, sight: Sight, heads: int) -> Tensor:
        rows, length, size = q.shape
        batch, share = rows // heads, rows // k.shape[0]
        groups = heads // share
        queries = _interleaved(q.view(-1, share, length, size)) * size**-0.5
        mixed = q.new_empty(batch, length, groups, share, size)
        kept = []
        for at in sight.spans:
            ours, keys = slice(at.rows * groups, at.end * groups), slice(at.start, at.last)
            scores = torch.bmm(queries[ours, at.first * share : at.last * share], k[ours, keys].transpose(1, 2))
            # (rows, G, queries, S, keys)
            apart = scores.view(at.end - at.rows, groups, at.last - at.first, share, at.last - at.start)
            bias = sight.bias[at.rows : at.end] if sight.bias.shape[0] > 1 else sight.bias
            apart[..., at.hidden - at.start :].add_(bias[:, None, at.first : at.last, None, at.hidden : at.last])
            p = torch.softmax(scores, -1)
            found = torch.bmm(p, v[ours, keys]).view(*apart.shape[:4], size)
            mixed[at.rows : at.end, at.first : at.last] = found.transpose(1, 2)
            kept.append(p)
        ctx.save_for_backward(queries, k, v, *kept)
        ctx.sight, ctx.share = sight, share
        return mixed.view(batch, length, heads, size)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        queries, k, v, *kept = ctx.saved_tensors
        batch, length, heads, size = grad.shape
        share = ctx.share
        groups = heads // share
        d_queries = torch.empty_like(queries)
        # Blocks add up in float32: a key is seen by many.
        wide = torch.promote_types(k.dtype, torch.float32)
        d_k, d_v = torch.zeros_like(k, dtype=wide), torch.zeros_like(v, dtype=wide)
        d_mixed = _interleaved(grad.view(batch, length, groups, share, size).permute(0, 2, 3, 1, 4).flatten(0, 1))
        for at, p in zip(ctx.sight.spans, kept, strict=True):
            ours, keys = slice(at.rows * groups, at.end * groups), slice(at.start, at.last)
            asked = slice(at.first * share, at.last * share)
            d_v[ours, keys].add_(torch.bmm(p.transpose(1, 2), d_mixed[ours, asked]))
            d_p = torch.bmm(d_mixed[ours, asked], v[ours, keys].transpose(1, 2))
            d_scores = torch._softmax_backward_data(d_p, p, -1, p.dtype)
            d_queries[ours, asked] = torch.bmm(d_scores, k[ours, keys])
            d_k[ours, keys].add_(torch.bmm(d_scores.transpose(1, 2), queries[ours, asked]))
        d_q = d_queries.view(-1, length, share, size).transpose(1, 2).reshape(-1, length, size).mul_(size**-0.5)
        return d_q, d_k.to(k.dtype), d_v.to(v.dtype), None, None


def _interleaved(heads: Tensor) -> Tensor:
    """(B·G, S, T, K) → (B·G, T·S, K)."""
    return heads.transpose(1, 2).flatten(1, 2)
