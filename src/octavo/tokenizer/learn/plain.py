"""Bytes: a tokenizer that learns nothing; every byte is a token, and any text costs as many tokens as it has bytes."""

from __future__ import annotations

from typing import Any

from octavo.tokenizer.learn.cuts import assembled, byte_characters


def bytes_tokenizer(special_tokens: tuple[str, ...]) -> Any:
    """The special tokens, then the bytes in their order: byte `b` has the id `len(special_tokens) + b`."""
    from tokenizers import models

    tokens = [*special_tokens, *byte_characters()]
    model = models.BPE(vocab={token: at for at, token in enumerate(tokens)}, merges=[])
    return assembled(model, special_tokens)
