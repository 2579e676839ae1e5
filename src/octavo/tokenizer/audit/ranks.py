"""Ranks: a `.tiktoken` file (one base64 token and its rank a line) as a byte-level BPE."""

from __future__ import annotations

import base64

import tokenizers
from tokenizers import Regex, decoders, models, pre_tokenizers

from octavo.tokenizer.learn.cuts import byte_characters

PATTERN = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"
)
"""Where words are cut (as cl100k does): a rank file does not say it."""


def read_ranks(data: bytes) -> tokenizers.Tokenizer:
    """The BPE whose merges make each token out of the two parts that lower ranks leave of it."""
    ranks: dict[bytes, int] = {}
    for line in data.splitlines():
        token, rank = line.split()
        ranks[base64.b64decode(token, validate=True)] = int(rank)
    letters = byte_characters()
    names = {token: "".join(letters[byte] for byte in token) for token in ranks}
    merges = []
    for token, rank in sorted(ranks.items(), key=lambda item: item[1]):
        if len(token) > 1:
            parts = _parts(token, ranks, rank)
            if len(parts) == 2:
                merges.append((names[parts[0]], names[parts[1]]))
    made = tokenizers.Tokenizer(models.BPE({names[token]: rank for token, rank in ranks.items()}, merges))
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    made.decoder = decoders.ByteLevel()
    return made


def _parts(token: bytes, ranks: dict[bytes, int], below: int) -> list[bytes]:
    """What BPE makes of a token's bytes with the merges of lower rank only."""
    parts = [bytes([byte]) for byte in token]
    while len(parts) > 1:
        best, at = below, -1
        for number in range(len(parts) - 1):
            rank = ranks.get(parts[number] + parts[number + 1], below)
            if rank < best:
                best, at = rank, number
        if at < 0:
            break
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return parts
