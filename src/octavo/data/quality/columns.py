"""Columns: many texts as one array of code points with their words as columns, so that rules are sums over columns."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]

BATCH = 250_000
"""Code points worked on at once: enough to hide what a call of numpy costs, few enough for the processor's cache."""
SPACE, LETTER, DIGIT, MARK, PUNCTUATION, SYMBOL = range(6)
_MULTIPLIER = 0x9E3779B97F4A7C15


def batches(texts: Iterable[str], size: int = BATCH) -> Iterator[list[str]]:
    """The texts in their order, in groups of about `size` code points."""
    group: list[str] = []
    held = 0
    for text in texts:
        group.append(text)
        held += len(text)
        if held >= size:
            yield group
            group, held = [], 0
    if group:
        yield group


class Columns:
    """The words of a batch of texts.

    A word is what the tokenizer for English of the reference implementation has as one: letters, digits and what joins
    them without white space ("1,000", "example.org"); an apostrophe begins a word of its own ("it" "'s"), and each mark
    before, behind or dividing them is a word by itself, runs of points or hyphens together.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        self.count = len(texts)
        sizes = np.fromiter((len(text) for text in texts), np.int64, self.count)
        self.characters: Ints = sizes
        codes = np.frombuffer("\n".join([*texts, ""]).encode("utf-32-le", "replace"), np.uint32)
        kinds = _kinds()[codes]
        begins, ends = _words(codes, kinds)
        self.starts, self.lengths = begins, ends - begins
        self.owner: Ints = np.searchsorted(np.cumsum(sizes + 1), begins, side="right")
        """The text that each word stands in."""
        letters = np.concatenate(([0], np.cumsum(kinds == LETTER)))
        self.has_letter = letters[ends] > letters[begins]
        marks = np.concatenate(([0], np.cumsum(kinds == PUNCTUATION)))
        self.is_punctuation = marks[ends] - marks[begins] == self.lengths
        self.hashes = _hashes(codes, begins, ends)
        self.words: Ints = np.bincount(self.owner, minlength=self.count)
        self.first: Ints = np.concatenate(([0], np.cumsum(self.words)))
        """Place of each text's first word; one more entry for the end."""

    def per_text(self, values: NDArray[np.bool_] | Ints) -> NDArray[np.float64]:
        """Sum of a column over the words of each text."""
        return np.bincount(self.owner, weights=values, minlength=self.count)

    def grams(self, size: int, at: Ints) -> Hashes:
        """Hashes of the `size` words that begin at each of the places `at`, which must lie inside one text."""
        mixed = np.zeros(len(at), np.uint64)
        for step in range(size):
            mixed = (mixed ^ self.hashes[at + step]) * np.uint64(_MULTIPLIER)
            mixed ^= mixed >> np.uint64(31)
        return mixed

    def places(self, size: int) -> Ints:
        """Where `size` words of one text begin."""
        at = np.arange(max(0, len(self.owner) - size + 1))
        return at[self.owner[at] == self.owner[at + size - 1]] if len(at) else at


def hashes_of(words: Sequence[str]) -> Hashes:
    """The hashes that these words have as columns, to look for them there."""
    columns = Columns(words)
    assert columns.count == len(columns.hashes), "each must be one word"
    return columns.hashes


@cache
def _kinds() -> NDArray[np.uint8]:
    """Code point → space, letter, digit, mark (joins letters), punctuation, symbol."""
    table = np.full(0x110000, SYMBOL, np.uint8)
    by_letter = {"L": LETTER, "N": DIGIT, "M": MARK, "P": PUNCTUATION, "Z": SPACE, "C": PUNCTUATION, "S": SYMBOL}
    last = 0x20000
    table[:last] = [by_letter[unicodedata.category(chr(code))[0]] for code in range(last)]
    table[last:0x323B0] = LETTER
    for code in "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f\x85":
        table[ord(code)] = SPACE
    table[ord("_")] = DIGIT  # joins as in identifiers, but is no letter
    for code in "`~^<>|$+=":
        table[ord(code)] = PUNCTUATION
    return table


