"""Records: any files and folders as plain files of records, over shards, with the same bytes whoever reads them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from octavo.data.folder import errands_of, walk
from octavo.data.read.guarded import Errand, Guard
from octavo.data.read.source import Limits, Row
from octavo.data.read.worker import id_hash
from octavo.kinds.documents import DOCUMENTS
from octavo.kinds.records import Bad, encode_row, is_records, read_rows
from octavo.spine.errors import OctavoError
from octavo.spine.shards import over_shards

BATCH_BYTES = 8 * 2**20
BATCH_FILES = 200


def as_records(
    paths: Sequence[Path], scratch: Path, *, on: str = "processes", workers: int = 0, limits: Limits | None = None
) -> tuple[list[Path], list[Row]]:
    """Plain files of records for any inputs: those that are some already are given back as they are; folders and all
    other files are read into JSON Lines in `scratch` (and found there by an attempt that goes on after a kill).

    The second list is what was left out: `{"id", "source", "reason", "detail"}`. Raises D030 when nothing is left.
    """
    found: list[Path] = []
    removed: list[Row] = []
    kept = 0
    for at, path in enumerate(paths):
        if holds_records(path):
            found.append(path)
            kept += 1
            continue
        place = scratch / f"read-{at:04d}"
        target, left = place / "records.jsonl", place / "removed.jsonl"
        if not target.exists():
            prefix = f"{path.resolve().name}/" if len(paths) > 1 and path.is_dir() else ""
            parts = read_parts(errands_below([path], limits, prefix), place / "parts", limits, on=on, workers=workers)
            write_joined(parts, target, left)
        removed += [json.loads(line) for line in left.read_bytes().splitlines()]
        if target.stat().st_size:
            found.append(target)
            kept += 1
    if not kept:
        raise _nothing(paths, Counter(row["reason"] for row in removed))
    return found, removed


def as_corpus(paths: Sequence[Path], scratch: Path, *, on: str = "processes", workers: int = 0) -> list[Path]:
    """As `as_records` for what a corpus may be: documents artifacts are given back as they are, too."""
    artifacts = [path for path in paths if (path / DOCUMENTS).is_file()]
    others = [path for path in paths if path not in artifacts]
    return artifacts + (as_records(others, scratch, on=on, workers=workers)[0] if others else [])


def holds_records(path: Path) -> bool:
    """Whether a file is one of records by its name and by its first rows."""
    if not path.is_file() or not is_records(path):
        return False
    try:
        return any(True for _ in islice(read_rows(path, _Few()), 1))
    except (OctavoError, OSError, ValueError):
        return False


class _Few(list[Bad]):
    """Ends the search for a first record before it has gone through a long file of something else."""

    def append(self, one: Bad) -> None:
        super().append(one)
        if len(self) >= 100:
            raise ValueError("no record among the first rows")


def errands_below(paths: Sequence[Path], limits: Limits | None = None, prefix: str = "") -> list[Errand]:
    """The files to be read: each given file under its name, each folder's under their paths below it (and below the
    folder's name, when several things are given)."""
    errands: list[Errand] = []
    for path in paths:
        if path.is_dir():
            before = prefix or (f"{path.resolve().name}/" if len(paths) > 1 else "")
            errands += errands_of(walk(path, 2**63), before)
        else:
            errands.append(Errand(path.name, path, path.stat().st_size))
    return errands


def read_parts(
    errands: Sequence[Errand],
    folder: Path,
    limits: Limits | None = None,
    *,
    rows: str = "records",
    on: str = "processes",
    workers: int = 0,
) -> list[Path]:
    """Read batches of files over shards; the parts hold the worker's lines (`K…` and `R…`) in order of the errands."""
    batches = list(_batches(errands))
    work = partial(_read_batch, limits=asdict(limits or Limits()), rows=rows)
    sizes = [sum(errand.size for errand in batch) / 1e6 + 0.01 * len(batch) for batch in batches]
    return over_shards(work, batches, folder, what="read", on=on, workers=workers, sizes=sizes, unit="MB")


def _read_batch(batch: tuple[Errand, ...], target: Path, *, limits: dict[str, Any], rows: str) -> None:
    with target.open("wb") as out, Guard(Limits(**limits), rows) as guard:
        for errand in batch:
            for line in guard.read(errand):
                out.write(line)


