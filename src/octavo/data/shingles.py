"""Shingles: texts as sets of hashed word triples, and MinHash signatures of such sets."""

from __future__ import annotations

import re

import numpy as np
import xxhash
from numpy.typing import NDArray

_WORD = re.compile(r"\w+")
_SIZE = 3
_MIX = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)

Shingles = NDArray[np.uint64]


class Shingler:
    """Turns texts into sorted arrays of distinct 64-bit shingles; remembers the hashes of words it has met."""

    def __init__(self) -> None:
        self._words: dict[str, int] = {}

    def __call__(self, text: str) -> Shingles:
        """The distinct shingles of three lower-cased words; of shorter texts, the whole."""
        known = self._words
        hashes = []
        for word in _WORD.findall(text.lower()):
            value = known.get(word)
            if value is None:
                if len(known) > 1_000_000:
                    known.clear()
                value = known[word] = xxhash.xxh64_intdigest(word.encode())
            hashes.append(value)
        words = np.array(hashes, dtype=np.uint64)
        size = min(_SIZE, len(words))
        if size == 0:
            return words
        count = len(words) - size + 1
        mixed = np.zeros(count, dtype=np.uint64)
        for at in range(size):
            mixed = (mixed ^ words[at : at + count]) * np.uint64(_MIX[at])
            mixed ^= mixed >> np.uint64(29)
        return np.unique(mixed)


def jaccard(one: Shingles, other: Shingles) -> float:
    """Size of the intersection over that of the union, exactly."""
    common = np.intersect1d(one, other, assume_unique=True).size
    union = one.size + other.size - common
    return common / union if union else 0.0


class MinHash:
    """Signatures of `bands` × `rows` 32-bit minima (Broder 1997), by multiply-shift hashing with a fixed seed."""

    def __init__(self, bands: int, rows: int) -> None:
        self.bands, self.rows = bands, rows
        random = np.random.Generator(np.random.PCG64(20))
        self._a = random.integers(0, 2**63, bands * rows, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
        self._b = random.integers(0, 2**63, bands * rows, dtype=np.uint64)

    def keys(self, shingles: Shingles) -> NDArray[np.uint64]:
        """One key per band, shape [bands]; sets with Jaccard similarity J share a key with probability J**rows."""
        minima = np.full(self._a.shape, np.iinfo(np.uint32).max, dtype=np.uint32)
        for start in range(0, shingles.size, 4096):
            part = shingles[start : start + 4096, None]
            hashed = ((part * self._a + self._b) >> np.uint64(32)).astype(np.uint32)
            np.minimum(minima, hashed.min(axis=0), out=minima)
        keys = np.zeros(self.bands, dtype=np.uint64)
        for row in minima.reshape(self.bands, self.rows).T.astype(np.uint64):
            keys = (keys ^ row) * np.uint64(_MIX[0])
            keys ^= keys >> np.uint64(31)
        return keys


def bands_for(threshold: float, hashes: int = 128) -> tuple[int, int]:
    """(bands, rows) with the most rows, so the fewest false candidates, that still find 99.5 % of pairs at
    `threshold`."""
    for rows in range(16, 0, -1):
        bands = hashes // rows
        if 1 - (1 - threshold**rows) ** bands >= 0.995:
            return bands, rows
    return hashes, 1
