"""Ids: the ids of records by their number over all shards, read from the sketches in small pieces."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from octavo.data.duplicates.columns import Columns
from octavo.kinds.records import Bad

OPEN = 64
"""Sketches held open at once."""


class Ids:
    """Looks up ids; nothing of them is held in memory."""

    def __init__(self, sketches: Sequence[Path], first: NDArray[np.int64]) -> None:
        self._sketches, self._first = sketches, first
        self._open: dict[int, Columns] = {}

    def __enter__(self) -> Ids:
        return self

    def __exit__(self, *_: object) -> None:
        for columns in self._open.values():
            columns.close()

    def of(self, rows: Iterable[int]) -> dict[int, str]:
        """Row → id."""
        wanted = np.unique(np.fromiter(rows, np.int64))
        found: dict[int, str] = {}
        which = np.searchsorted(self._first, wanted, "right") - 1
        for number in np.unique(which).tolist():
            mine = wanted[which == number]
            begin, end = int(mine[0] - self._first[number]), int(mine[-1] - self._first[number]) + 1
            columns = self._columns(number)
            ends = columns.read("id end", max(0, begin - 1), end)
            if begin == 0:
                ends = np.concatenate([[0], ends])
            ids = columns.read("ids", int(ends[0]), int(ends[-1])).tobytes()
            for row, at in zip(mine.tolist(), (mine - self._first[number] - begin).tolist(), strict=True):
                found[row] = ids[ends[at] - ends[0] : ends[at + 1] - ends[0]].decode()
        return found

    def _columns(self, number: int) -> Columns:
        if number not in self._open:
            while len(self._open) >= OPEN:
                self._open.pop(next(iter(self._open))).close()
            self._open[number] = Columns(self._sketches[number])
        return self._open[number]


def no_records(sketches: Sequence[Path]) -> list[Bad]:
    """The rows that are no records, in their order."""
    found = []
    for path in sketches:
        with Columns(path) as columns:
            found += [Bad(**one) for one in json.loads(columns.read("bad").tobytes())]
    return found
