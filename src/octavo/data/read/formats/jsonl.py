"""JSON Lines: one document for each row, read line by line; and JSON documents that hold rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from octavo.data.read.encoding import by_mark, decode
from octavo.data.read.fields import SAMPLED, Fields, fields_of, from_row
from octavo.data.read.source import Kept, Row, Source, left
from octavo.kinds.documents import Removed

Line = tuple[int, int, int, Row | None, str, tuple[str, ...]]
"""Row number from 1, first and last byte, the row or None, why it is none, notes."""


def read(source: Source, kind: str) -> Iterator[Kept | Removed]:
    """The documents of JSON Lines (`jsonl`) or of one JSON document (`json`)."""
    lines = _lines(source) if kind == "jsonl" and not _wide(source) else _document(source)
    first = list(islice(lines, SAMPLED))
    rows = [row for _, _, _, row, _, _ in first if row is not None]
    fields = fields_of(rows)
    if not rows or not fields.text:
        names = ", ".join(list(dict.fromkeys(str(name) for row in rows for name in row))[:12])
        whole = left(source, "unsupported type", f"JSON without a field of text ({names or 'no objects'})")
        yield whole
        return
    yield from _documents(source, iter(first), fields, fields.note)
    yield from _documents(source, lines, fields, ())


def _documents(
    source: Source, lines: Iterator[Line], fields: Fields, first_notes: tuple[str, ...]
) -> Iterator[Kept | Removed]:
    for number, start, end, row, reason, notes in lines:
        if row is None:
            yield left(source, reason, name=f"{source.name}:{number}", row=number)
            continue
        span = (start, end) if end else None
        one = from_row(source, row, number, fields, span=span, notes=(*first_notes, *notes))
        if isinstance(one, Kept):
            first_notes = ()
        yield one


def _wide(source: Source) -> bool:
    mark = by_mark(source.start().read(4096))
    return bool(mark) and not mark.startswith("utf-8")


def _lines(source: Source) -> Iterator[Line]:
    handle, largest = source.start(), source.limits.largest
    number = at = 0
    while line := handle.readline(largest + 1):
        number += 1
        start, at = at, at + len(line)
        if len(line) > largest and not line.endswith(b"\n"):
            while more := handle.readline(2**20):
                at += len(more)
                source.watch.beat()
                if more.endswith(b"\n"):
                    break
            yield number, start, at, None, "over the size limit", ()
            continue
        if line.isspace():
            continue
        row, reason, notes = _row(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line)
        yield number, start, at, row, reason, notes


def _row(line: bytes) -> tuple[Row | None, str, tuple[str, ...]]:
    notes: tuple[str, ...] = ()
    try:
        text = line.decode()
    except UnicodeDecodeError:
        decoded = decode(line)
        if not decoded.sure:
            return None, "encoding guessed" if decoded.text else "broken UTF-8", ()
        text, notes = decoded.text, decoded.notes
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None, "not a JSON object", ()
    return (value, "", notes) if isinstance(value, dict) else (None, "not a JSON object", ())


def _document(source: Source) -> Iterator[Line]:
    """The rows of one JSON document: a list of objects, an object with such a list, or one object.

    JSON Lines in UTF-16 come this way too, since their lines can't be told apart as bytes.
    """
    if source.size > source.limits.largest:
        yield 1, 0, 0, None, "over the size limit", ()
        return
    decoded = decode(source.whole())
    notes = decoded.notes
    try:
        value = json.loads(decoded.text)
    except RecursionError:
        yield 1, 0, 0, None, "nested too deeply", ()
        return
    except ValueError:
        for number, line in enumerate(decoded.text.split("\n"), 1):
            if line.strip():
                row, reason, _ = _row(line.encode("utf-8", "surrogatepass"))
                yield number, 0, 0, row, reason, notes
        return
    for number, row in enumerate(_rows_in(value), 1):
        if isinstance(row, dict):
            yield number, 0, 0, row, "", notes
        else:
            yield number, 0, 0, None, "not a JSON object", ()


def _rows_in(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    if not isinstance(value, dict):
        return []
    lists = [one for one in value.values() if isinstance(one, list) and one and isinstance(one[0], dict)]
    if isinstance(value.get("text"), str) or len(lists) != 1:
        return [value]
    return lists[0] if fields_of([row for row in lists[0] if isinstance(row, dict)][:SAMPLED]).text else [value]
