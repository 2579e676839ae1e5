"""Byte-level BPE: merges from word counts, the same as the trainer of the `tokenizers` library finds in memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from octavo.tokenizer.learn.cuts import assembled, byte_characters
from octavo.tokenizer.learn.merging import PAUSE, Chooser, merge_until
from octavo.tokenizer.learn.pairs import Alphabet, Pairs, final_merges
from octavo.tokenizer.learn.table import Table


def byte_alphabet(special_tokens: Sequence[str]) -> Alphabet:
    """The special tokens, then the 256 bytes in the order of their characters."""
    characters = byte_characters()
    tokens = (*special_tokens, *sorted(characters))
    place = {token: at for at, token in enumerate(tokens)}
    ids = np.array([place[character] for character in characters], np.int32)
    return Alphabet(tokens, ids, ids)


def learn_bpe(
    table: Table,
    special_tokens: Sequence[str],
    vocabulary: int,
    chooser: Chooser,
    state: Path,
    *,
    groups: int = 1,
    longest: int = 0,
    pause: float = PAUSE,
) -> Pairs:
    """Merge until there are `vocabulary` tokens; `longest` bounds the bytes of a token (a token stays shorter)."""
    pairs = Pairs(table.words, byte_alphabet(special_tokens), groups=groups, longest=longest)
    merge_until(pairs, vocabulary, chooser, state, pause=pause)
    return pairs


def bpe_tokenizer(pairs: Pairs, special_tokens: tuple[str, ...]) -> Any:
    """What was learnt as a `tokenizers.Tokenizer`."""
    from tokenizers import models

    merges = [(pairs.tokens[a], pairs.tokens[b]) for a, b in final_merges(pairs.merges)]
    vocabulary = {token: at for at, token in enumerate(pairs.tokens)}
    return assembled(models.BPE(vocab=vocabulary, merges=merges), special_tokens)
