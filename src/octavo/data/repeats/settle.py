"""Settle: which cuts are carried out, and which records go as a whole because nothing of them is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octavo.data.repeats.cuts import CUT, by_row, read_cuts, texts_of, without
from octavo.kinds.records import Shard
from octavo.spine.shards import over_shards

EMPTIED = np.dtype([("row", "<u8"), ("kept", "<u8"), ("kind", "u1")])
"""A record of which nothing is left, the one that has most of what was its text, and which of `cuts.KINDS` cut most."""


@dataclass(frozen=True)
class _Look:
    shard: Shard
    first: int
    cuts: Path


def _see(task: _Look, target: Path) -> None:
    """Write the records of a shard of which nothing but white space is left."""
    spans = by_row(read_cuts(task.cuts))
    found = []
    if spans:
        for row, text in enumerate(texts_of(task.shard)):
            if row in spans and not without(text, spans[row]).strip():
                # of what was cut for another record: the first line or piece of an emptied one always was
                others = spans[row][spans[row]["source"] != row + task.first]
                longest = others[np.argmax(others["end"] - others["start"])]
                found.append((row, int(longest["source"]), int(longest["kind"])))
    np.array(found, EMPTIED).tofile(target)


def settle(
    shards: Sequence[Shard],
    cuts: Sequence[Path],
    starts: NDArray[np.int64],
    needed: NDArray[np.int64],
    scratch: Path,
    *,
    on: str,
    workers: int,
) -> tuple[list[Path], NDArray[Any]]:
    """The cuts of the records that stay, each for a record that stays, and the emptied records.

    A record of `needed` (others went for it) that would be emptied is left as it is.
    """
    looks = [_Look(*one) for one in zip(shards, starts[:-1].tolist(), cuts, strict=True)]
    files = over_shards(_see, looks, scratch / "seen", what="settle cuts", on=on, workers=workers)
    parts = [np.fromfile(path, EMPTIED) for path in files]
    for part, start in zip(parts, starts[:-1], strict=True):
        part["row"] += np.uint64(start)
    found = np.concatenate([np.empty(0, EMPTIED), *parts])
    stays = np.isin(found["row"], needed)
    untouched, emptied = found["row"][stays], found[~stays]
    instead = dict(zip(emptied["row"].tolist(), emptied["kept"].tolist(), strict=True))
    emptied["kept"] = [_last(instead, kept) for kept in emptied["kept"].tolist()]
    folder = scratch / "cuts"
    folder.mkdir(parents=True, exist_ok=True)
    settled = []
    for number, path in enumerate(cuts):
        spans = read_cuts(path)
        rows = spans["row"].astype(np.uint64) + np.uint64(starts[number])
        spans = spans[~np.isin(rows, untouched) & ~np.isin(rows, emptied["row"])]
        moved = np.isin(spans["source"], emptied["row"])
        spans["source"][moved] = [_last(instead, source) for source in spans["source"][moved].tolist()]
        settled.append(folder / f"{number:06d}")
        spans.astype(CUT).tofile(settled[-1])
    return settled, emptied


def _last(instead: dict[int, int], row: int) -> int:
    """The record that has the text in the end: copies that were emptied themselves went for another one."""
    seen = set()
    while row in instead and row not in seen:
        seen.add(row)
        row = instead[row]
    return row
