"""Selection: which records stay: the sieve over shards, then duplicates among what is left, then both written down."""

from __future__ import annotations

import json
import os
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from octavo.data.duplicates.find import Limits, Removals, among, sketch_all
from octavo.data.duplicates.ids import Ids
from octavo.data.quality.sieve import Sieve, sift
from octavo.kinds.documents import DUPLICATE_REASONS
from octavo.kinds.records import Bad, Row, Shard, encode_row, read_shard
from octavo.spine import disk
from octavo.spine.progress import progress, reading
from octavo.spine.shards import over_shards

KEPT, REMOVED, ROWS, COUNTS, SAME = "kept.jsonl", "removed.jsonl", "rows.npy", "counts.json", "same.jsonl"
"""In the folder of each shard: its records that stay, those that go, the places of the former in the shard, how many
went for what; and which of those that stayed repeat another record."""


@dataclass(frozen=True)
class Selected:
    """What became of all records; a folder with `kept.jsonl` and `removed.jsonl` for each shard."""

    parts: list[Path]
    records: int
    kept: int
    edited: int
    """Records that stay with lines cut."""
    reasons: dict[str, int]
    """Reason → how many records went for it, most first."""
    bad: list[Bad]
    """Rows that are no records."""

    @property
    def share(self) -> float:
        """Of the records, how many went."""
        return 1 - self.kept / self.records if self.records else 0.0


@dataclass(frozen=True)
class Merging:
    """A shard after the sieve, and what goes from it as a duplicate."""

    part: Path
    same: Path
    first: int
    """Number of its first record over all shards."""


def select_records(
    shards: Sequence[Shard],
    sieve: Sieve,
    limits: Limits | None,
    scratch: Path,
    *,
    shape: str = "plain",
    on: str = "processes",
    workers: int = 0,
) -> Selected:
    """Apply the sieve to every record, and search for duplicates among those that are left (`limits` None: no search).

    `shape` says what a removed row looks like: `plain` for files, `documents` for the artifact. All that is done is
    kept in `scratch`, so that the same call goes on after a kill.
    """
    sizes = [shard.end - shard.start for shard in shards]
    spread: dict[str, Any] = {"on": on, "workers": workers}
    work = partial(_sift_shard, sieve=sieve, shape=shape)
    parts = over_shards(work, shards, scratch / "sifted", what="clean", sizes=sizes, unit="bytes", **spread)
    counts = [json.loads((part / COUNTS).read_bytes()) for part in parts]
    reasons: Counter[str] = Counter()
    for count in counts:
        reasons.update(count["reasons"])
    merged, left = parts, sum(count["kept"] for count in counts)
    firsts = np.cumsum([0, *(count["records"] for count in counts)]).tolist()
    same = scratch / "same"
    if limits is not None and left > 1:
        removals = _search(parts, limits, scratch, same, spread)
        reasons.update(_named(removals))
        left -= len(removals)
    merging = [Merging(part, same / f"{at:06d}", first) for at, (part, first) in enumerate(zip(parts, firsts))]
    merged = over_shards(partial(_merge, shape=shape), merging, scratch / "merged", what="write", sizes=sizes, **spread)
    ordered = dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0])))
    bad = [Bad(*one) for count in counts for one in count["bad"]]
    return Selected(merged, firsts[-1], left, sum(count["edited"] for count in counts), ordered, bad)


def tell(selected: Selected, alarm: float) -> str:
    """Readings of what was removed; the alarm in words when it is suspiciously much, else nothing."""
    counts = {reason.replace(" ", "_"): count for reason, count in selected.reasons.items()}
    reading(documents=selected.records, removed_share=round(selected.share, 4), **counts)
    if selected.share <= alarm:
        return ""
    worst, times = next(iter(selected.reasons.items()))
    note = f"alarm: {selected.share:.0%} of the documents were removed, most as {worst} ({times})"
    reading(alarm=note)
    gone = selected.records - selected.kept
    progress("removed", selected.records, "documents").advance(gone, note)
    return note


def _sift_shard(shard: Shard, target: Path, *, sieve: Sieve, shape: str) -> None:
    """Write a shard's folder; `rows.npy` holds where in the shard each kept record stood."""
    disk.remove(target)
    target.mkdir(parents=True)
    bad: list[Bad] = []
    reasons: Counter[str] = Counter()
    places = array("I")
    edited = at = 0
    with (target / KEPT).open("wb") as kept, (target / REMOVED).open("wb") as removed:
        originals = _Originals(read_shard(shard, bad))
        for at, (one, before) in enumerate(zip(sift(originals, sieve), originals.before()), 1):
            if one.verdict is None:
                kept.write(encode_row(one.row))
                places.append(at - 1)
                if one.cut:
                    edited += 1
                    note = {"row": at - 1, "id": one.row["id"], "reason": "lines cut", "cut": one.cut, "before": before}
                    removed.write(encode_row(note) if shape == "plain" else b"")
                continue
            verdict = one.verdict
            reasons[verdict.reason] += 1
            detail = one.detail or verdict.detail
            removed.write(encode_row(_removed(shape, at - 1, before, verdict.reason, detail, verdict.score)))
    np.save(target / ROWS, np.frombuffer(places, np.uint32) if places else np.zeros(0, np.uint32))
    lines = [(one.source, one.row, one.reason) for one in bad]
    about = {"records": at, "kept": len(places), "edited": edited, "reasons": reasons, "bad": lines}
    (target / COUNTS).write_text(json.dumps(about, sort_keys=True))


