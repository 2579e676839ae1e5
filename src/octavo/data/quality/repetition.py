"""Repetition: which share of a text repeats itself, by lines, paragraphs and word sequences (Rae et al. 2021, A.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from octavo.data.quality.columns import Columns, Hashes, Ints

Floats = NDArray[np.float64]
_PARAGRAPHS = re.compile(r"\n{2,}")
_LINES = re.compile(r"\n+")


def repeats(parts: Sequence[str]) -> tuple[int, int]:
    """How many parts repeat an earlier one, and how many characters these have."""
    seen = set(parts)
    if len(seen) == len(parts):
        return 0, 0
    return len(parts) - len(seen), sum(map(len, parts)) - sum(map(len, seen))


def repeated_parts(text: str) -> tuple[float, float, float, float]:
    """Shares of repeated paragraphs, of their characters, of repeated lines, of their characters."""
    if "\n" not in text or not text:
        return 0.0, 0.0, 0.0, 0.0
    paragraphs, lines = _PARAGRAPHS.split(text.strip()), _LINES.split(text)
    same_paragraphs, in_paragraphs = repeats(paragraphs)
    same_lines, in_lines = repeats(lines)
    size = len(text)
    return same_paragraphs / len(paragraphs), in_paragraphs / size, same_lines / len(lines), in_lines / size


class Sequences:
    """Word sequences of growing length that occur more than once in their text.

    A sequence that repeats begins with a shorter one that does, so that after pairs few places are left to look at.
    """

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._size = 1
        self._at: Ints = np.arange(len(columns.owner))
        self._ends: Ints = np.concatenate(([0], np.cumsum(columns.lengths)))
        self._keys: Hashes = np.zeros(0, np.uint64)
        self._edges: Ints = np.zeros(0, np.int64)

    def forget(self, texts: NDArray[np.bool_]) -> None:
        """Look no further into these texts: what is found from now on says nothing of them."""
        left = ~texts[self._columns.owner[self._at]]
        self._at = self._at[left]

    def grow(self) -> None:
        """Go on to sequences of one word more."""
        columns, self._size = self._columns, self._size + 1
        fits = self._at + self._size <= len(columns.owner)
        at = self._at[fits]
        at = at[columns.owner[at] == columns.owner[at + self._size - 1]]
        salt = columns.owner[at].astype(np.uint64) * np.uint64(0xC2B2AE3D27D4EB4F)
        keys = columns.grams(self._size, at) ^ salt
        order = np.argsort(keys)
        keys, at = keys[order], at[order]
        differs = keys[1:] != keys[:-1]
        again = np.zeros(len(keys), bool)
        again[1:] |= ~differs
        again[:-1] |= ~differs
        keys, at = keys[again], at[again]
        self._at = at
        self._keys = keys
        self._edges = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1]))) if len(keys) else np.zeros(0, int)

    def _characters(self, at: Ints) -> Ints:
        return self._ends[at + self._size] - self._ends[at]

    def top(self) -> Floats:
        """Characters (blanks included) in all occurrences of each text's most frequent sequence; among equally
        frequent ones the first."""
        columns = self._columns
        best = np.zeros(columns.count)
        has = columns.words >= self._size
        starts = columns.first[:-1][has]
        best[has] = self._characters(starts) + self._size - 1
        if len(self._edges):
            times = np.diff(np.append(self._edges, len(self._keys)))
            first = np.minimum.reduceat(self._at, self._edges)
            owner = columns.owner[first]
            order = np.lexsort((first, -times, owner))
            lead = order[np.flatnonzero(np.concatenate(([True], np.diff(owner[order]) > 0)))]
            best[owner[lead]] = times[lead] * (self._characters(first[lead]) + self._size - 1)
        return best

    def repeated(self) -> Floats:
        """Characters (without blanks) of sequences that occurred before, read from the left without overlap."""
        found = np.zeros(self._columns.count)
        order = np.argsort(self._at)
        at = self._at[order]
        sizes = self._characters(at)
        owners = self._columns.owner[at]
        met: set[int] = set()
        free = 0
        for place, key, size, owner in zip(
            at.tolist(), self._keys[order].tolist(), sizes.tolist(), owners.tolist(), strict=True
        ):
            if place < free:
                continue
            if key in met:
                found[owner] += size
                free = place + self._size
            else:
                met.add(key)
        return found
