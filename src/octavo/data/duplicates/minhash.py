"""MinHash: keys by which texts with much in common fall into the same buckets (Broder 1997, banding)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

U32, U64, I64 = NDArray[np.uint32], NDArray[np.uint64], NDArray[np.int64]

HASHES = 160
BLOCK = 1 << 16
"""Shingles hashed at once: they and their hashes stay in a processor's cache."""
_MIX, _MORE = np.uint32(0x9E3779B1), np.uint32(0x85EBCA6B)


def bands_for(threshold: float, found: float = 0.85) -> tuple[int, int]:
    """(bands, rows) with the most rows, so the fewest needless comparisons, that still bring together a share `found`
    of the pairs which have just the Jaccard similarity `threshold`; of more similar pairs it is more.

    With r rows in b bands the share is 1 − (1 − J^r)^b.
    """
    for rows in range(16, 1, -1):
        bands = HASHES // rows
        if 1 - (1 - threshold**rows) ** bands >= found:
            return bands, rows
    return HASHES // 2, 2


class MinHash:
    """Keys of `bands` bands of `rows` 32-bit minima each, by multiply-add hashing with a fixed seed."""

    def __init__(self, bands: int, rows: int) -> None:
        self.bands, self.rows = bands, rows
        random = np.random.Generator(np.random.PCG64(20))
        self._a = random.integers(0, 2**31, bands * rows, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
        self._b = random.integers(0, 2**32, bands * rows, dtype=np.uint32)

    def keys(self, shingles: U32, sizes: I64) -> U32:
        """One key a band, shape [bands, texts]; two texts share one with probability J**rows. `shingles` are those of
        text after text, `sizes` how many each has; keys of a text without any are 0 and mean nothing."""
        keys = np.zeros((self.bands, len(sizes)), np.uint32)
        some = np.flatnonzero(sizes)
        starts = (np.cumsum(sizes) - sizes)[some]
        at = 0
        while at < len(some):
            begin = int(starts[at])
            end = max(at + 1, int(np.searchsorted(starts, begin + BLOCK)))
            stop = int(starts[end]) if end < len(some) else len(shingles)
            keys[:, some[at:end]] = self._block(shingles[begin:stop], starts[at:end] - begin)
            at = end
        return keys

    def _block(self, shingles: U32, starts: I64) -> U32:
        keys = np.zeros((self.bands, len(starts)), np.uint32)
        hashed = np.empty_like(shingles)
        for at, (a, b) in enumerate(zip(self._a, self._b, strict=True)):
            np.multiply(shingles, a, out=hashed)
            np.add(hashed, b, out=hashed)
            key = keys[at // self.rows]
            key ^= np.minimum.reduceat(hashed, starts)
            key *= _MIX
            key ^= key >> np.uint32(15)
            key *= _MORE
            key ^= key >> np.uint32(13)
        return keys
