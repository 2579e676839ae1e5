"""WordPiece: tokens found like those of BPE, texts cut by the longest token that fits, from the left.

The vocabulary holds each byte twice, for the beginning of a word and for its inside, so that no text is unknown. As in
the `tokenizers` library the most frequent pair is merged, not the one that raises the likelihood most. Words longer
than `LONGEST_WORD` bytes are cut, since the search for the longest token is quadratic in the length of a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from octavo.tokenizer.learn.cuts import assembled, byte_characters
from octavo.tokenizer.learn.merging import PAUSE, MostFrequent, merge_until
from octavo.tokenizer.learn.pairs import Alphabet, Pairs
from octavo.tokenizer.learn.table import Table

PREFIX = "‿"
"""What tokens inside a word begin with. The usual `##` could also be text; this character stands for no byte."""
LONGEST_WORD = 64


def learn_wordpiece(
    table: Table,
    special_tokens: Sequence[str],
    vocabulary: int,
    least: int,
    state: Path,
    *,
    longest: int = 0,
    pause: float = PAUSE,
) -> Pairs:
    """Merge until there are `vocabulary` tokens."""
    characters = byte_characters()
    plain = sorted(characters)
    tokens = (*special_tokens, *plain, *(PREFIX + character for character in plain))
    place = {token: at for at, token in enumerate(tokens)}
    first = np.array([place[character] for character in characters], np.int32)
    later = np.array([place[PREFIX + character] for character in characters], np.int32)
    pairs = Pairs(table.words, Alphabet(tokens, first, later, PREFIX), longest=longest)
    merge_until(pairs, vocabulary, MostFrequent(least), state, pause=pause)
    return pairs


def wordpiece_tokenizer(pairs: Pairs, special_tokens: tuple[str, ...], unknown: str) -> Any:
    """What was learnt as a `tokenizers.Tokenizer`; `unknown` is a token of the vocabulary that the format asks for
    and no text ever needs."""
    from tokenizers import models

    vocabulary = {token: at for at, token in enumerate(pairs.tokens)}
    model = models.WordPiece(
        vocab=vocabulary,
        unk_token=unknown,
        max_input_chars_per_word=LONGEST_WORD,
        continuing_subword_prefix=PREFIX,
    )
    return assembled(model, special_tokens, most=LONGEST_WORD, prefix=PREFIX)
