"""Write: the kept records, one row for each removed one, and the removed ones whole, so that they can be put back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from octavo.data.duplicates.columns import Columns
from octavo.data.duplicates.find import Removals
from octavo.data.duplicates.ids import Ids, no_records
from octavo.data.duplicates.sketch import OWN_ID
from octavo.kinds.records import Row, Shard, encode_row, read_shard

TOLD = 1 << 14
"""Removed records whose ids are in memory at once."""


def kept_parts(shards: Sequence[Shard], sketches: Sequence[Path], removals: Removals, folder: Path) -> list[Path]:
    """The kept records as plain JSON Lines, one file for each shard. Lines are copied as they are; only where a
    record has no id of its own, the one that was made for it is written into it."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    first = 0
    for number, (shard, path) in enumerate(zip(shards, sketches, strict=True)):
        with Columns(path) as columns:
            starts, flags = columns.read("start"), columns.read("flags")
        kept = np.ones(len(starts), bool)
        begin, end = np.searchsorted(removals.row, [first, first + len(starts)])
        kept[removals.row[begin:end] - first] = False
        paths.append(folder / f"{number:06d}")
        with paths[-1].open("wb") as out:
            for piece in _lines(shard, starts, kept, (flags & OWN_ID) > 0):
                out.write(piece)
        first += len(starts)
    return paths


def _lines(shard: Shard, starts: NDArray[np.int64], kept: NDArray[np.bool_], own: NDArray[np.bool_]) -> Iterator[bytes]:
    if not own.all():
        for row, stays in zip(read_shard(shard, []), kept.tolist(), strict=True):
            if stays:
                yield encode_row(row)
        return
    ends = np.append(starts[1:], shard.end)
    with shard.path.open("rb") as lines:
        for start, end in zip(starts[kept].tolist(), ends[kept].tolist(), strict=True):
            # up to the next record there may be blank lines, and rows that are none
            lines.seek(start)
            line = lines.readline(end - start)
            yield line if line.endswith(b"\n") else line + b"\n"


def cluster_rows(sketches: Sequence[Path], removals: Removals) -> Iterator[Row]:
    """`{"id", "kept", "kind", "similarity"}` for each removed record in order; then what was no record at all."""
    with Ids(sketches, removals.first) as ids:
        waiting: list[tuple[int, int, str, float]] = []
        for one in removals:
            waiting.append(one)
            if len(waiting) == TOLD:
                yield from _told(waiting, ids)
                waiting = []
        yield from _told(waiting, ids)
    for bad in no_records(sketches):
        yield {"id": f"{bad.source}:{bad.row}", "kept": None, "kind": "no record", "similarity": 0.0, "why": bad.reason}


def _told(waiting: Sequence[tuple[int, int, str, float]], ids: Ids) -> Iterator[Row]:
    names = ids.of([row for pair in waiting for row in pair[:2]])
    for row, kept, kind, similarity in waiting:
        yield {"id": names[row], "kept": names[kept], "kind": kind, "similarity": similarity}


def removed_rows(
    shards: Sequence[Shard], sketches: Sequence[Path], removals: Removals, places: NDArray[np.int64] | None = None
) -> Iterator[Row]:
    """`{"record", "reason", "kept", "similarity", "row"}` for each removed record; `row` counts all records from 0
    (or is what `places` says)."""
    with Ids(sketches, removals.first) as ids:
        one = iter(removals)
        nxt = next(one, None)
        for number, (shard, path) in enumerate(zip(shards, sketches, strict=True)):
            end = int(removals.first[number + 1])
            if nxt is None or nxt[0] >= end:
                continue
            with Columns(path) as columns:
                starts = columns.read("start")
            with shard.path.open("rb") as lines:
                while nxt is not None and nxt[0] < end:
                    row, kept, kind, similarity = nxt
                    lines.seek(int(starts[row - int(removals.first[number])]))
                    record = json.loads(lines.readline())
                    names = ids.of([row, kept])
                    record["id"] = names[row]
                    yield {
                        "record": record,
                        "reason": kind,
                        "kept": names[kept],
                        "similarity": similarity,
                        "row": row if places is None else int(places[row]),
                    }
                    nxt = next(one, None)