def _words(codes: NDArray[np.uint32], kinds: NDArray[np.uint8]) -> tuple[Ints, Ints]:
    """Begins and ends of all words."""
    written = kinds != SPACE
    word = (kinds >= LETTER) & (kinds <= MARK)
    begins_anew = np.zeros(0, np.int64)
    marks = np.flatnonzero(written & ~word)
    if len(marks):
        inner = marks[_inside(marks, word, written)]
        apostrophes = np.isin(codes[inner], _APOSTROPHES) & (kinds[inner - 1] == LETTER) & (kinds[inner + 1] == LETTER)
        begins_anew = inner[apostrophes]
        word[inner[apostrophes | ~_splits(inner, codes, kinds)]] = True
    starts = written.copy()
    starts[1:] &= ~(word[:-1] & word[1:])
    starts[begins_anew] = True
    runs = marks[(marks > 0) & ((codes[marks] == ord(".")) | (codes[marks] == ord("-")))]
    starts[runs[(codes[runs] == codes[runs - 1]) & ~word[runs]]] = False
    ends = written.copy()
    ends[:-1] &= ~written[1:] | starts[1:]
    return np.flatnonzero(starts), np.flatnonzero(ends) + 1


def _inside(marks: Ints, word: NDArray[np.bool_], written: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether each mark has a letter or digit before it and behind it with no white space between."""
    blanks = np.flatnonzero(~written)  # the last code point is one
    counted = np.cumsum(word, dtype=np.int32)
    place = np.searchsorted(blanks, marks)
    right = counted[blanks[place]] > counted[marks]
    left = counted[marks] > np.where(place > 0, counted[blanks[place - 1]], 0)
    return left & right


def _splits(inner: Ints, codes: NDArray[np.uint32], kinds: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which marks inside of a run without white space divide it: as the reference tokenizer has it, hyphens between two
    letters or two digits, strokes and colons before a letter, commas between letters, a point between sentences."""
    code, left, right = codes[inner], kinds[inner - 1], kinds[inner + 1]
    letters, digits = (left == LETTER) & (right == LETTER), (left == DIGIT) & (right == DIGIT)
    twice = (code == codes[inner - 1]) | (code == codes[inner + 1])
    upper = (codes[inner + 1] >= ord("A")) & (codes[inner + 1] <= ord("Z"))
    lower = (codes[inner - 1] >= ord("a")) & (codes[inner - 1] <= ord("z"))
    hyphen = (code == ord("-")) | (code == ord("~"))
    found = (code >= 128) | (hyphen & (letters | digits | twice))
    found |= (code == ord(".")) & ((lower & upper) | twice)
    found |= (code == ord(",")) & letters
    found |= ((code == ord("+")) | (code == ord("*")) | (code == ord("^"))) & digits
    return found | (np.isin(code, _BEFORE_LETTERS) & ((left == LETTER) | (left == DIGIT)) & (right == LETTER))


_APOSTROPHES = np.array([ord("'"), 0x2019], np.uint32)
_BEFORE_LETTERS = np.array([ord(c) for c in ":<>=/"], np.uint32)


@cache
def _powers(size: int) -> tuple[Hashes, Hashes]:
    """Powers of an odd number and of its inverse modulo 2**64."""
    base = 0xD6E8FEB86659FD93
    with np.errstate(over="ignore"):
        up = np.cumprod(np.full(size, base, np.uint64))
        down = np.cumprod(np.full(size, pow(base, -1, 2**64), np.uint64))
    return up, down


def _hashes(codes: NDArray[np.uint32], begins: Ints, ends: Ints) -> Hashes:
    """A hash of each word that depends on its characters only: a polynomial in mixed code points."""
    mixed = (codes.astype(np.uint64) + np.uint64(1)) * np.uint64(_MULTIPLIER)
    mixed ^= mixed >> np.uint64(32)
    mixed *= np.uint64(0xC2B2AE3D27D4EB4F)
    mixed ^= mixed >> np.uint64(29)
    size = 1 << (len(codes)).bit_length()
    up, down = _powers(size)
    sums = np.zeros(len(codes) + 1, np.uint64)
    np.cumsum(mixed * up[: len(codes)], out=sums[1:])
    found = (sums[ends] - sums[begins]) * down[begins]
    found ^= found >> np.uint64(32)
    return found
