"""Start: the first weights of the seed: random, but for two layers that together look up what followed a word before.

The pair (an attention to the token before, and one to the token after an earlier equal one) is what small decoders
otherwise learn last (Olsson et al. 2022, "induction heads"); begun with it, reading is learnt several times sooner.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from octavo.model.network.decoder import Decoder
from octavo.model.network.shape import DecoderShape

SLOW = 14
"""The first of the rotary frequencies so slow that a match hardly depends on the distance."""
FAST = 5
"""So many of the fastest frequencies tell neighbours apart."""


def begun(shape: DecoderShape, seed: int) -> Decoder:
    """A decoder with such weights."""
    model = Decoder(shape)
    model.initialise(seed)
    with torch.no_grad():
        _look_up(model, torch.Generator().manual_seed(seed + 1))
    return model


def _look_up(model: Decoder, generator: torch.Generator) -> None:
    """Layer 0, head 0: the token before, written into directions that embeddings leave free. Layer 1, first group:
    tokens whose one before was the present one; what they are is written where the head reads it."""
    shape = model.shape
    size, width, group = shape.head_size, shape.width, shape.heads // shape.key_heads
    half = size // 2
    slow = [*range(min(SLOW, half - 2), half)]
    slow += [at + half for at in slow]
    count = len(slow)
    basis = torch.linalg.qr(torch.randn(width, 1 + 2 * count, generator=generator))[0].T
    always, content, before = basis[0], basis[1 : 1 + count], basis[1 + count :]
    embedding = model.embedding
    embedding.sub_(embedding @ before.T @ before)
    embedding.add_(always * 0.02 * math.sqrt(width))
    for block in model.blocks:
        block.out.zero_()
        block.down.zero_()
    keys, values = shape.heads * size, (shape.heads + shape.key_heads) * size

    first = model.blocks[0]
    query, key = _one_back(shape)
    first.qkv[:size] = torch.outer(query, always)
    first.qkv[keys : keys + size] = torch.outer(key, always)
    first.qkv[values : values + size] = 0
    first.qkv[values : values + count] = content
    fast = torch.arange(min(FAST, half))
    first.q_norm[fast] = first.q_norm[fast + half] = 2.0
    first.out[:, :count] = before.T * 0.03

    second = model.blocks[1]
    asks = torch.zeros(size, width)
    asks[slow] = content
    offers = torch.zeros(size, width)
    offers[slow] = before
    tells = torch.randn(width, size, generator=generator)
    taken = torch.cat([always[None], before])
    tells = torch.linalg.qr(tells - taken.T @ (taken @ tells))[0].T
    second.qkv[keys : keys + size] = offers
    second.qkv[values : values + size] = tells
    for head in range(group):
        second.qkv[head * size : (head + 1) * size] = asks
        second.out[:, head * size : (head + 1) * size] = tells.T * 0.08


def _one_back(shape: DecoderShape) -> tuple[Tensor, Tensor]:
    """A query and a key whose rotary match is best one token apart, each (K,)."""
    half = shape.head_size // 2
    angle = shape.rope_base ** (-torch.arange(half) / half)
    fast = torch.arange(min(FAST, half))
    query, key = torch.zeros(shape.head_size), torch.zeros(shape.head_size)
    query[fast] = query[fast + half] = 1.0
    key[fast] = angle[fast].cos() - angle[fast].sin()
    key[fast + half] = angle[fast].cos() + angle[fast].sin()
    return query, key