def _batches(errands: Iterable[Errand]) -> Iterator[tuple[Errand, ...]]:
    batch: list[Errand] = []
    size = 0
    for errand in errands:
        if batch and (size + errand.size > BATCH_BYTES or len(batch) >= BATCH_FILES):
            yield tuple(batch)
            batch, size = [], 0
        batch.append(errand)
        size += errand.size
    if batch:
        yield tuple(batch)


def kept_rows(parts: Sequence[Path]) -> Iterator[bytes]:
    """The JSON rows of all that was kept, each id once: a record whose given id another one has takes its place in
    its file for an id, and says so."""
    import numpy as np

    hashes = np.fromiter((int(line[1:17], 16) for line in _lines(parts, b"K")), np.uint64)
    hashes.sort()
    again = set(hashes[1:][hashes[1:] == hashes[:-1]].tolist())
    used: set[int] = set()
    for line in _lines(parts, b"K"):
        number = int(line[1:17], 16)
        if number not in again or number not in used:
            if number in again:
                used.add(number)
            yield line[17:]
            continue
        row = json.loads(line[17:])
        place = f"{row.get('file') or row.get('source')}:{row.get('line', 1)}"
        name, count = place, 1
        while (known := int(id_hash(name), 16)) in used or _holds(hashes, known):
            count += 1
            name = f"{place}~{count}"
        used.add(known)
        row["notes"] = [*row.get("notes", ()), f"id given: {row['id']}"]
        row["id"] = name
        yield encode_row(row)


def _lines(parts: Sequence[Path], first: bytes) -> Iterator[bytes]:
    """The lines of the parts that begin with the letter `first`."""
    for part in parts:
        with part.open("rb") as lines:
            yield from (line for line in lines if line[:1] == first)


def _holds(ordered: Any, value: int) -> bool:
    import numpy as np

    at = int(np.searchsorted(ordered, np.uint64(value)))
    return at < len(ordered) and int(ordered[at]) == value


def removed_rows(parts: Sequence[Path]) -> Iterator[bytes]:
    """The JSON rows of all that was left out, in order."""
    return (line[1:] for line in _lines(parts, b"R"))


def write_joined(parts: Sequence[Path], target: Path, removed: Path) -> None:
    """Write the kept rows and the removed ones as JSON Lines; `target` is there only when all is."""
    for path, rows in ((removed, removed_rows(parts)), (target, kept_rows(parts))):
        aside = path.with_name(f"{path.name}.partial")
        with aside.open("wb") as out:
            out.writelines(rows)
        aside.replace(path)


@dataclass
class Tally:
    """What came of the reading: counts for people and for `--json`."""

    records: int = 0
    characters: int = 0
    removed: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    licences: Counter[str] = field(default_factory=Counter)

    def count(self, rows: Iterable[bytes]) -> Iterator[Row]:
        """Pass kept rows on and count them."""
        for line in rows:
            row = json.loads(line)
            self.records += 1
            self.characters += len(row["text"])
            self.licences[row.get("licence", "") or "unknown"] += 1
            self.notes.update({note.split(":")[0] if "guessed" not in note else note for note in row.get("notes", ())})
            yield row


def read_into(
    paths: Sequence[Path],
    scratch: Path,
    out: Path,
    removed: Path | None,
    *,
    limits: Limits,
    on: str = "processes",
    workers: int = 0,
) -> Tally:
    """Read files and folders into `out`, and what was left out into `removed`; raises D030 without a record."""
    from octavo.kinds.records import write_rows

    parts = read_parts(errands_below(paths, limits), scratch / "parts", limits, on=on, workers=workers)
    tally = Tally()
    for line in removed_rows(parts):
        tally.removed[json.loads(line)["reason"]] += 1
    if not any(True for _ in islice(_lines(parts, b"K"), 1)):
        raise _nothing(paths, tally.removed)
    if removed is not None:
        write_rows(removed, (json.loads(line) for line in removed_rows(parts)))
    write_rows(out, tally.count(kept_rows(parts)))
    return tally


def _nothing(paths: Sequence[Path], reasons: Counter[str]) -> OctavoError:
    told = ", ".join(f"{reason} ({count:,})" for reason, count in reasons.most_common(5))
    return OctavoError(
        "D030",
        "Nothing given here can be read",
        where=", ".join(map(str, paths[:3])),
        likely=f"reasons: {told}" if told else "the folder is empty",
        do="give text, Markdown, HTML, PDF, DOCX, CSV, JSON Lines, Parquet or WARC, packed or not",
    )
