"""Cuts: where texts are cut into words before anything is learnt, and how bytes are written as characters."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import groupby
from typing import Any

PATTERN = r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
"""Where words are cut before merging: as in GPT-4's tokenizer, but every digit alone, so that numbers of any length
are read alike."""

LONGEST_TOKEN = 24
"""Bytes; a token is shorter than this."""


def byte_characters() -> list[str]:
    """The printable character that stands for each of the 256 bytes in byte-level tokenizers, as GPT-2's has them."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(byte if byte in printable else next(others)) for byte in range(256)]


def word_cutter() -> Any:
    """The pre-tokenizer that cuts a text into words and leaves their characters as they are."""
    from tokenizers import Regex, pre_tokenizers

    return pre_tokenizers.Split(Regex(PATTERN), behavior="isolated")


_ASCII = re.compile(
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\nA-Za-z0-9]?[A-Za-z]+|[0-9]| ?[^\sA-Za-z0-9]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    re.ASCII,
)
"""`PATTERN` for texts without any other characters."""
_LINES = re.compile(r"(?<=\n)(?=\S)")


def words_of() -> Callable[[str], list[str]]:
    """A function that cuts a text into words just as `word_cutter` does. What is ASCII is cut by Python, which is
    three times as fast; a line break before something that is no white space is a cut whatever stands around it."""
    cut = word_cutter().pre_tokenize_str

    def words(text: str) -> list[str]:
        if text.isascii():
            return _ASCII.findall(text)
        found: list[str] = []
        for plain, lines in groupby(_LINES.split(text), str.isascii):
            part = "".join(lines)
            found += _ASCII.findall(part) if plain else [word for word, _ in cut(part)]
        return found

    return words


def assembled(model: Any, special_tokens: tuple[str, ...], *, cut: bool = True, most: int = 0, prefix: str = "") -> Any:
    """A `tokenizers.Tokenizer` around a model over byte characters that gives every text back exactly.

    `most` is the longest word in bytes (0: no limit), `prefix` what tokens inside a word begin with.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, pre_tokenizers, processors

    tokenizer = Tokenizer(model)
    before = [word_cutter()] if cut else []
    before.append(pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False))
    if most:
        before.append(pre_tokenizers.Split(Regex(f".{{1,{most}}}"), behavior="isolated"))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(before)
    tokenizer.decoder = decoders.ByteLevel()
    if prefix:
        tokenizer.decoder = decoders.Sequence([decoders.Replace(prefix, ""), decoders.ByteLevel()])
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in special_tokens])
    return tokenizer
