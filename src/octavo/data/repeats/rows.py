"""Rows: what cuts are told and undone by, and the kept records without what was cut."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from octavo.data.repeats.cuts import KINDS, Cuts, by_row, read_cuts, without
from octavo.kinds.records import Row, Shard, encode_row, read_shard

Names = Callable[[Iterable[int]], dict[int, str]]
"""Records, counted over all shards → their ids."""

TOLD = 1 << 14
"""Cuts whose ids are in memory at once."""


def cut_rows(cuts: Sequence[Path], first: Sequence[int] | NDArray[np.int64], names: Names) -> Iterator[Row]:
    """`{"id", "kept", "kind", "start", "end"}` for each span that is cut, in the order of the records."""
    for path, start in zip(cuts, first, strict=False):
        spans = read_cuts(path)
        for at in range(0, len(spans), TOLD):
            part = spans[at : at + TOLD]
            rows = (part["row"].astype(np.int64) + start).tolist()
            sources = part["source"].tolist()
            ids = names([*rows, *sources])
            for row, source, one in zip(rows, sources, part, strict=True):
                kind = KINDS[int(one["kind"])]
                yield {
                    "id": ids[row],
                    "kept": ids[source],
                    "kind": kind,
                    "start": int(one["start"]),
                    "end": int(one["end"]),
                }


def undo_rows(
    shards: Sequence[Shard], cuts: Sequence[Path], first: Sequence[int] | NDArray[np.int64], names: Names
) -> Iterator[Row]:
    """`{"id", "reason", "kept", "start", "end", "text", "row"}` for each span; `row` counts all records from 0."""
    for shard, path, start in zip(shards, cuts, first, strict=False):
        spans = by_row(read_cuts(path))
        if not spans:
            continue
        for row, record in enumerate(read_shard(shard, [])):
            if row not in spans:
                continue
            sources = spans[row]["source"].tolist()
            ids = names(sources)
            for source, one in zip(sources, spans[row], strict=True):
                begin, end = int(one["start"]), int(one["end"])
                yield {
                    "id": record["id"],
                    "reason": KINDS[int(one["kind"])],
                    "kept": ids[source],
                    "start": begin,
                    "end": end,
                    "text": record["text"][begin:end],
                    "row": row + int(start),
                }


def cut_parts(
    kept: Sequence[Path],
    gone: NDArray[np.int64],
    first: Sequence[int] | NDArray[np.int64],
    cuts: Sequence[Path],
    folder: Path,
) -> list[Path]:
    """The kept records without their spans, one file for each shard. `kept` holds them as plain JSON Lines; `gone` are
    all records that are not among them, counted over all shards, sorted."""
    folder.mkdir(parents=True, exist_ok=True)
    borders = np.searchsorted(gone, first)
    paths = []
    for number, (path, spans) in enumerate(zip(kept, cuts, strict=True)):
        missing = set((gone[borders[number] : borders[number + 1]] - first[number]).tolist())
        paths.append(folder / f"{number:06d}")
        _cut_part(path, missing, by_row(read_cuts(spans)), paths[-1])
    return paths


def _cut_part(kept: Path, missing: set[int], spans: dict[int, Cuts], target: Path) -> None:
    with kept.open("rb") as lines, target.open("wb") as out:
        row = -1
        for line in lines:
            row += 1
            while row in missing:
                row += 1
            if row in spans:
                record = json.loads(line)
                # as it was read when the spans were found
                text = record["text"].encode("utf-16", "surrogatepass").decode("utf-16", "replace")
                out.write(encode_row({**record, "text": without(text, spans[row])}))
            else:
                out.write(line)
