"""Attention: the project's own for packed rows inside models of transformers, which on a CPU is three times as fast as
the fused kernel of torch and skips the scores between sequences. Only while such a model is trained."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from torch import Tensor, nn

from octavo.model.network.attention import Sight, attend, document_sight

NAME = "octavo_packed"
SIGHT: ContextVar[Sight | None] = ContextVar("sight", default=None)
"""Of the rows that are computed now; None: whatever the model's mask says."""


def use_packed_attention(model: Any) -> bool:
    """Let the model attend this way where its layers take another attention at all; whether it does."""
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    config = model.config.get_text_config()
    if config._attn_implementation != "sdpa" or next(model.parameters()).device.type != "cpu":
        return False
    AttentionInterface.register(NAME, _attention)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    model.set_attn_implementation(NAME)
    return True


@contextmanager
def seeing(sequences_BT: Tensor, like: Tensor) -> Iterator[None]:
    """Within, these are the sequences that must not see each other; `like` gives the numbers to compute with."""
    token = SIGHT.set(document_sight(sequences_BT, like))
    try:
        yield
    finally:
        SIGHT.reset(token)


def _attention(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **given: Any
) -> tuple[Tensor, None]:
    """As transformers calls it: query (B, H, T, K), key and value (B, G, S, K) → (B, T, H, K)."""
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    sight = SIGHT.get()
    heads, length, size = query.shape[1:]
    usual = given.get("scaling") in (None, size**-0.5) and value.shape[-1] == size
    special = any(given.get(name) is not None for name in ("sliding_window", "softcap", "s_aux"))
    if sight is None or special or not usual or key.shape[2] != length:
        answer: tuple[Tensor, None] = sdpa_attention_forward(module, query, key, value, attention_mask, **given)
        return answer
    q, k, v = (x.reshape(-1, length, size) for x in (query, key, value))
    return attend(q, k, v, sight, heads), None
