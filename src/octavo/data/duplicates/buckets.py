"""Buckets: brings together the records that share a key of a band, band by band, from the sorted keys of sketches."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from octavo.data.duplicates.census import NOWHERE
from octavo.data.duplicates.columns import Columns, write_columns

U64 = NDArray[np.uint64]

TOGETHER = 1 << 21
"""Keys in memory at once; of more records, each band is worked on in ranges of keys."""
PER_TASK = 1 << 23
"""Keys that one task goes through."""
HEADS, NEIGHBOURS = 8, 4
"""In a bucket of more than their sum, each record is compared with this many of the first to survive, and with this
many that stand next before it: work grows with the size of the bucket, not its square. What is lost: in a bucket of
boilerplate, a record may not meet a copy of itself that no other of its buckets brings it together with."""


@dataclass(frozen=True)
class Bucketing:
    """Ranges of keys (band, from, to) that one task pairs up."""

    sketches: tuple[Path, ...]
    census: Path
    ranges: tuple[tuple[int, int, int], ...]


def bucketings(sketches: Sequence[Path], census: Path, bands: int, records: int) -> list[Bucketing]:
    """The tasks for all keys of all bands."""
    parts = max(1, -(-records // TOGETHER))
    edges = [2**32 * at // parts for at in range(parts + 1)]
    ranges = [(band, low, high) for band in range(bands) for low, high in itertools.pairwise(edges)]
    each = max(1, PER_TASK * parts // max(1, records))
    return [Bucketing(tuple(sketches), census, tuple(ranges[at : at + each])) for at in range(0, len(ranges), each)]


def pair_up(task: Bucketing, target: Path) -> None:
    """Write the pairs (rank of the later · 2³² + rank of the earlier) that meet in some bucket, each once, sorted."""
    with Columns(task.census) as census:
        rank, first = census.read("rank"), census.read("first")
    found = np.zeros(0, np.uint64)
    waiting: list[U64] = []
    for band, low, high in task.ranges:
        keys = _placed(task.sketches, band, low, high, rank, first)
        waiting += list(meetings(keys))
        if sum(map(len, waiting)) > TOGETHER:
            found, waiting = np.unique(np.concatenate([found, *waiting])), []
    write_columns(target, {"pairs": np.unique(np.concatenate([found, *waiting]))})


def _placed(
    sketches: Sequence[Path], band: int, low: int, high: int, rank: NDArray[np.uint32], first: NDArray[np.int64]
) -> U64:
    """The keys of a range with the ranks of their records, sorted (key · 2³² + rank)."""
    parts = []
    for path, start in zip(sketches, first.tolist()):
        with Columns(path) as columns:
            keys = columns.read(f"band {band}")
        if low > 0 or high < 2**32:
            edges = np.array([low << 32, (high << 32) - 1], np.uint64)
            begin, end = np.searchsorted(keys, edges)
            end += end < len(keys) and keys[end] == edges[1]
            keys = keys[begin:end]
        ranks = rank[start + (keys & np.uint64(2**32 - 1)).astype(np.int64)]
        keys = (keys >> np.uint64(32) << np.uint64(32)) | ranks
        parts.append(keys[ranks != NOWHERE])
    placed = np.concatenate(parts)
    placed.sort()
    return placed


def meetings(placed: U64) -> Iterator[U64]:
    """Pairs of ranks that share a key."""
    keys = (placed >> np.uint64(32)).astype(np.uint32)
    ranks = placed & np.uint64(2**32 - 1)
    fresh = np.ones(len(keys), bool)
    np.not_equal(keys[1:], keys[:-1], out=fresh[1:])
    starts = np.flatnonzero(fresh)
    within = np.arange(len(keys)) - np.repeat(starts, np.diff(np.append(starts, len(keys))))
    if not within.any():
        return
    for back in range(1, HEADS + NEIGHBOURS + 1):
        # the record that stands `back` places before, as long as buckets are small or it is a near neighbour
        later = np.flatnonzero((within >= back) & ((back <= NEIGHBOURS) | (within <= HEADS + NEIGHBOURS)))
        if not len(later):
            return
        yield (ranks[later] << np.uint64(32)) | ranks[later - back]
    for head in range(HEADS):
        later = np.flatnonzero(within > HEADS + NEIGHBOURS)
        yield (ranks[later] << np.uint64(32)) | ranks[later - within[later] + head]
