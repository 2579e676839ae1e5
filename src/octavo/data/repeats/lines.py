"""Lines: lines or paragraphs that stand more than once in a collection; all copies but the first are cut out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xxhash

from octavo.data.repeats.cuts import CUT, KINDS, by_row, texts_of
from octavo.data.repeats.piles import (
    SIGHT,
    Bucket,
    Rows,
    bases,
    bucket_count,
    echoes_of,
    find_echoes,
    write_pile,
)
from octavo.kinds.records import Shard
from octavo.spine.shards import over_shards

_PARAGRAPH = re.compile(r"(?:(?!\n[^\S\n]*\n).)+(?:\n\s*\n|$)?", re.DOTALL)


@dataclass(frozen=True)
class LineLimits:
    """What counts as a repeated line."""

    least: int = 40
    """Characters, without the white space around: a shorter line is never cut: it is often right in many places."""
    paragraphs: bool = False
    """Compare paragraphs (between empty lines) instead of lines."""


def spans(text: str, limits: LineLimits) -> Iterator[tuple[int, int, str]]:
    """Start, end and bare text of the lines (or paragraphs) that are long enough; the end is that of the line break,
    or of the empty lines after a paragraph. White space within counts as one blank."""
    at = 0
    parts = _PARAGRAPH.findall(text) if limits.paragraphs else text.splitlines(keepends=True)
    for part in parts:
        end = at + len(part)
        bare = part.strip()
        if len(bare) >= limits.least:
            yield at, end, " ".join(bare.split()) if limits.paragraphs else bare
        at = end


def find_lines(
    shards: Sequence[Shard],
    limits: LineLimits,
    scratch: Path,
    *,
    order: Path | None = None,
    on: str = "processes",
    workers: int = 0,
) -> list[Path]:
    """The cuts of each shard: a file of `CUT` rows. `order` is an array of ranks of all records: of equal lines that
    of the record with the least rank stays; without it the first does."""
    size = [shard.end - shard.start for shard in shards]
    buckets = bucket_count(sum(size) * SIGHT.itemsize / max(limits.least, 1))
    tasks = [_Look(shard, limits, buckets) for shard in shards]
    with_bytes = {"on": on, "workers": workers, "sizes": size, "unit": "B"}
    piles = over_shards(_see, tasks, scratch / "seen", what="read lines", **with_bytes)  # type: ignore[arg-type]
    starts = tuple(bases(piles))
    found = over_shards(
        find_echoes,
        [Bucket(number, tuple(piles), starts[:-1], 0, order) for number in range(buckets)],
        scratch / "echoes",
        what="compare lines",
        on=on,
        workers=workers,
    )
    marks = [_Mark(shard, limits, at, tuple(found)) for at, shard in enumerate(shards)]
    return over_shards(_mark, marks, scratch / "cuts", what="mark lines", **with_bytes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class _Look:
    shard: Shard
    limits: LineLimits
    buckets: int


def _see(task: _Look, target: Path) -> None:
    digests, rows, starts = [], [], []
    records = 0
    for records, text in enumerate(texts_of(task.shard), 1):
        for start, _, bare in spans(text, task.limits):
            digests.append(xxhash.xxh3_128_digest(bare.encode()))
            rows.append(records - 1)
            starts.append(start)
    seen = np.empty(len(rows), SIGHT)
    halves = np.frombuffer(b"".join(digests), "<u8").reshape(-1, 2)
    seen["high"], seen["low"], seen["row"], seen["at"] = halves[:, 0], halves[:, 1], rows, starts
    write_pile(target, seen, (seen["low"] % np.uint64(task.buckets)).astype(np.int64), task.buckets, records)


@dataclass(frozen=True)
class _Mark:
    shard: Shard
    limits: LineLimits
    number: int
    buckets: tuple[Path, ...]


def _mark(task: _Mark, target: Path) -> None:
    echoes = echoes_of(task.number, task.buckets)
    found = by_row(echoes)
    cuts: list[tuple[int, int, int, int, int, int]] = []
    if found:
        for row, text in enumerate(texts_of(task.shard)):
            if row in found:
                cuts += _joined(row, text, found[row], task.limits)
    np.array(cuts, CUT).tofile(target)


def _joined(row: int, text: str, echoes: Rows, limits: LineLimits) -> list[tuple[int, int, int, int, int, int]]:
    """The cuts of one record; neighbouring lines that repeat the same record are one."""
    ends = {start: end for start, end, _ in spans(text, limits)}
    cuts: list[tuple[int, int, int, int, int, int]] = []
    for echo in echoes:
        start, copies, source = int(echo["at"]), int(echo["copies"]), int(echo["source"])
        if cuts and cuts[-1][2] == start and cuts[-1][4] == source:
            start = cuts[-1][1]
            copies = min(copies, cuts.pop()[3])
        cuts.append((row, start, ends[int(echo["at"])], copies, source, KINDS.index("line")))
    return cuts
