"""Verify: the exact Jaccard similarity of pairs that met in a bucket; who isn't similar enough is no duplicate."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from octavo.data.duplicates.columns import Columns, write_columns

U32, U64, I64, F64 = NDArray[np.uint32], NDArray[np.uint64], NDArray[np.int64], NDArray[np.float64]

PAIRS = 1 << 20
"""Pairs that one task checks, about."""
SHINGLES = 1 << 21
"""Shingles in memory at once."""


@dataclass(frozen=True)
class Needed:
    """How similar two records must be."""

    long: float
    """Jaccard similarity of word triples between texts of `words` words and more."""
    short: float
    """The same for texts that are hardly longer than a sentence; in between it falls evenly with the length."""
    renamed: float
    """At least this much between named objects with different last names."""

    def of(self, sizes: NDArray[np.integer]) -> F64:
        """The similarity needed by texts with this many shingles."""
        share = (np.asarray(sizes, np.float64) - FEW) / (MANY - FEW)
        return self.short + (self.long - self.short) * np.clip(share, 0, 1)


FEW, MANY = 20, 150
"""Shingles up to which a text is short, and from which it is long."""


@dataclass(frozen=True)
class Verifying:
    """A range of later ranks [low, high) whose pairs one task checks."""

    pairs: tuple[Path, ...]
    sketches: tuple[Path, ...]
    census: Path
    needed: Needed
    low: int
    high: int


def verifyings(pairs: Sequence[Path], sketches: Sequence[Path], census: Path, needed: Needed) -> list[Verifying]:
    """The tasks for all pairs: ranges of ranks with about `PAIRS` pairs each."""
    total = 0
    sample: list[U64] = [np.zeros(0, np.uint64)]
    for path in pairs:
        with Columns(path) as columns:
            total += columns.length("pairs")
            for start in range(0, columns.length("pairs"), TAKEN):
                sample.append(columns.read("pairs", start, start + TAKEN)[:: TAKEN // 64] >> np.uint64(32))
    if not total:
        return []
    ranks = np.sort(np.concatenate(sample))
    parts = max(1, -(-total // PAIRS))
    inner = {int(ranks[len(ranks) * at // parts]) for at in range(1, parts)}
    edges = [0, *sorted(inner - {0}), 2**32]
    return [Verifying(tuple(pairs), tuple(sketches), census, needed, a, b) for a, b in itertools.pairwise(edges)]


TAKEN = 1 << 16


def verify(task: Verifying, target: Path) -> None:
    """Write the pairs that are similar enough, sorted: `later`, `earlier` (ranks) and `similarity`."""
    pairs = _pairs(task)
    with Columns(task.census) as census:
        size, name = census.read("size"), census.read("name")
    later, earlier = (pairs >> np.uint64(32)).astype(np.int64), (pairs & np.uint64(2**32 - 1)).astype(np.int64)
    one, other = size[later].astype(np.int64), size[earlier].astype(np.int64)
    needed = task.needed.of(np.minimum(one, other))
    mine, theirs = name[later], name[earlier]
    renamed = (mine != theirs) & (mine != 0) & (theirs != 0)
    needed = np.where(renamed, np.maximum(needed, task.needed.renamed), needed)
    possible = np.minimum(one, other) >= needed * np.maximum(one, other)
    later, earlier, needed = later[possible], earlier[possible], needed[possible]
    found = np.zeros(len(later))
    with Sets.of(task.sketches, task.census) as sets:
        for start, end in chunks(size[later].astype(np.int64) + size[earlier]):
            found[start:end] = sets.jaccard(later[start:end], earlier[start:end])
    similar = found >= needed
    write_columns(
        target,
        {
            "later": later[similar].astype(np.uint32),
            "earlier": earlier[similar].astype(np.uint32),
            "similarity": found[similar],
        },
    )


def _pairs(task: Verifying) -> U64:
    parts = [np.zeros(0, np.uint64)]
    for path in task.pairs:
        with Columns(path) as columns:
            begin = _place(columns, task.low << 32)
            end = columns.length("pairs") if task.high >= 2**32 else _place(columns, task.high << 32)
            parts.append(columns.read("pairs", begin, end))
    return np.unique(np.concatenate(parts))


def _place(columns: Columns, value: int) -> int:
    """Where in the sorted pairs a value would stand."""
    low, high = 0, columns.length("pairs")
    while low < high:
        middle = (low + high) // 2
        if int(columns.read("pairs", middle, middle + 1)[0]) < value:
            low = middle + 1
        else:
            high = middle
    return low


def chunks(weights: I64) -> Iterator[tuple[int, int]]:
    """Ranges of pairs of `SHINGLES` shingles together; a pair that has more is one for itself."""
    ends = np.cumsum(weights)
    start = 0
    while start < len(weights):
        done = int(ends[start - 1]) if start else 0
        end = max(start + 1, int(np.searchsorted(ends, done + SHINGLES, "right")))
        yield start, end
        start = end


class Sets:
    """The shingles of records by rank, read from the sketches."""

    def __init__(self, sketches: Sequence[Path], first: I64, order: U32, size: U32, offset: I64) -> None:
        self._paths = sketches
        self._first, self._order, self._size, self._offset = first, order, size, offset
        self._open: dict[int, Columns] = {}

    @classmethod
    def of(cls, sketches: Sequence[Path], census: Path) -> Sets:
        """The shingles of the records that a census ranks."""
        with Columns(census) as columns:
            first, order, size, offset = (columns.read(name) for name in ("first", "order", "size", "offset"))
        return cls(sketches, first, order, size, offset)

    def __enter__(self) -> Sets:
        return self

    def __exit__(self, *_: object) -> None:
        for columns in self._open.values():
            columns.close()

    def sizes(self, ranks: I64) -> I64:
        """How many shingles records have."""
        return self._size[ranks].astype(np.int64)

    def keys(self, ranks: I64, numbers: I64) -> tuple[U64, I64]:
        """(number · 2³² + shingle for all shingles of each record, how many each has)."""
        distinct, places = np.unique(ranks, return_inverse=True)
        shingles, starts = self._read(distinct)
        counts = self.sizes(distinct)[places]
        ends = np.cumsum(counts)
        at = np.arange(int(ends[-1])) + np.repeat(starts[places] - (ends - counts), counts)
        return np.repeat(numbers.astype(np.uint64) << np.uint64(32), counts) | shingles[at], counts

    def jaccard(self, later: I64, earlier: I64) -> F64:
        """Size of the intersection over that of the union of each pair of ranks."""
        keys, counts = self.keys(np.concatenate([later, earlier]), np.tile(np.arange(len(later)), 2))
        keys.sort()
        twice = keys[1:][keys[1:] == keys[:-1]] >> np.uint64(32)
        common = np.bincount(twice.astype(np.int64), minlength=len(later))
        return common / (counts[: len(later)] + counts[len(later) :] - common)

    def _read(self, ranks: I64) -> tuple[U32, I64]:
        """The shingles of the records, and where those of each begin."""
        records = self._order[ranks].astype(np.int64)
        by_place = np.argsort(records)
        sorted_records = records[by_place]
        sizes = self._size[ranks][by_place].astype(np.int64)
        begins = self._offset[ranks][by_place]
        sketch = np.searchsorted(self._first, sorted_records, "right") - 1
        # records that follow each other, or nearly, are read at once
        gap = np.empty(len(ranks), bool)
        gap[:1] = True
        gap[1:] = (begins[1:] - (begins + sizes)[:-1] > NEAR) | (sketch[1:] != sketch[:-1])
        heads = np.flatnonzero(gap)
        stops = np.append(heads[1:], len(ranks)) - 1
        starts_sorted = np.empty(len(ranks), np.int64)
        parts: list[U32] = []
        done = 0
        runs = zip(heads.tolist(), stops.tolist(), sketch[heads].tolist(), begins[heads].tolist())
        for head, stop, which, begin in runs:
            end = int(begins[stop] + sizes[stop])
            parts.append(self._columns(which).read("shingles", begin, end))
            starts_sorted[head : stop + 1] = begins[head : stop + 1] - begin + done
            done += end - begin
        starts = np.empty(len(ranks), np.int64)
        starts[by_place] = starts_sorted
        return np.concatenate(parts), starts

    def _columns(self, which: int) -> Columns:
        if which not in self._open:
            while len(self._open) >= 64:
                self._open.pop(next(iter(self._open))).close()
            self._open[which] = Columns(self._paths[which])
        return self._open[which]


NEAR = 512
"""Shingles between two records that are rather read than jumped over."""
