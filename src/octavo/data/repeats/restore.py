"""Restore: undo removals: whole records come back to their places, and spans that were cut out into their texts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octavo.kinds.records import Row, open_packed, read_rows, write_rows
from octavo.spine.errors import WRONG_USE, OctavoError, nearest
from octavo.spine.progress import progress

_ENTRY = np.dtype([("row", "<i8"), ("at", "<i8"), ("chosen", "?")])


@dataclass(frozen=True)
class Choice:
    """What to undo: everything, or what has one of the ids (where any are given) and one of the kinds."""

    ids: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()

    def __call__(self, row: Row) -> bool:
        """Whether a row of the removed file is to be undone."""
        name = row["record"]["id"] if "record" in row else row["id"]
        return (not self.ids or name in self.ids) and (not self.kinds or bool(self.kinds & names_of(row)))


@dataclass
class Restored:
    """What came back, counted by kind."""

    records: dict[str, int] = field(default_factory=dict)
    spans: dict[str, int] = field(default_factory=dict)
    written: int = 0
    """Records in the new file."""


def kind_of(row: Row) -> str:
    """The kind of a removal: the first word of its reason ("near duplicate" is of the kind near)."""
    return str(row["reason"]).split(" ", 1)[0]


def names_of(row: Row) -> set[str]:
    """What a removal may be called: its whole reason, its kind, or the rule's set before the colon."""
    reason = str(row["reason"])
    return {reason, kind_of(row), reason.partition(":")[0]}


def restore(kept: Path, removed: Path, target: Path, choice: Choice, scratch: Path) -> Restored:
    """Write `kept` with what is chosen of `removed` put back in its place.

    `removed` has one row a removed record (`record`, `reason`, `row`: its place in the input from 0) and one a span
    that was cut (`id`, `reason`, `start`, `end`, `text`, `row`), or an edited record (`before`, whole). With everything
    chosen the input comes back, in its order. Memory holds 17 bytes a row. Errors: D060 a row is of another form, D061
    an id isn't there, D062 the two files don't belong together.
    """
    plain = _plain(removed, scratch)
    entries = _index(plain, removed.name, choice)
    done = Restored()
    done.written = write_rows(target, _restored(kept, plain, entries, done))
    return done


def _plain(path: Path, scratch: Path) -> Path:
    if not path.name.endswith((".gz", ".zst")):
        return path
    plain = scratch / "removed.jsonl"
    with open_packed(path) as packed, plain.open("wb") as out:
        while block := packed.read(2**20):
            out.write(block)
    return plain


def _index(path: Path, name: str, choice: Choice) -> NDArray[Any]:
    """Where each row stands, by its place in the input; spans of one record in the order of their starts."""
    rows, found, missing, known = [], 0, set(choice.ids), set()
    with path.open("rb") as lines:
        at = 0
        for number, line in enumerate(lines, 1):
            if not line.isspace():
                row = _checked(line, name, number)
                if row["row"] is None:  # it never was a record
                    at += len(line)
                    continue
                known |= names_of(row)
                chosen = choice(row)
                missing.discard(row["record"]["id"] if "record" in row else row["id"])
                rows.append((row["row"], at, chosen))
                found += chosen
            at += len(line)
    if missing:
        some = ", ".join(sorted(missing)[:5])
        raise OctavoError(
            "D061",
            f"{len(missing)} of the ids to restore are not among the removed: {some}",
            where=name,
            do="give ids of removed records as they stand in that file",
            exit_code=WRONG_USE,
        )
    if choice.kinds - known:
        kind = min(choice.kinds - known)
        raise OctavoError(
            "D061",
            f'Nothing was removed as "{kind}"{nearest(kind, known)}',
            where=name,
            do=f"the file has: {', '.join(sorted(known)) or 'nothing'}",
            exit_code=WRONG_USE,
        )
    entries = np.array(rows, _ENTRY)
    return entries[np.argsort(entries["row"], kind="stable")]


