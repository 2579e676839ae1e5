"""Substring: pieces of at least N characters that stand more than once in a collection (Lee et al. 2022).

Complete and exact without a suffix array: by winnowing, two equal pieces of N characters share an anchor, a run of N/2
characters. Anchors that occur once are dropped; around the others, all windows of N characters are compared by 128 bits
of hash. A character is cut when it lies in a window that has an equal one before it in the order of survival that does
not overlap it; so each cut character has an equal one, within equal surroundings, that stays. Then each cut is drawn
in to sentence or word borders. Time is linear; what is compared lies on disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from octavo.data.repeats.borders import within_borders
from octavo.data.repeats.cuts import CUT, KINDS, by_row, texts_of
from octavo.data.repeats.piles import (
    SIGHT,
    Bucket,
    Rows,
    bases,
    bucket_count,
    echoes_of,
    find_echoes,
    gather,
    read_size,
    write_pile,
)
from octavo.data.repeats.rolling import Block, anchors, blocks, run_hashes
from octavo.kinds.records import Shard
from octavo.spine.shards import over_shards

ANCHOR = np.dtype([("hash", "<u8"), ("row", "<u4"), ("at", "<u4")])


@dataclass(frozen=True)
class SubstringLimits:
    """What counts as a repeated piece."""

    least: int = 100
    """Characters of the shortest piece that counts."""
    borders: bool = True
    """Whether cuts are drawn in to sentence or word borders; without, they are exact to the character."""

    @property
    def run(self) -> int:
        """Characters of an anchor."""
        return max(1, self.least // 2)

    @property
    def window(self) -> int:
        """Neighbouring runs of which one is an anchor."""
        return self.least - self.run + 1


def find_substrings(
    shards: Sequence[Shard],
    limits: SubstringLimits,
    scratch: Path,
    *,
    order: Path | None = None,
    on: str = "processes",
    workers: int = 0,
) -> list[Path]:
    """The cuts of each shard: a file of `CUT` rows. `order` is an array of ranks of all records: the copy in the record
    with the least rank stays; without it the first does."""
    size = [shard.end - shard.start for shard in shards]
    each = {"on": on, "workers": workers}
    with_bytes = {**each, "sizes": size, "unit": "B"}
    buckets = bucket_count(sum(size) * 2 / (limits.window + 1) * ANCHOR.itemsize)
    looks = [_Look(shard, limits, buckets) for shard in shards]
    piles = over_shards(_see, looks, scratch / "anchors", what="choose anchors", **with_bytes)  # type: ignore[arg-type]
    starts = tuple(bases(piles))
    sieves = [_Sieve(number, tuple(piles)) for number in range(buckets)]
    again = over_shards(_repeated, sieves, scratch / "again", what="compare anchors", **each)  # type: ignore[arg-type]
    windows = min(sum(size), limits.window * sum(read_size(path) for path in again))
    buckets = bucket_count(windows * SIGHT.itemsize)
    closer = [_Closer(shard, limits, at, tuple(again), buckets) for at, shard in enumerate(shards)]
    piles = over_shards(_look_closer, closer, scratch / "windows", what="look closer", **with_bytes)  # type: ignore[arg-type]
    tasks = [Bucket(number, tuple(piles), starts[:-1], limits.least, order) for number in range(buckets)]
    found = over_shards(find_echoes, tasks, scratch / "echoes", what="compare pieces", **each)  # type: ignore[arg-type]
    marks = [_Mark(shard, limits, at, starts[at], tuple(found)) for at, shard in enumerate(shards)]
    return over_shards(_mark, marks, scratch / "cuts", what="mark pieces", **with_bytes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class _Look:
    shard: Shard
    limits: SubstringLimits
    buckets: int


def _see(task: _Look, target: Path) -> None:
    limits, records = task.limits, 0

    def counted() -> object:
        nonlocal records
        for text in texts_of(task.shard):
            records += 1
            yield text

    parts = [np.empty(0, ANCHOR)]
    for block in blocks(counted(), limits.least):  # type: ignore[arg-type]
        hashes = run_hashes(block.points, limits.run)
        places = anchors(hashes, block.inside(limits.run), limits.window)
        found = np.empty(len(places), ANCHOR)
        found["hash"] = hashes[places]
        found["row"], found["at"] = block.where(places)
        parts.append(found)
    seen = np.concatenate(parts)
    # the upper bits of anchors are small by choice; the lower ones are even
    write_pile(target, seen, (seen["hash"] % np.uint64(task.buckets)).astype(np.int64), task.buckets, records)


@dataclass(frozen=True)
class _Sieve:
    number: int
    piles: tuple[Path, ...]


def _repeated(task: _Sieve, target: Path) -> None:
    """Write, by shard, the anchors that occur more than once."""
    rows, shard = gather(task.piles, task.number, ANCHOR)
    ordered = np.sort(rows["hash"])
    twice = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    near = np.minimum(np.searchsorted(twice, rows["hash"]), max(len(twice) - 1, 0))
    kept = twice[near] == rows["hash"] if len(twice) else np.zeros(len(rows), bool)
    write_pile(target, rows[kept], shard[kept], len(task.piles), 0)


@dataclass(frozen=True)
class _Closer:
    shard: Shard
    limits: SubstringLimits
    number: int
    again: tuple[Path, ...]
    buckets: int


def _look_closer(task: _Closer, target: Path) -> None:
    """Write the hashes of all windows that hold an anchor which occurs more than once."""
    limits = task.limits
    found, _ = gather(task.again, task.number, ANCHOR)
    known = np.unique((found["row"].astype(np.int64) << 32) | found["at"])
    parts = [np.empty(0, SIGHT)]
    if len(known):
        for block in blocks(texts_of(task.shard), limits.least):
            places = _windows(block, known, limits)
            if len(places):
                seen = np.empty(len(places), SIGHT)
                seen["high"] = run_hashes(block.points, limits.least, 0)[places]
                seen["low"] = run_hashes(block.points, limits.least, 1)[places]
                seen["row"], seen["at"] = block.where(places)
                parts.append(seen)
    seen = np.concatenate(parts)
    write_pile(target, seen, (seen["low"] % np.uint64(task.buckets)).astype(np.int64), task.buckets, 0)


def _windows(block: Block, known: NDArray[np.int64], limits: SubstringLimits) -> NDArray[np.intp]:
    """Where in a block the windows begin that hold one of the anchors `known` (record and place in one number)."""
    first = (block.rows << 32) | block.offsets
    lengths = np.diff(block.starts)
    low = np.searchsorted(known, first)
    high = np.searchsorted(known, first + lengths - limits.run, side="right")
    counts = high - low
    piece = np.repeat(np.arange(len(counts)), counts)
    which = np.arange(len(piece)) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(low, counts)
    places = known[which] - first[piece] + block.starts[piece]
    change = np.zeros(len(block.points) + 1, np.int32)
    np.add.at(change, np.maximum(places - (limits.least - limits.run), block.starts[piece]), 1)
    np.add.at(change, places + 1, -1)
    return np.flatnonzero((np.cumsum(change[:-1]) > 0) & block.inside(limits.least))


@dataclass(frozen=True)
class _Mark:
    shard: Shard
    limits: SubstringLimits
    number: int
    first: int
    """The number in the whole collection of the shard's first record."""
    buckets: tuple[Path, ...]


