"""Cuts: the spans of texts that repeat others, kept in one small file a shard, and what is left without them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octavo.kinds.records import Shard, encode_row, read_shard
from octavo.spine.shards import over_shards

KINDS = ("line", "substring")
CUT = np.dtype([("row", "<u4"), ("start", "<u4"), ("end", "<u4"), ("copies", "<u4"), ("source", "<u8"), ("kind", "u1")])
"""A span [start, end) of the text of a record of the shard, in code points; how many copies there are of it, the
record of the collection that keeps one, and which of `KINDS` it is."""

Cuts = NDArray[Any]


def read_cuts(path: Path) -> Cuts:
    """The cuts of one shard, sorted by record and start."""
    return np.fromfile(path, CUT)


def by_row(cuts: Cuts) -> dict[int, Cuts]:
    """The cuts of each record that has any."""
    borders = np.flatnonzero(np.diff(cuts["row"], prepend=-1, append=-1)) if len(cuts) else np.zeros(1, np.intp)
    return {int(cuts["row"][a]): cuts[a:b] for a, b in itertools.pairwise(borders)}


def without(text: str, cuts: Cuts) -> str:
    """The text with the spans left out; they are sorted and don't overlap."""
    kept, at = [], 0
    for start, end in zip(cuts["start"].tolist(), cuts["end"].tolist(), strict=True):
        kept.append(text[at:start])
        at = end
    return "".join([*kept, text[at:]])


def lifted(cuts: Cuts, earlier: Cuts) -> Cuts:
    """Spans of a text that lacks the spans `earlier`, as spans of the text as it was: one that stood around an earlier
    one comes in pieces."""
    if not len(earlier) or not len(cuts):
        return cuts
    gaps = earlier["start"] - np.concatenate([[0], np.cumsum(earlier["end"] - earlier["start"])[:-1]])
    grown = np.cumsum(earlier["end"].astype(np.int64) - earlier["start"])
    pieces = []
    for cut in cuts:
        inner = [int(gap) for gap in gaps if cut["start"] < gap < cut["end"]]
        borders = [int(cut["start"]), *sorted(set(inner)), int(cut["end"])]
        for start, end in itertools.pairwise(borders):
            piece = cut.copy()
            before = int(np.searchsorted(gaps, start, side="right"))
            shift = int(grown[before - 1]) if before else 0
            piece["start"], piece["end"] = start + shift, end + shift
            pieces.append(piece)
    return np.array(pieces, CUT)


@dataclass(frozen=True)
class Reduced:
    """A shard to be written without some spans and records: the input of the next search."""

    shard: Shard
    cuts: Path | None
    removed: NDArray[np.int64]
    """Records of the shard whose text is left out as a whole."""


def reduce_shard(task: Reduced, target: Path) -> None:
    """Write id and what is left of the text of each record; a record that is out has an empty one, so that records
    keep their numbers."""
    spans = by_row(read_cuts(task.cuts)) if task.cuts else {}
    gone = set(task.removed.tolist())
    with target.open("wb") as out:
        for at, row in enumerate(read_shard(task.shard, [])):
            text = "" if at in gone else row["text"]
            if text and at in spans:
                text = without(text, spans[at])
            out.write(encode_row({"id": row["id"], "text": text}))


def reduced_shards(
    shards: Sequence[Shard],
    cuts: Sequence[Path | None],
    removed: Sequence[NDArray[np.int64]],
    folder: Path,
    *,
    on: str,
    workers: int,
) -> list[Shard]:
    """The shards without spans and records, as files of their own."""
    tasks = [Reduced(shard, cut, out) for shard, cut, out in zip(shards, cuts, removed, strict=True)]
    sizes = [shard.end - shard.start for shard in shards]
    files = over_shards(reduce_shard, tasks, folder, what="leave out", on=on, workers=workers, sizes=sizes, unit="B")
    return [Shard(path, 0, path.stat().st_size, 0, shard.source) for path, shard in zip(files, shards, strict=True)]


def merge_cuts(earlier: Path, later: Path, target: Path) -> None:
    """Write the cuts of two searches as cuts of the text as it was; `later` looked at what `earlier` left."""
    first, second = read_cuts(earlier), read_cuts(later)
    before = by_row(first)
    parts = [first]
    for row, cuts in by_row(second).items():
        parts.append(lifted(cuts, before[row]) if row in before else cuts)
    found = np.concatenate(parts)
    found[np.lexsort((found["start"], found["row"]))].tofile(target)


def texts_of(shard: Shard) -> Iterator[str]:
    """The texts of a shard in order."""
    for row in read_shard(shard, []):
        yield row["text"]
