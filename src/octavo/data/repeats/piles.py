"""Piles: rows of numbers dealt out from shards to buckets and back through files, so that no machine holds them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[Any]

SIGHT = np.dtype([("high", "<u8"), ("low", "<u8"), ("row", "<u4"), ("at", "<u4")])
"""Something seen: 128 bits of hash of its text, the record of the shard (from 0) and where in its text."""
ECHO = np.dtype([("row", "<u4"), ("at", "<u4"), ("copies", "<u4"), ("source", "<u8")])
"""Something seen before: the record of the shard and where, how many there are, and the record (counted over the whole
collection) that has the first."""

BUCKET_BYTES = 16 * 2**20
"""About how many bytes of rows one bucket holds."""


def bucket_count(size: float) -> int:
    """How many buckets rows of `size` bytes in all need."""
    return max(1, -(-int(size) // BUCKET_BYTES))


def write_pile(target: Path, rows: Rows, place: NDArray[np.integer[Any]], places: int, records: int) -> None:
    """Write rows sorted by their place (a bucket, or a shard), in their order within each; `records` is how many
    records the shard has."""
    order = np.argsort(place, kind="stable")
    borders = np.searchsorted(place[order], np.arange(places + 1))
    with target.open("wb") as out:
        np.concatenate([[records, places], borders]).astype("<i8").tofile(out)
        rows[order].tofile(out)


def read_records(path: Path) -> int:
    """How many records the shard of a pile has."""
    return int(np.fromfile(path, "<i8", 1)[0])


def read_size(path: Path) -> int:
    """How many rows there are in a pile."""
    places = int(np.fromfile(path, "<i8", 2)[1])
    return int(np.fromfile(path, "<i8", 1, offset=8 * (2 + places))[0])


def read_pile(path: Path, place: int, kind: np.dtype[Any]) -> Rows:
    """The rows of one place."""
    places = int(np.fromfile(path, "<i8", 2)[1])
    start, end = np.fromfile(path, "<i8", 2, offset=8 * (2 + place))
    return np.fromfile(path, kind, int(end - start), offset=8 * (3 + places) + int(start) * kind.itemsize)


def gather(piles: Sequence[Path], place: int, kind: np.dtype[Any]) -> tuple[Rows, NDArray[np.int64]]:
    """The rows of one place from all piles, in order, and the number of the pile that each is from."""
    parts = [read_pile(path, place, kind) for path in piles]
    number = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    return np.concatenate([np.empty(0, kind), *parts]), number


def bases(piles: Sequence[Path]) -> list[int]:
    """The number in the whole collection of the first record of each shard, and that of all records."""
    return [0, *np.cumsum([read_records(path) for path in piles]).tolist()]


@dataclass(frozen=True)
class Bucket:
    """One bucket of the sights of all shards, to be searched for echoes."""

    number: int
    piles: tuple[Path, ...]
    bases: tuple[int, ...]
    apart: int
    """Characters that two places in one record must lie apart."""
    order: Path | None
    """The order of survival: an array with the rank of each record; None: the order of the records."""


def find_echoes(task: Bucket, target: Path) -> None:
    """Write, by shard, the sights that have an equal one before them in the order of survival; that of the first copy
    is kept. What overlaps the first copy is none (a line of 300 dashes isn't 200 repeats of 100)."""
    rows, shard = gather(task.piles, task.number, SIGHT)
    record = np.asarray(task.bases, np.uint64)[shard] + rows["row"]
    rank = record if task.order is None else np.load(task.order, mmap_mode="r")[record].astype(np.uint64)
    key = (rank << np.uint64(32)) | rows["at"]
    order, begins = _groups(rows)
    firsts = np.minimum.reduceat(key[order], begins) if len(rows) else key
    sizes = np.diff(np.append(begins, len(rows)))
    source, copies = np.empty_like(key), np.empty(len(rows), np.uint32)
    source[order], copies[order] = np.repeat(firsts, sizes), np.repeat(sizes, sizes)
    same_record = (source >> np.uint64(32)) == rank
    found = (source != key) & ~(same_record & (key - source < np.uint64(task.apart)))
    echoes = np.empty(int(found.sum()), ECHO)
    echoes["row"], echoes["at"], echoes["copies"] = rows["row"][found], rows["at"][found], copies[found]
    # which record has the first copy: found through its key, which is one of these
    by_key = np.argsort(key)
    echoes["source"] = record[by_key[np.searchsorted(key, source[found], sorter=by_key)]] if len(rows) else 0
    write_pile(target, echoes, shard[found], len(task.piles), 0)


def _groups(rows: Rows) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """An order in which equal hashes are neighbours, and where each group begins in it."""
    high, low = rows["high"], rows["low"]
    order = np.argsort(high)
    new = np.diff(high[order], prepend=high[order][:1] + np.uint64(1)) != 0
    if np.any(~new[1:] & (np.diff(low[order]) != 0)):  # two texts that share half of their hash: hardly ever
        order = np.lexsort((low, high))
        new = np.diff(high[order], prepend=high[order][:1] + np.uint64(1)) != 0
        new[1:] |= np.diff(low[order]) != 0
    return order, np.flatnonzero(new)


def echoes_of(shard: int, buckets: Sequence[Path]) -> Rows:
    """The echoes of one shard from all buckets, sorted by record and place."""
    found, _ = gather(buckets, shard, ECHO)
    return found[np.argsort((found["row"].astype(np.uint64) << np.uint64(32)) | found["at"], kind="stable")]