def _mark(task: _Mark, target: Path) -> None:
    found = by_row(echoes_of(task.number, task.buckets))
    cuts: list[tuple[int, int, int, int, int, int]] = []
    if found:
        for row, text in enumerate(texts_of(task.shard)):
            if row in found:
                cuts += _spans(row, row + task.first, text, found[row], task.limits)
    np.array(cuts, CUT).tofile(target)


def _spans(
    row: int, record: int, text: str, echoes: Rows, limits: SubstringLimits
) -> list[tuple[int, int, int, int, int, int]]:
    """Windows that touch or overlap are one span; it repeats the record, best another one, that most of its windows
    repeat."""
    at = echoes["at"].astype(np.int64)
    borders = np.concatenate([[0], np.flatnonzero(np.diff(at) > limits.least) + 1, [len(at)]]).tolist()
    cuts = []
    for first, last in pairwise(borders):
        start, end = int(at[first]), int(at[last - 1]) + limits.least
        drawn = within_borders(text, start, end, limits.least) if limits.borders else (start, end)
        if drawn is not None:
            sources, counts = np.unique(echoes["source"][first:last], return_counts=True)
            counts[sources == record] = 0
            copies = int(echoes["copies"][first:last].min())
            cuts.append((row, *drawn, copies, int(sources[np.argmax(counts)]), KINDS.index("substring")))
    return cuts
