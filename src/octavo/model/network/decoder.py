"""Decoder: the Qwen3 architecture (grouped attention with QK-norm, rotary positions, SwiGLU), written for CPU speed.

The same function as `transformers`' `Qwen3ForCausalLM`, `Qwen3MoeForCausalLM` and `LlamaForCausalLM` (tests hold the
logits equal; `DecoderShape` says which), with joint matrices for query/key/value and gate/up, norms folded into the
matrices after them, and hand-written backward passes.
Shapes are named as in `operators`: B sequences, T tokens, D width, H query heads, G key/value heads, K head size.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding, linear, scaled_dot_product_attention, silu

from octavo.model.network.attention import Sight, attend, causal_sight
from octavo.model.network.experts import Experts, balance
from octavo.model.network.operators import (
    HeadLoss,
    NormRotate,
    Rotate,
    SwiGLU,
    UnitNorm,
    inverse_rms,
    rotate,
)
from octavo.model.network.shape import DecoderShape


class Block(nn.Module):
    """One layer: attention and SwiGLU, each on a normed copy of the residual stream."""

    def __init__(self, shape: DecoderShape) -> None:
        super().__init__()
        joint = (shape.heads + 2 * shape.key_heads) * shape.head_size
        self.attention_norm = nn.Parameter(torch.empty(shape.width))
        self.qkv = nn.Parameter(torch.empty(joint, shape.width))
        if shape.qk_norm:
            self.q_norm = nn.Parameter(torch.empty(shape.head_size))
            self.k_norm = nn.Parameter(torch.empty(shape.head_size))
        self.out = nn.Parameter(torch.empty(shape.width, shape.heads * shape.head_size))
        self.mlp_norm = nn.Parameter(torch.empty(shape.width))
        if shape.experts:
            self.experts = Experts(shape)
        else:
            self.gate_up = nn.Parameter(torch.empty(2 * shape.hidden, shape.width))
            self.down = nn.Parameter(torch.empty(shape.width, shape.hidden))
        self.shape = shape

    def head_norms(self) -> Tensor:
        """The QK-norm weights of every query and key head, (H+G, K)."""
        shape = self.shape
        return torch.cat([self.q_norm.expand(shape.heads, -1), self.k_norm.expand(shape.key_heads, -1)])

    def forward(self, x_BTD: Tensor, sight: Sight, cos: Tensor, sin: Tensor) -> Tensor:
        """Training and scoring of whole sequences."""
        shape = self.shape
        batch, length, _ = x_BTD.shape
        unit = UnitNorm.apply(x_BTD, shape.eps)
        qkv = linear(unit, self.qkv * self.attention_norm).view(batch, length, -1, shape.head_size)
        if shape.qk_norm:
            q, k, v = NormRotate.apply(qkv, self.head_norms(), cos, sin, shape.heads, shape.eps)
        else:
            q, k, v = Rotate.apply(qkv, cos, sin, shape.heads, shape.key_heads)
        mixed = attend(q, k, v, sight, shape.heads)
        x_BTD = x_BTD + linear(mixed.view(batch, length, -1), self.out)
        unit = UnitNorm.apply(x_BTD, shape.eps)
        if shape.experts:
            # Few of the experts' matrices are used by a token: here the norm is cheaper on the activations.
            mixed: Tensor = self.experts(unit * self.mlp_norm)
            return x_BTD + mixed
        return x_BTD + linear(SwiGLU.apply(linear(unit, self.gate_up * self.mlp_norm)), self.down)

    def extend(self, x_BTD: Tensor, cache: KeyValues, layer: int, bias: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """New tokens after those in the cache, without gradients; `bias` is (B, 1, T, cached + T)."""
        shape = self.shape
        batch, length, _ = x_BTD.shape
        unit = x_BTD * inverse_rms(x_BTD, shape.eps).to(x_BTD.dtype)
        qkv = linear(unit, cache.joint[layer]).view(batch, length, -1, shape.head_size)
        rotated = shape.heads + shape.key_heads
        qk = qkv[:, :, :rotated]
        if shape.qk_norm:
            qk = qk * inverse_rms(qk, shape.eps).to(qk.dtype) * self.head_norms()
        qk = rotate(qk, cos, sin, torch.empty_like(qk)).transpose(1, 2)
        k, v = cache.append(layer, qk[:, shape.heads :], qkv[:, :, rotated:].transpose(1, 2))
        mixed = scaled_dot_product_attention(qk[:, : shape.heads], k, v, attn_mask=bias, enable_gqa=True)
        x_BTD = x_BTD + linear(mixed.transpose(1, 2).reshape(batch, length, -1), self.out)
        unit = x_BTD * inverse_rms(x_BTD, shape.eps).to(x_BTD.dtype)
        if shape.experts:
            return x_BTD + self.experts(unit * self.mlp_norm)
        gate, up = linear(unit, cache.gate_up[layer]).chunk(2, -1)
        return x_BTD + linear(silu(gate) * up, self.down)


class Decoder(nn.Module):
    """A causal language model; the head is the embedding unless the shape says otherwise."""

    def __init__(self, shape: DecoderShape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Parameter(torch.empty(shape.vocabulary, shape.width))
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.depth))
        self.norm = nn.Parameter(torch.empty(shape.width))
        if not shape.tied:
            self.head = nn.Parameter(torch.empty(shape.vocabulary, shape.width))
        self._tables: tuple[Tensor, Tensor] | None = None

    @torch.no_grad()
    def initialise(self, seed: int) -> None:
        """Fill the weights: normal of standard deviation 1/√fan-in, output projections divided by √(2·depth)."""
        generator = torch.Generator().manual_seed(seed)
        for name, parameter in self.named_parameters():
            if parameter.ndim == 1:
                parameter.fill_(1.0)
                continue
            fan_in = parameter.shape[-1]
            # A router that begins near zero begins with all experts alike.
            deviation = 0.02 if name in ("embedding", "head") or name.endswith(".router") else fan_in**-0.5
            if name.endswith((".out", ".down")):
                deviation /= math.sqrt(2 * self.shape.depth)
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * deviation)

    def head_weight(self) -> Tensor:
        """The matrix that makes logits of `hidden`'s output, (V, D), with the last norm's weight folded in."""
        return (self.embedding if self.shape.tied else self.head) * self.norm

    def tables(self, start: int, end: int) -> tuple[Tensor, Tensor]:
        """Cosines and sines of the rotary embedding for positions start … end, each (T, 1, K/2)."""
        kept = self._tables
        like = self.embedding
        if kept is None or kept[0].shape[0] < end or kept[0].dtype != like.dtype or kept[0].device != like.device:
            half = self.shape.head_size // 2
            frequency = self.shape.rope_base ** (-torch.arange(half, dtype=torch.float32) / half)
            angle = torch.arange(max(end, self.shape.positions), dtype=torch.float32)[:, None, None] * frequency
            self._tables = kept = (angle.cos().to(like), angle.sin().to(like))
        return kept[0][start:end], kept[1][start:end]

    def hidden(self, tokens_BT: Tensor, sight: Sight | None = None) -> Tensor:
        """The last layer's normed output, (B, T, D); each token sees what `sight` says, or all before it."""
        batch, length = tokens_BT.shape
        sight = sight or causal_sight(batch, length, self.embedding)
        cos, sin = self.tables(0, length)
        x_BTD = embedding(tokens_BT, self.embedding)
        for block in self.blocks:
            x_BTD = block(x_BTD, sight, cos, sin)
        return UnitNorm.apply(x_BTD, self.shape.eps)

    def logits(self, tokens_BT: Tensor, sight: Sight | None = None) -> Tensor:
        """Scores of the next token, (B, T, V)."""
        return linear(self.hidden(tokens_BT, sight), self.head_weight())

    def loss(self, tokens_BT: Tensor, targets_BT: Tensor, sight: Sight | None = None, scale: float = 1.0) -> Tensor:
        """`scale` times the summed cross-entropy in nats of the targets; negative targets do not count.

        With experts the unevenness of their use for the counted tokens is added, `shape.balance` times, a token.
        """
        hidden = self.hidden(tokens_BT, sight).flatten(0, 1)
        targets = targets_BT.flatten()
        counted = targets >= 0
        if not bool(counted.all()):
            rows = counted.nonzero().squeeze(1)
            hidden, targets = hidden.index_select(0, rows), targets[rows]
        loss: Tensor = HeadLoss.apply(hidden, self.head_weight(), targets, scale)
        if self.shape.experts and torch.is_grad_enabled():
            uneven = balance([block.experts for block in self.blocks], counted)
            loss = loss + scale * len(targets) * self.shape.balance * uneven
        return loss

    @torch.no_grad()
    def extend(self, tokens_BT: Tensor, cache: KeyValues, padding_B: Tensor) -> Tensor:
        """Logits after the last of some new tokens, (B, V); `padding_B` counts the padding tokens before each row."""
        length = tokens_BT.shape[1]
        end = cache.length + length
        position = torch.arange(end, device=tokens_BT.device)
        seen = (position[None, :] <= position[cache.length :, None]) & (position >= padding_B[:, None])[:, None, :]
        # A padding token sees itself, so that no row of the softmax is empty.
        seen |= position[None, :] == position[cache.length :, None]
        bias = torch.zeros(seen.shape, dtype=self.embedding.dtype, device=seen.device).masked_fill_(~seen, -torch.inf)
        cos, sin = self.tables(cache.length, end)
        x_BTD = embedding(tokens_BT, self.embedding)
        for layer, block in enumerate(self.blocks):
            x_BTD = block.extend(x_BTD, cache, layer, bias[:, None], cos, sin)
        cache.length = end
        x_BD = x_BTD[:, -1]
        return linear(x_BD * inverse_rms(x_BD, self.shape.eps).to(x_BD.dtype), cache.head)


class KeyValues:
    """The keys and values of the tokens seen so far, per layer (B, G, room, K), filled in place; and the matrices with
    their norms folded in, which need not be made anew for every token."""

    @torch.no_grad()
    def __init__(self, model: Decoder, batch: int, room: int) -> None:
        shape, like = model.shape, model.embedding
        size = (shape.depth, 2, batch, shape.key_heads, room, shape.head_size)
        self.stored = torch.empty(size, dtype=like.dtype, device=like.device)
        self.length = 0
        self.joint = [block.qkv * block.attention_norm for block in model.blocks]
        self.gate_up = [] if shape.experts else [block.gate_up * block.mlp_norm for block in model.blocks]
        self.head = model.head_weight()

    def append(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Store the new keys and values of one layer and return all of it."""
        end = self.length + k.shape[2]
        self.stored[layer, 0, :, :, self.length : end] = k
        self.stored[layer, 1, :, :, self.length : end] = v
        return self.stored[layer, 0, :, :, :end], self.stored[layer, 1, :, :, :end]

    def keep(self, rows: Tensor) -> None:
        """Drop the sequences that are not in `rows`."""
        self.stored = self.stored[:, :, rows].contiguous()
