"""Columns: what is known of each passage, kept in memory and grown by what was added since it was read."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import numpy as np

from octavo.knowledge.index.postings import CHUNK, ROW
from octavo.knowledge.index.schema import ALIVE

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Columns:
    """`rows` (see `postings.ROW`) and `died`, by passage number, as of the last `grow`."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.count = 0
        self._generation = -1
        self._rows = np.zeros(CHUNK, ROW)
        self._died = np.full(CHUNK, ALIVE, np.uint32)

    @property
    def rows(self) -> NDArray[np.void]:
        """One row per passage."""
        return self._rows[: self.count]

    def visible(self, generation: int) -> NDArray[np.bool_]:
        """Which passages a generation sees."""
        seen: NDArray[np.bool_] = (self.rows["born"] <= generation) & (self._died[: self.count] > generation)
        return seen & (self.rows["live"] > 0)

    def grow(self, c: sqlite3.Connection, generation: int) -> None:
        """Read what was added, and which passages died, since the last time; `generation` is the newest there is.

        Raises ValueError when the stored numbers are cut off.
        """
        chunk = self.count // CHUNK
        for number, data in c.execute("SELECT chunk, data FROM columns WHERE chunk >= ? ORDER BY chunk", (chunk,)):
            rows = np.frombuffer(data, ROW)
            if number != chunk or len(rows) > CHUNK:
                raise ValueError("the numbers of its passages are not in order")
            self._reserve(number * CHUNK + len(rows))
            self._rows[number * CHUNK : number * CHUNK + len(rows)] = rows
            self.count = number * CHUNK + len(rows)
            chunk += 1
        ended = "SELECT died, first, passages FROM documents WHERE died < 4294967295 AND died > ?"
        for died, first, passages in c.execute(ended, (self._generation,)):
            self._died[first : first + passages] = died
        self._generation = generation

    def _reserve(self, size: int) -> None:
        while len(self._rows) < size:
            self._rows = np.concatenate([self._rows, np.zeros(len(self._rows), ROW)])
            self._died = np.concatenate([self._died, np.full(len(self._died), ALIVE, np.uint32)])


def read_chunk(c: sqlite3.Connection, chunk: int) -> NDArray[np.void]:
    """The stored rows of one chunk, free to be changed."""
    found = c.execute("SELECT data FROM columns WHERE chunk = ?", (chunk,)).fetchone()
    return np.frombuffer(found[0], ROW).copy() if found else np.zeros(0, ROW)


def append_rows(c: sqlite3.Connection, first: int, rows: NDArray[np.void]) -> None:
    """Store the rows of the passages from number `first` on."""
    while len(rows):
        chunk, offset = divmod(first, CHUNK)
        here = rows[: CHUNK - offset]
        data = np.concatenate([read_chunk(c, chunk)[:offset], here])
        c.execute("INSERT OR REPLACE INTO columns VALUES (?, ?)", (chunk, data.tobytes()))
        first, rows = first + len(here), rows[len(here) :]
