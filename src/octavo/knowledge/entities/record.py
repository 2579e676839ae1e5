"""Record: one entry of a database as linking sees it: its text, the names in it, and what its fields state."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from octavo.kinds.records import open_packed
from octavo.knowledge.entities.attributes.given import given_of
from octavo.knowledge.entities.fields import typed_fields
from octavo.knowledge.entities.mask import FAMILIES, mask_text, names_an_id
from octavo.spine.errors import OctavoError

LONGEST_ROW = 8 << 20
"""Bytes of one line; a longer one is rejected, not read."""
AGAIN = "its id was there before; the first such row counts"
LONGEST_TEXT = 100_000
"""Characters of a text that are compared."""
_TITLES = ("title", "summary")
_BODIES = ("text", "description", "details")


@dataclass(frozen=True)
class Record:
    """An entry of a database."""

    id: str
    text: str
    """Title and body, one after the other; masked when it was read blind."""
    names: tuple[str, ...]
    """What it is about, as the database calls it: packages and products with their vendors."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Kind → values (sorted tuple of str); `date` is a float (days); see `fields.typed_fields`."""
    given: Mapping[str, str] = field(default_factory=dict)
    """Field → what it holds, as its database calls it; empty for advisories."""


@dataclass(frozen=True)
class Rejected:
    """A row that is no record: where it stands (rows count from 1) and why."""

    source: str
    row: int
    reason: str


class Kept(Protocol):
    """What remembers lines that were read before."""

    def record(self, line: bytes, make: Callable[[], Record | str]) -> Record | str:
        """The record of a line, made only when the line is new; a reason when it is none."""


def read_records(
    path: Path,
    *,
    blind: bool = False,
    known: Set[str] = frozenset(),
    rejected: list[Rejected] | None = None,
    kept: Kept | None = None,
) -> list[Record]:
    """The records of a file of JSON Lines (`.gz` and `.zst` too), in its order.

    With `blind` identifiers are hidden: those of known families, the record's own, and those in `known`. Rows that are
    no record (no JSON object, not UTF-8, longer than `LONGEST_ROW`, an id that was there before, nothing to compare)
    are added to `rejected`, or raise K051 when that is None. A file without any record raises K050.
    """
    records: list[Record] = []
    seen: set[str] = set()
    rows, first = 0, ""
    for number, line in enumerate(_lines(path), 1):
        if line.isspace():
            continue
        rows += 1
        made = _made(line, path.name, number, blind, known, kept)
        if isinstance(made, Record) and made.id in seen:
            made = AGAIN
        if isinstance(made, Record):
            seen.add(made.id)
            records.append(made)
        elif rejected is not None:
            rejected.append(Rejected(path.name, number, made))
            first = first or f": row {number} is {made}"
        else:
            raise OctavoError(
                "K051",
                f"Row {number} is no record: {made}",
                where=str(path),
                do='each line must be {"id": …, "text": …}',
            )
    if not records:
        raise OctavoError(
            "K050",
            "There are no records to link",
            where=str(path),
            likely=f"none of its {rows} rows is a record{first}" if rows else "the file is empty",
            do='each line must be {"id": …, "text": …}, or have a title, summary, details or description',
        )
    return records


def ids_in(path: Path) -> set[str]:
    """Ids and aliases that the records of a file declare, but for those of known families, which are hidden anyway."""
    found: set[str] = set()
    for line in _lines(path):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue  # `read_records` lists it
        if isinstance(row, dict):
            found |= _own(row)
    return found


def record_of(row: Mapping[str, Any], id_: str, *, blind: bool = False, known: Set[str] = frozenset()) -> Record:
    """The record that a row is, under the given id."""
    own = _declared(row)
    hide: Set[str] = frozenset()
    if blind:
        mine = _own(row)
        hide = known if mine <= known else known | mine  # a copy for every record would be quadratic
    parts: list[str] = []
    for key in _TITLES + _BODIES:
        value = row.get(key)
        if isinstance(value, str) and value.strip() and value.strip() not in parts:
            parts.append(value.strip())
    text = "\n".join(parts)[:LONGEST_TEXT].encode("utf-8", "replace").decode("utf-8")
    if blind:
        text = mask_text(text, hide)
    fields = typed_fields(row, text, lambda value: blind and names_an_id(value, hide))
    if not blind and own:
        fields["declared"] = tuple(sorted(value.lower() for value in own))
    given = given_of(row, lambda value: _cleaned(value, hide) if blind else value)
    return Record(id_, text, _names(row, fields), fields, given)


def _cleaned(value: str, hide: Set[str]) -> str:
    return "" if names_an_id(value, hide) and " " not in value else mask_text(value, hide)


def _names(row: Mapping[str, Any], fields: Mapping[str, Any]) -> tuple[str, ...]:
    names = [*fields.get("package", ()), *fields.get("vendor", ())]
    if isinstance(given := row.get("name"), str) and given.strip():
        names.append(given.strip().lower())
    return tuple(dict.fromkeys(names))


def _declared(row: Mapping[str, Any]) -> set[str]:
    aliases = row.get("aliases")
    values = [row.get("id"), *(aliases if isinstance(aliases, list) else ())]
    return {value for value in values if isinstance(value, str) and value}


def _own(row: Mapping[str, Any]) -> set[str]:
    """What a record declares that only a list of ids can tell to be one."""
    return {value for value in _declared(row) if len(value) > 3 and not FAMILIES.fullmatch(value)}


def _lines(path: Path) -> Iterator[bytes]:
    """Lines of a file; one that is too long comes as its beginning, so that it never is in memory."""
    with open_packed(path) as file:
        while line := file.readline(LONGEST_ROW + 1):
            yield line
            while len(line) > LONGEST_ROW and not line.endswith(b"\n"):
                line = file.readline(LONGEST_ROW + 1)


def _made(line: bytes, source: str, number: int, blind: bool, known: Set[str], kept: Kept | None) -> Record | str:
    def make() -> Record | str:
        return _record(line, source, number, blind, known)

    if kept is None:
        return make()
    found = kept.record(line, make)
    by_place = isinstance(found, Record) and found.id.startswith(f"{source}:")  # an id by its row is never remembered
    return make() if by_place else found


def _record(line: bytes, source: str, number: int, blind: bool, known: Set[str]) -> Record | str:
    if len(line) > LONGEST_ROW:
        return f"longer than {LONGEST_ROW >> 20} MB"
    try:
        row = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return "not UTF-8"
    except (ValueError, RecursionError):
        return "not a JSON object"
    if not isinstance(row, dict):
        return "not a JSON object"
    given = row.get("id")
    known_id = given if isinstance(given, str | int) and not isinstance(given, bool) and given != "" else None
    record = record_of(row, f"{source}:{number}" if known_id is None else str(known_id), blind=blind, known=known)
    if not (record.text.strip() or record.given or any(kind not in ("declared", "date") for kind in record.fields)):
        return "nothing to compare: neither text nor fields"
    return record