def _checked(line: bytes, name: str, number: int) -> Row:
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    fits = isinstance(row, dict) and "row" in row and isinstance(row.get("reason"), str)
    if fits and row["row"] is None:
        return dict(row)
    fits = fits and isinstance(row["row"], int)
    if fits and "before" in row:
        fits = isinstance(row["before"], dict) and isinstance(row["before"].get("text"), str) and "id" in row
    elif fits and "record" in row:
        fits = isinstance(row["record"], dict) and isinstance(row["record"].get("text"), str) and "id" in row["record"]
    elif fits:
        fits = isinstance(row.get("text"), str) and isinstance(row.get("start"), int) and "id" in row
    if not fits:
        raise OctavoError(
            "D060",
            f"Row {number} of {name} is no removal",
            where=name,
            likely="it is not the file that `octavo data dedup --removed` wrote",
            do="name that file",
        )
    found: Row = row
    return found


def _restored(kept: Path, removed: Path, entries: NDArray[Any], done: Restored) -> Iterator[Row]:
    records = read_rows(kept)
    place = -1
    bar = progress("restore", None, "records")
    with removed.open("rb") as lines:

        def removals(start: int, end: int) -> Iterator[tuple[Row, bool]]:
            for entry in entries[start:end]:
                lines.seek(int(entry["at"]))
                yield json.loads(lines.readline()), bool(entry["chosen"])

        borders = np.flatnonzero(np.diff(entries["row"], prepend=-1, append=-1)) if len(entries) else np.zeros(1, int)
        for start, end in zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True):
            at = int(entries["row"][start])
            for _ in range(at - place - 1):
                yield _next(records, removed.name)
            place = at
            bar.advance(place + 1 - bar.done)
            found = list(removals(start, end))
            whole = [(row, chosen) for row, chosen in found if "record" in row]
            if whole:
                row, chosen = whole[0]
                # a record may have been edited first and gone later
                before = [other["before"] for other, taken in found if "before" in other and taken]
                if chosen:
                    _count(done.records, row)
                    yield before[0] if before else row["record"]
            elif "before" in found[0][0]:
                record, (row, chosen) = _next(records, removed.name), found[0]
                if str(row["id"]) != record["id"]:
                    raise _strangers(removed.name, f'"{row["id"]}" doesn\'t fit the record "{record["id"]}"')
                if chosen:
                    _count(done.spans, row)
                yield row["before"] if chosen else record
            else:
                yield _mended(_next(records, removed.name), found, removed.name, lambda row: _count(done.spans, row))
    yield from records


def _count(counts: dict[str, int], row: Row) -> None:
    counts[kind_of(row)] = counts.get(kind_of(row), 0) + 1


def _next(records: Iterator[Row], name: str) -> Row:
    record = next(records, None)
    if record is None:
        raise _strangers(name, "there are fewer records than the removed rows say")
    return record


def _strangers(name: str, why: str) -> OctavoError:
    return OctavoError(
        "D062",
        f"The kept records and the removed rows don't belong together: {why}",
        where=name,
        likely="one of the two files is of another run, or was changed since",
        do="name the two files that one `octavo data dedup` wrote",
    )


def _mended(record: Row, spans: list[tuple[Row, bool]], name: str, count: Callable[[Row], None]) -> Row:
    """The record with the chosen spans back in its text; the places of all of them count in the text as it was."""
    spans = sorted(spans, key=lambda one: int(one[0]["start"]))
    text, at, parts = record["text"], 0, []
    grown = 0
    for row, chosen in spans:
        start = int(row["start"]) - grown
        if str(row["id"]) != record["id"] or not at <= start <= len(text):
            raise _strangers(name, f'a span of "{row["id"]}" doesn\'t fit the record "{record["id"]}"')
        parts.append(text[at:start])
        if chosen:
            parts.append(row["text"])
            count(row)
        at = start
        grown += len(row["text"])
    return {**record, "text": "".join([*parts, text[at:]])}
