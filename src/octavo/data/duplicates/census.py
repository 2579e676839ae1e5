"""Census: all records in order of survival, with the exact copies taken out; what buckets and verification look up."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octavo.data.duplicates.columns import Columns, write_columns
from octavo.data.duplicates.sketch import NAMED

I64 = NDArray[np.int64]
U32 = NDArray[np.uint32]

NOWHERE = np.uint32(2**32 - 1)
"""Rank of a record that isn't compared: an exact copy, one without a word, one too short to be told apart."""


@dataclass(frozen=True)
class Census:
    """What memory holds of the records of all sketches: some tens of bytes for each."""

    first: I64
    """Number of the first record of each sketch, and behind the last how many there are."""
    order: U32
    """Rank → record."""
    exact: I64
    """Records that are exact copies."""
    exact_of: I64
    """For each of them the copy that survives all others."""


@dataclass(frozen=True)
class Roll:
    """Which of the sketched records take part, and which of equals comes first."""

    alive: NDArray[np.bool_]
    ordinal: I64


def take(sketches: Sequence[Path], distinct_below: int, target: Path, roll: Roll | None = None) -> Census:
    """Rank the records of all sketches (or of those that `roll` calls), find exact copies, and write for each rank
    where its shingles are.

    Texts of named objects shorter than `distinct_below` characters are often right for several of them; they are
    copies only of objects with the same last name, and aren't compared for likeness.
    """
    columns = {name: gathered(sketches, name) for name in ("survival", "digest", "length", "name", "flags", "size")}
    counts = [_length(path) for path in sketches]
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    assert first[-1] < NOWHERE, "more records than 32 bits can number"
    if roll is None:
        order = np.argsort(columns["survival"], kind="stable").astype(np.uint32)
    else:
        order = np.lexsort((roll.ordinal, columns["survival"])).astype(np.uint32)
        order = order[roll.alive[order]]
    short = columns["length"] < distinct_below
    named = (columns["flags"] & NAMED) > 0
    apart = np.where(short & named, columns["name"], 0).astype(np.uint64)
    key = columns["digest"] ^ (apart * np.uint64(0x9E3779B97F4A7C15))
    by_key = order[np.argsort(key[order], kind="stable")]
    same = np.zeros(len(by_key), bool)
    same[1:] = key[by_key[1:]] == key[by_key[:-1]]
    heads = np.flatnonzero(~same)
    head_of = by_key[heads[np.cumsum(~same) - 1]] if len(by_key) else by_key
    rank = np.full(int(first[-1]), NOWHERE, np.uint32)
    rank[order] = np.arange(len(order), dtype=np.uint32)
    rank[by_key[same]] = NOWHERE
    rank[(columns["size"] == 0) | short] = NOWHERE
    ends = [np.cumsum(columns["size"][a:b], dtype=np.int64) for a, b in itertools.pairwise(first)]
    offset = np.concatenate([np.zeros(0, np.int64), *ends]) - columns["size"]
    write_columns(
        target,
        {
            "first": first,
            "rank": rank,
            "order": order,
            "size": columns["size"][order],
            "offset": offset[order],
            "name": columns["name"][order],
        },
    )
    return Census(first, order, by_key[same].astype(np.int64), head_of[same].astype(np.int64))


def _length(path: Path) -> int:
    with Columns(path) as columns:
        return columns.length("digest")


def gathered(sketches: Iterable[Path], name: str) -> NDArray[Any]:
    """A column of all sketches, one after the other."""
    parts = []
    for path in sketches:
        with Columns(path) as columns:
            parts.append(columns.read(name))
    return np.concatenate(parts) if parts else np.zeros(0, np.uint8)
