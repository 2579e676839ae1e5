"""Columns: named arrays in one file, of which any part can be read without the rest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_PAGE = 64
"""Arrays begin at multiples of this many bytes."""


def write_columns(path: Path, columns: Mapping[str, NDArray[Any]]) -> None:
    """Write one-dimensional arrays; what stands where is told in the first line."""
    places: dict[str, tuple[str, int, int]] = {}
    at = 0
    for name, column in columns.items():
        places[name] = (column.dtype.str, len(column), at)
        at += -(-column.nbytes // _PAGE) * _PAGE
    head = json.dumps(places).encode() + b"\n"
    head = head[:-1] + b" " * (-len(head) % _PAGE) + b"\n"
    with path.open("wb") as out:
        out.write(head)
        for column in columns.values():
            data = np.ascontiguousarray(column)
            out.write(data.data if data.nbytes else b"")
            out.write(b"\0" * (-data.nbytes % _PAGE))


class Columns:
    """The arrays of a file, read when asked for."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        head = self._file.readline()
        self._begin = len(head)
        self._places: dict[str, tuple[str, int, int]] = json.loads(head)

    def __enter__(self) -> Columns:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def length(self, name: str) -> int:
        """How many values a column has."""
        return self._places[name][1]

    def read(self, name: str, start: int = 0, end: int | None = None) -> NDArray[Any]:
        """The values [start, end) of a column."""
        kind, length, at = self._places[name]
        end = length if end is None else min(end, length)
        dtype = np.dtype(kind)
        self._file.seek(self._begin + at + start * dtype.itemsize)
        values = np.empty(max(0, end - start), dtype)
        if values.nbytes:
            got = self._file.readinto(values.data)  # type: ignore[attr-defined]
            assert got == values.nbytes, "the file was cut off"
        return values
