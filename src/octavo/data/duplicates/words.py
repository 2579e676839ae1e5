"""Words: many texts at once as arrays of hashed words and of hashed word triples (shingles)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

U8, U32, U64, I64 = NDArray[np.uint8], NDArray[np.uint32], NDArray[np.uint64], NDArray[np.int64]

SIZE = 3
"""Words in a shingle."""
BATCH = 1 << 18
"""Code points that are worked on at once: their arrays fit into a processor's cache."""

_UNKNOWN, _GAP, _WORD, _ALONE = 0, 1, 2, 3
_BASE, _MIX, _MORE = 0x9E3779B97F4A7C15 | 1, np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9)
_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x31FF),  # CJK radicals, Kana, Bopomofo
    (0x3400, 0x9FFF),  # CJK ideographs
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9D),
    (0x1B000, 0x1B16F),
    (0x20000, 0x3FFFF),
)
"""Scripts that are written without blanks: each of their letters counts as a word."""


class Words:
    """Cuts texts into lower-cased words, by numpy over the code points of many texts at once.

    A word is a run of letters, digits, marks and `_`; letters of scripts without blanks are words of their own; in a
    text without any word, each visible character is one.
    """

    def __init__(self) -> None:
        self._classes = np.zeros(0x110000, np.uint8)
        self._classes[:128] = [_class(code) for code in range(128)]
        self._powers = _powers(_BASE, BATCH + 1)
        self._inverse = _powers(pow(_BASE, -1, 2**64), BATCH + 1)

    def batches(self, texts: Iterable[str]) -> Iterator[tuple[int, U64, I64]]:
        """(how many texts, hashes of their words, words of each) for as many texts at a time as fit a batch."""
        waiting: list[str] = []
        size = 0
        for text in texts:
            lowered = text.lower()
            if waiting and size + len(lowered) > BATCH:
                yield (len(waiting), *self._hashed(waiting))
                waiting, size = [], 0
            waiting.append(lowered)
            size += len(lowered)
        if waiting:
            yield (len(waiting), *self._hashed(waiting))

    def _hashed(self, texts: Sequence[str]) -> tuple[U64, I64]:
        if len(texts) == 1 and len(texts[0]) > BATCH:
            parts = [self._plain([piece])[0] for piece in _pieces(texts[0])]
            words = np.concatenate(parts)
            counts = np.array([len(words)])
        else:
            words, counts = self._plain(texts)
        if (counts == 0).any():
            words, counts = _with_characters(texts, words, counts)
        return words, counts

    def _plain(self, texts: Sequence[str]) -> tuple[U64, I64]:
        joined = "".join(texts)
        if joined.isascii():
            codes = np.frombuffer(joined.encode("ascii"), np.uint8)
            classes = self._classes[:128][codes]
        else:
            codes = np.frombuffer(joined.encode("utf-32-le"), np.uint32)
            classes = self._classes[codes]
            if not classes.all():
                for code in np.unique(codes[classes == _UNKNOWN]).tolist():
                    self._classes[code] = _class(code)
                classes = self._classes[codes]
        borders = np.fromiter(accumulate(map(len, texts), initial=0), np.int64, len(texts) + 1)
        within = classes > _GAP
        first = within.copy()
        if len(first):
            # the first character of a word: what comes before it is a gap, or one of both stands alone
            first[1:] &= (classes[:-1] != _WORD) | (classes[1:] == _ALONE)
            heads = borders[:-1][borders[:-1] < len(first)]
            first[heads] = within[heads]
        starts = np.flatnonzero(first)
        counts = np.diff(np.searchsorted(starts, borders))
        if not len(starts):
            return np.zeros(0, np.uint64), counts
        values = codes.astype(np.uint64)
        values *= self._powers[: len(values)]
        values *= within
        words = np.add.reduceat(values, starts) * self._inverse[starts]
        words ^= words >> np.uint64(32)
        words *= _MIX
        words ^= words >> np.uint64(29)
        return words, counts


def _class(code: int) -> int:
    sign = chr(code)
    if not (sign.isalnum() or sign == "_" or unicodedata.category(sign)[0] == "M"):
        return _GAP
    return _ALONE if any(low <= code <= high for low, high in _UNSPACED) else _WORD


def _powers(base: int, count: int) -> U64:
    powers = np.full(count, base, np.uint64)
    powers[0] = 1
    return np.multiply.accumulate(powers)


def _pieces(text: str) -> Iterator[str]:
    """A long text cut at blanks, where there are any."""
    at = 0
    while at < len(text):
        end = at + BATCH
        if end < len(text):
            blank = max(text.rfind(" ", at, end), text.rfind("\n", at, end))
            end = blank + 1 if blank > at else end
        yield text[at:end]
        at = end


def _with_characters(texts: Sequence[str], words: U64, counts: I64) -> tuple[U64, I64]:
    """The same, with the visible characters of the texts that have no word."""
    starts = np.cumsum(counts) - counts
    parts, sizes = [], []
    for text, start, count in zip(texts, starts.tolist(), counts.tolist(), strict=True):
        mine = words[start : start + count]
        if not count and not text.isspace():
            mine = np.frombuffer("".join(text.split()).encode("utf-32-le"), np.uint32).astype(np.uint64) * _MORE
            mine ^= mine >> np.uint64(32)
        parts.append(mine)
        sizes.append(len(mine))
    return np.concatenate(parts), np.array(sizes, np.int64)


def shingles(words: U64, counts: I64) -> tuple[U32, I64]:
    """(32-bit hashes of the distinct word triples of each text, sorted text by text; how many each has).

    A text of one or two words is one shingle; of none, none.
    """
    ends = np.cumsum(counts)
    starts = ends - counts
    padded = np.concatenate([words, np.zeros(SIZE - 1, np.uint64)])
    text = np.repeat(np.arange(len(counts), dtype=np.uint64), counts)
    within = np.arange(len(words)) + SIZE <= np.repeat(ends, counts)
    mixed = words.copy()
    few = (counts > 0) & (counts < SIZE)
    for at in range(1, SIZE):
        following = padded[at : at + len(words)]
        if few.any():
            following = following.copy()
            following[starts[few & (counts <= at)]] = 0
        mixed *= _MIX
        mixed ^= mixed >> np.uint64(32)
        mixed += following
    within[starts[few]] = True
    mixed *= _MORE
    mixed ^= mixed >> np.uint64(29)
    mixed *= _MIX
    keys = (text[within] << np.uint64(32)) | (mixed[within] >> np.uint64(32))
    keys.sort()
    if len(keys):
        fresh = np.empty(len(keys), bool)
        fresh[0] = True
        np.not_equal(keys[1:], keys[:-1], out=fresh[1:])
        keys = keys[fresh]
    sizes = np.bincount((keys >> np.uint64(32)).astype(np.int64), minlength=len(counts))
    return keys.astype(np.uint32), sizes
