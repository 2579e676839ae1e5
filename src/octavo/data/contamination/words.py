"""Words: texts as arrays of word hashes with their places, so that millions of characters are compared at once.

Words are runs of letters and digits without case and accents; each character of a script that is written without
spaces is a word of its own. Punctuation, markup and spacing therefore never hide a copy.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]

_BLOCK = 2**19
"""Characters that are hashed at once: bounds the memory, not the result."""
_BASE = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_BMP = 0x10000
_IGNORED = (*range(0x300, 0x370), 0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF)
_SINGLE = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x9FFF), (0xF900, 0xFAFF))
"""Thai and Lao, Burmese, Khmer, kana, Chinese characters: no spaces between words."""

NUMBER_WORDS = (
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million half twice thrice double "
    "triple third quarter dozen"
)


@dataclass(frozen=True)
class Words:
    """The words of some texts in a row: hash, and code points [start, end) into the text that the word is of."""

    hashes: Hashes
    starts: Places
    ends: Places
    bounds: Places
    """Text t has the words bounds[t] to bounds[t + 1]."""
    digits: NDArray[np.bool_]
    """Whether the word begins with a digit."""


def words_of(texts: Sequence[str]) -> Words:
    """The words of each text. Equal words have equal hashes in every process and on every machine."""
    codes = np.frombuffer("\0".join(texts).encode("utf-32-le", "surrogatepass"), dtype="<u4")
    places = np.cumsum([0, *(len(text) + 1 for text in texts)])
    found: list[tuple[Hashes, Places, Places, NDArray[np.bool_]]] = []
    start = 0
    while start < len(codes):
        end = _cut(codes, start)
        found.append(_hashed(codes[start:end], start))
        start = end
    if found:
        hashes, starts, ends, digits = (np.concatenate(parts) for parts in zip(*found, strict=True))
    else:
        hashes, starts, ends, digits = np.zeros(0, np.uint64), *(np.zeros(0, np.int64),) * 2, np.zeros(0, np.bool_)
    bounds = np.searchsorted(starts, places)
    shift = np.repeat(places[:-1], np.diff(bounds))
    return Words(hashes, starts - shift, ends - shift, bounds, digits)


@functools.cache
def number_words() -> frozenset[int]:
    """Hashes of the words that say a number; "one" is not among them, as it rarely does."""
    return frozenset(words_of([NUMBER_WORDS]).hashes.tolist())


def grams_of(hashes: Hashes, n: int) -> Hashes:
    """The hash of each run of `n` words; one for each word that has n - 1 behind it."""
    count = max(0, len(hashes) - n + 1)
    grams = np.zeros(count, np.uint64)
    for k in range(n):
        grams = grams * _BASE + hashes[k : k + count]
    return _mixed(grams)


def _cut(codes: NDArray[np.uint32], start: int) -> int:
    """Where the block that begins at `start` ends: behind a character that is in no word, if there is one."""
    end = start + _BLOCK
    if end >= len(codes):
        return len(codes)
    folded, _ = _folding()
    for back in range(end, start, -4096):
        piece = codes[max(start, back - 4096) : back]
        between = np.flatnonzero((folded[np.minimum(piece, _BMP - 1)] == 0) & (piece < _BMP))
        if len(between):
            return max(start, back - 4096) + int(between[-1]) + 1
    return end


def _hashed(codes: NDArray[np.uint32], offset: int) -> tuple[Hashes, Places, Places, NDArray[np.bool_]]:
    places = None
    top = int(codes.max(initial=0))
    if top > 0xAC:
        ignored = np.isin(codes, _IGNORED)
        if ignored.any():
            places = np.flatnonzero(~ignored)
            codes = codes[places]
    table, single_table = _folding()
    if top >= _BMP:
        codes = _within_bmp(codes)
    folded = table[codes]
    inside = np.zeros(len(folded) + 2, np.bool_)
    inside[1:-1] = folded != 0
    starting, ending = inside[1:-1] & ~inside[:-2], inside[1:-1] & ~inside[2:]
    if top >= 0xE00:
        single = np.zeros(len(folded) + 2, np.bool_)
        single[1:-1] = single_table[codes]
        starting |= inside[1:-1] & (single[1:-1] | single[:-2])
        ending |= inside[1:-1] & (single[1:-1] | single[2:])
    starts, lasts = np.flatnonzero(starting), np.flatnonzero(ending)
    powers, inverse = _powers()
    sums = np.cumsum(_values()[folded] * powers[: len(folded)], dtype=np.uint64)
    before = np.where(starts > 0, sums[starts - 1], np.uint64(0)) if len(sums) else sums
    hashes = _mixed((sums[lasts] - before) * inverse[starts])
    digits = (folded[starts] >= 48) & (folded[starts] <= 57)
    if places is not None:
        return hashes, places[starts] + offset, places[lasts] + 1 + offset, digits
    return hashes, starts + offset, lasts + 1 + offset, digits


def _mixed(values: Hashes) -> Hashes:
    values = values ^ (values >> np.uint64(29))
    values = values * _MIX
    return np.asarray(values ^ (values >> np.uint64(32)), dtype=np.uint64)


@functools.cache
def _powers() -> tuple[Hashes, Hashes]:
    """Powers of the base and of its inverse, both modulo 2⁶⁴."""
    inverse = np.uint64(pow(int(_BASE), -1, 2**64))
    both = []
    for factor in (_BASE, inverse):
        row = np.full(_BLOCK, factor, np.uint64)
        row[0] = 1
        both.append(np.cumprod(row, dtype=np.uint64))
    return both[0], both[1]


@functools.cache
def _values() -> Hashes:
    """What each folded character counts for in a hash; characters in no word count nothing."""
    values = _mixed(np.arange(1, _BMP + 1, dtype=np.uint64) * _BASE)
    values[0] = 0
    return values


@functools.cache
def _folding() -> tuple[NDArray[np.uint16], NDArray[np.bool_]]:
    """For each code point below 2¹⁶: the character it counts as (0: in no word), and whether it is a word alone."""
    folded = np.array([_folded(code) for code in range(_BMP)], np.uint16)
    single = np.zeros(_BMP, np.bool_)
    for low, high in _SINGLE:
        single[low : high + 1] = True
    return folded, single


def _folded(code: int) -> int:
    if 0xD800 <= code < 0xE000:
        return 0
    char = chr(code)
    plain = unicodedata.normalize("NFKD", char)[:1].casefold()[:1]
    if not plain or unicodedata.category(char)[0] not in "LNM":
        return 0
    return ord(plain) if ord(plain) < _BMP else 0


def _within_bmp(codes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Characters beyond 2¹⁶ by their plain form where it lies below (𝐀 is a), else by a private place of their own."""
    high = codes >= _BMP
    kinds, inverse = np.unique(codes[high], return_inverse=True)
    plain = []
    for code in kinds.tolist():
        normal = ord(unicodedata.normalize("NFKD", chr(code))[0])
        letter = unicodedata.category(chr(code))[0] in "LN"
        plain.append(normal if normal < _BMP else (0x3400 + code % 0x1000 if letter else 0))
    codes = codes.copy()
    codes[high] = np.array(plain, np.uint32)[inverse.ravel()]
    return codes
