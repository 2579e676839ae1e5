"""Features: texts as hashed counts of their words and of the four-sign pieces of them, many texts at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from octavo.data.repeats.rolling import run_hashes

HALF = 2**16
"""Columns for words, and as many for pieces."""
COLUMNS = 2 * HALF
PIECE = 4
WORD_SHARE = 0.7
"""How much of a vector's squared length the words have; the rest is the pieces', which forgive spelling and endings."""

_WORD = re.compile(r"\w+")
_BASE = 0x9E3779B97F4A7C15 | 1
_BASE_INVERSE = pow(_BASE, -1, 2**64)
_powers: dict[str, NDArray[np.uint64]] = {}


@dataclass(frozen=True)
class Counts:
    """Rows of features: text i has `columns[first[i]:first[i + 1]]`, sorted, with their `counts`."""

    first: NDArray[np.int64]
    columns: NDArray[np.int32]
    counts: NDArray[np.int32]


def count_features(texts: Sequence[str]) -> Counts:
    """The features of texts, which are compared without regard to case and punctuation."""
    spoken = [_WORD.findall(text.lower()) for text in texts]
    words = [word for found in spoken for word in found]
    joined = " ".join([*words, ""])
    points = np.frombuffer(joined.encode("utf-32-le"), "<u4")
    lengths = np.array([len(word) for word in words], np.int64)
    starts = np.cumsum(lengths + 1) - lengths - 1
    owner = np.repeat(np.arange(len(texts)), [len(found) for found in spoken])
    word_columns = (_word_hashes(points, starts, lengths) >> np.uint64(40)) % np.uint64(HALF)
    keys = [owner * COLUMNS + word_columns.astype(np.int64)]
    if len(points) >= PIECE:
        piece_columns = (run_hashes(points, PIECE) >> np.uint64(40)) % np.uint64(HALF) + np.uint64(HALF)
        # a piece belongs to the text of its first sign; one that reaches into the next text says nothing of either
        owners = np.repeat(owner, lengths + 1)[: len(points)]
        inside = owners[: len(piece_columns)] == owners[PIECE - 1 :]
        keys.append((owners[: len(piece_columns)] * COLUMNS + piece_columns.astype(np.int64))[inside])
    ordered = np.sort(np.concatenate(keys))
    begins = np.flatnonzero(np.diff(ordered, prepend=-1))
    unique = ordered[begins]
    first = np.searchsorted(unique, np.arange(len(texts) + 1, dtype=np.int64) * COLUMNS)
    counts = np.diff(np.append(begins, len(ordered))).astype(np.int32)
    return Counts(first, (unique % COLUMNS).astype(np.int32), counts)


def _word_hashes(
    points: NDArray[np.uint32], starts: NDArray[np.int64], lengths: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """A hash of each word: the sum of its signs times powers of a base, shifted to the word's start."""
    size = len(points) + 1
    if len(_powers.get("up", ())) < size:
        room = max(size, 2**18)
        for name, factor in (("up", _BASE), ("down", _BASE_INVERSE)):
            grown = np.full(room, factor, np.uint64)
            grown[0] = 1
            _powers[name] = np.cumprod(grown)
    signs = (points.astype(np.uint64) + np.uint64(1)) * np.uint64(0xC2B2AE3D27D4EB4F)
    signs ^= signs >> np.uint64(31)
    sums = np.zeros(size, np.uint64)
    np.cumsum(signs * _powers["up"][: size - 1], out=sums[1:])
    hashes = (sums[starts + lengths] - sums[starts]) * _powers["down"][starts]
    hashes ^= hashes >> np.uint64(32)
    hashes *= np.uint64(0xFF51AFD7ED558CCD)
    mixed: NDArray[np.uint64] = hashes ^ (hashes >> np.uint64(33))
    return mixed


def weigh(found: Counts, rarity: NDArray[np.float32]) -> NDArray[np.float32]:
    """The values of the features: (1 + log count) times the rarity of the column, each half of a text scaled to its
    share of length 1."""
    values = ((1 + np.log(found.counts)) * rarity[found.columns]).astype(np.float64)
    texts = np.repeat(np.arange(len(found.first) - 1), np.diff(found.first))
    half = 2 * texts + (found.columns >= HALF)
    squares = np.bincount(half, values * values, minlength=2 * (len(found.first) - 1)).astype(np.float64)
    shares = np.tile([WORD_SHARE, 1 - WORD_SHARE], len(found.first) - 1)
    scale = np.sqrt(np.divide(shares, squares, out=np.zeros_like(squares), where=squares > 0))
    weighed: NDArray[np.float32] = (values * scale[half]).astype(np.float32)
    return weighed
