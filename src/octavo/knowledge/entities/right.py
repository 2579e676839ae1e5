"""Right side: the terms of its records, counted once and kept beside the links, so that few new left records are fast.

A folder with one file for each collection of terms. A file is used only when it was made of the same records, read in
the same way, and is whole; else it is made anew.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np

from octavo.knowledge.entities.vectors import Counts

_ARRAYS = (("ends", "<i8"), ("indices", "<i4"), ("weights", "<f4"), ("lengths", "<i4"), ("terms", "|u1"))
"""Parts of a file, with the type of their numbers."""
_MARK = 16
"""Bytes of a digest: of the records a file was made of, and of all that follows."""


class RightSide:
    """The counts of one right side; `key` names its records in their order, and how they were read."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self.folder, self.key = folder, key
        self.made: list[str] = []
        """Collections that had to be counted now."""

    def counts(self, name: str, make: Callable[[], Counts]) -> Counts:
        """The counts of that name: as they were kept, or made and kept now."""
        path = self.folder / f"right-{name}.counts"
        kept = _read(path, self.key)
        if kept is not None:
            return kept
        made = make()
        self.made.append(name)
        _write(path, self.key, made)
        return made


def _write(path: Path, key: bytes, counts: Counts) -> None:
    """Whole or not at all."""
    told = [term.encode("utf-8", "surrogatepass") for term in counts.terms]
    parts = {
        "ends": counts.ends, "indices": counts.indices, "weights": counts.weights,
        "lengths": np.array([len(term) for term in told]), "terms": np.frombuffer(b"".join(told), np.uint8),
    }  # fmt: skip
    body = io.BytesIO()
    for name, kind in _ARRAYS:
        np.lib.format.write_array(body, parts[name].astype(kind), allow_pickle=False)
    held = body.getvalue()
    beside = path.with_suffix(".part")
    with beside.open("wb") as file:
        file.write(key.ljust(_MARK, b"\0")[:_MARK] + _digest(held) + held)
    os.replace(beside, path)


def _read(path: Path, key: bytes) -> Counts | None:
    """What is kept for these records; None when there is none, or when it is not whole."""
    try:
        whole = path.read_bytes()
    except FileNotFoundError:
        return None
    held = memoryview(whole)[2 * _MARK :]
    if whole[:_MARK] != key.ljust(_MARK, b"\0")[:_MARK] or whole[_MARK : 2 * _MARK] != _digest(held):
        return None
    file = io.BytesIO(held)
    ends, indices, weights, lengths, joined = (np.lib.format.read_array(file, allow_pickle=False) for _ in _ARRAYS)
    at = np.r_[0, np.cumsum(lengths)].tolist()
    told = joined.tobytes()
    terms = tuple(told[a:b].decode("utf-8", "surrogatepass") for a, b in pairwise(at))
    return Counts(ends, indices, weights, terms)


def _digest(held: bytes | memoryview) -> bytes:
    return hashlib.blake2b(held, digest_size=_MARK).digest()