class _Originals:
    """Rows on their way into the sieve, with a copy of each as it came, since the sieve may edit it."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self._before: list[Row] = []

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            self._before.append(dict(row))
            yield row

    def before(self) -> Iterator[Row]:
        """The copies in the order of the rows; each is let go when it is taken."""
        while True:
            waiting, self._before = self._before, []
            yield from waiting
            if not waiting:
                return


def _removed(shape: str, row: int, record: Row, reason: str, detail: str, score: float | None) -> Row:
    if shape == "documents":
        return {
            "document": record,
            "reason": reason,
            "detail": detail,
            "duplicate_of": "",
            "similarity": 0.0,
            "count": 1,
        }
    return {"row": row, "id": record["id"], "reason": reason, "detail": detail, "score": score, "record": record}


def _search(parts: Sequence[Path], limits: Limits, scratch: Path, same: Path, spread: dict[str, Any]) -> Removals:
    """Find the duplicates among what is left, and write down for each shard which of its records they are:
    `[place, reason, id of the one kept, similarity]`."""
    sources = [part / KEPT for part in parts]
    shards = [Shard(path, 0, path.stat().st_size, 0, path.name) for path in sources]
    sketches = sketch_all(shards, limits, scratch / "duplicates", **spread)
    removals = among(sketches, limits, scratch / "duplicates", **spread)
    same.mkdir(exist_ok=True)
    with Ids(sketches, removals.first) as ids:
        rows = iter(removals)
        waiting = next(rows, None)
        for at in range(len(parts)):
            begin, end = int(removals.first[at]), int(removals.first[at + 1])
            mine = []
            while waiting is not None and waiting[0] < end:
                mine.append(waiting)
                waiting = next(rows, None)
            names = ids.of([kept for _, kept, _, _ in mine]) if mine else {}
            with (same / f"{at:06d}").open("wb") as out:
                for row, kept, kind, similarity in mine:
                    line = [row - begin, _reason(kind), names[kept], similarity]
                    out.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
    return removals


def _named(removals: Removals) -> dict[str, int]:
    return {_reason(kind): count for kind, count in removals.counts().items()}


def _reason(kind: str) -> str:
    """What a removal by this kind of likeness is called: `exact duplicate`."""
    reason = f"{kind} duplicate"
    assert reason in DUPLICATE_REASONS, kind
    return reason


def _merge(task: Merging, target: Path, *, shape: str) -> None:
    """Take the duplicates out of what the sieve left of a shard, and put them among what was removed, in order."""
    disk.remove(target)
    target.mkdir(parents=True)
    places = array("I", np.load(task.part / ROWS).tobytes())
    with (
        (task.same if task.same.exists() else Path(os.devnull)).open("rb") as found,
        (task.part / KEPT).open("rb") as rows,
        (task.part / REMOVED).open("rb") as gone,
        (target / KEPT).open("wb") as kept,
        (target / REMOVED).open("wb") as removed,
    ):
        same = map(json.loads, found)
        nxt = next(same, None)
        waiting = _numbered(gone, places, shape)
        one = next(waiting, None)
        for at, (place, line) in enumerate(zip(places, rows, strict=True)):
            while one is not None and one[0] <= place:
                removed.write(_placed(one[1], one[0] + task.first, shape))
                one = next(waiting, None)
            if nxt is None or nxt[0] != at:
                kept.write(line)
                continue
            row = json.loads(line)
            made = _removed(shape, place + task.first, row, nxt[1], "", None)
            if shape == "documents":
                made |= {"duplicate_of": nxt[2], "similarity": nxt[3]}
            else:
                del made["detail"], made["score"]
                made |= {"kept": nxt[2], "similarity": nxt[3]}
            removed.write(encode_row(made))
            nxt = next(same, None)
        while one is not None:
            removed.write(_placed(one[1], one[0] + task.first, shape))
            one = next(waiting, None)


def _numbered(lines: Any, places: array[int], shape: str) -> Iterator[tuple[int, bytes]]:
    """The removed rows of a shard with the place where each stood."""
    if shape == "plain":
        for line in lines:
            yield int(line[len(b'{"row": ') : line.index(b",")]), line
        return
    at = met = 0
    for line in lines:
        while met < len(places) and places[met] == at:
            at, met = at + 1, met + 1
        yield at, line
        at += 1


def _placed(line: bytes, row: int, shape: str) -> bytes:
    """A removed row with its number over all shards."""
    return line if shape == "documents" else b'{"row": %d' % row + line[line.index(b",") :]
