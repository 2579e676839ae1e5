"""Rolling: hashes of all runs of n characters of many texts at once, and the choice of some of them as anchors.

The choice is winnowing (Schleimer, Wilkerson and Aiken 2003): of each `window` neighbouring runs the one with the least
hash is an anchor (the last of equals), so that any two equal pieces of `window + n - 1` characters have one in common.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLOCK = 2**17
"""Characters worked on at once: what fits the processor's cache."""

Points = NDArray[np.uint32]
Hashes = NDArray[np.uint64]

_FACTORS = np.array(
    [
        [0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB],
        [0xC2B2AE3D27D4EB4F, 0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53],
    ],
    dtype=np.uint64,
)


@dataclass(frozen=True)
class Block:
    """Pieces of texts, one after the other, as code points."""

    points: Points
    starts: NDArray[np.int64]
    """Where each piece begins in `points`, and the end of the last."""
    rows: NDArray[np.int64]
    """The record of each piece."""
    offsets: NDArray[np.int64]
    """Where each piece begins in its text."""

    def inside(self, width: int) -> NDArray[np.bool_]:
        """At which places a run of `width` characters lies within one piece."""
        ends = self.starts[1:]
        change = np.zeros(len(self.points) + 1, np.int32)
        np.add.at(change, np.maximum(ends - width + 1, self.starts[:-1]), 1)
        np.add.at(change, ends, -1)
        return np.cumsum(change[:-1]) == 0

    def where(self, places: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The record and the offset in its text of places in `points`."""
        piece = np.searchsorted(self.starts, places, side="right") - 1
        return self.rows[piece], places - self.starts[piece] + self.offsets[piece]


def blocks(texts: Iterable[str], width: int, size: int = BLOCK) -> Iterator[Block]:
    """The texts as blocks of about `size` characters. A longer text is cut into pieces that overlap so that each run of
    `width` characters lies in exactly one; a text shorter than that is left out."""
    pieces: list[str] = []
    rows: list[int] = []
    offsets: list[int] = []
    held = 0
    for row, text in enumerate(texts):
        for at in range(0, len(text) - width + 1, size):
            pieces.append(text[at : at + size + width - 1])
            rows.append(row)
            offsets.append(at)
            held += len(pieces[-1])
            if held >= size:
                yield _block(pieces, rows, offsets)
                pieces, rows, offsets, held = [], [], [], 0
    if pieces:
        yield _block(pieces, rows, offsets)


def _block(pieces: list[str], rows: list[int], offsets: list[int]) -> Block:
    points = np.frombuffer("".join(pieces).encode("utf-32-le"), "<u4")
    starts = np.concatenate([[0], np.cumsum([len(piece) for piece in pieces])])
    return Block(points, starts, np.array(rows, np.int64), np.array(offsets, np.int64))


def run_hashes(points: Points, width: int, which: int = 0) -> Hashes:
    """Hashes of all runs of `width` characters (there are `len(points) - width + 1`); `which` of two independent
    functions. Halves are folded: log2(width) steps over the whole array."""
    mixed = (points.astype(np.uint64) + np.uint64(1)) * _FACTORS[which, 1]
    mixed ^= mixed >> np.uint64(31)
    done = 1
    while done < width:
        step = min(done, width - done)
        mixed = _fold(mixed[: len(mixed) - step], mixed[step:], which)
        done += step
    return mixed


def _fold(left: Hashes, right: Hashes, which: int) -> Hashes:
    first, second, third = _FACTORS[which]
    out = left * first
    out ^= right + third
    out ^= out >> np.uint64(29)
    out *= second
    out ^= out >> np.uint64(32)
    return out


def anchors(hashes: Hashes, inside: NDArray[np.bool_], window: int) -> NDArray[np.int64]:
    """The places whose hash is the least of some `window` neighbours, the last of equals; in order.

    Decided by the upper 40 bits: the lower 24 hold the place, which must be less than 2**24.
    """
    count = len(hashes)
    if not count:
        return np.empty(0, np.int64)
    place_bits = np.uint64(2**24 - 1)
    keys = (hashes & ~place_bits) | (place_bits - np.arange(count, dtype=np.uint64))
    none = np.uint64(2**64 - 1)
    keys[~inside[:count]] = none
    if count < window:
        keys = np.append(keys, np.full(window - count, none))
    done = 1
    least = keys
    while done < window:
        step = min(done, window - done)
        least = np.minimum(least[: len(least) - step], least[step:])
        done += step
    chosen = least[np.append(True, least[1:] != least[:-1])]
    return (place_bits - (chosen[chosen != none] & place_bits)).astype(np.int64)
