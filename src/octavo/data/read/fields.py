"""Fields: which field of a row is its text, its id, its licence …, by name, or by what is in it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from octavo.data.read.licences import licence_field
from octavo.data.read.source import Kept, Row, Source, kept, left
from octavo.kinds.documents import Removed

TEXT = [
    "text",
    "content",
    "body",
    "document",
    "article",
    "passage",
    "page_content",
    "raw_content",
    "full_text",
    "fulltext",
    "maintext",
    "main_text",
    "cleaned_text",
    "markdown",
    "message",
    "comment",
    "review",
    "story",
    "transcript",
    "description",
    "abstract",
    "summary",
    "sentence",
]
_NAMES = {
    "id": ("id", "_id", "doc_id", "docid", "document_id", "uuid", "uid"),
    "licence": ("licence", "license", "spdx", "rights"),
    "date": ("date", "published", "published_at", "publication_date", "created", "created_at", "timestamp", "datetime"),
    "domain": ("domain",),
    "language": ("language", "lang"),
    "title": ("title", "headline", "heading"),
    "source": ("source", "url", "uri", "link"),
    "annotated": ("annotated",),
}
SAMPLED = 200
"""Rows from which the text field is guessed."""


@dataclass(frozen=True)
class Fields:
    """Which field of a file's rows is what."""

    text: str
    """Empty: no field is text."""
    guessed: bool
    """Whether the text field was found by what is in it."""
    about: dict[str, str]
    """Ours → theirs."""

    @property
    def note(self) -> tuple[str, ...]:
        """What should be said beside the first record."""
        return (f"text field guessed: {self.text}",) if self.guessed else ()


def fields_of(rows: Sequence[Row]) -> Fields:
    """Find the fields by the first rows of a file."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    by_lower = {str(name).strip().lower(): name for name in reversed(names)}
    about = {ours: next((by_lower[name] for name in theirs if name in by_lower), "") for ours, theirs in _NAMES.items()}
    about = {ours: theirs for ours, theirs in about.items() if theirs}
    for name in TEXT:
        theirs = by_lower.get(name)
        if theirs is not None and any(isinstance(row.get(theirs), str) and row[theirs].strip() for row in rows):
            return Fields(theirs, False, about)
    best, longest = "", 0.0
    for name in names:
        cells = [row[name] for row in rows if isinstance(row.get(name), str) and row[name].strip()]
        if 2 * len(cells) < len(rows) or name in about.values():
            continue
        length = sum(map(len, cells)) / len(cells)
        worded = sum(len(cell.split()) >= 4 or not cell[:200].isascii() for cell in cells) / len(cells)
        if length > longest and length >= 20 and worded >= 0.5:
            best, longest = name, length
    return Fields(best, bool(best), about)


def from_row(
    source: Source, row: Row, number: int, fields: Fields, *, span: tuple[int, int] | None, notes: tuple[str, ...] = ()
) -> Kept | Removed:
    """The document of a row, whose number counts from 1; fields without a meaning of their own are kept beside it."""
    place = f"{source.name}:{number}"
    text = row.get(fields.text)
    if not isinstance(text, str):
        return left(source, "no text", f"the field {fields.text} is missing or no text", name=place, row=number)
    given = row.get(fields.about.get("id", ""))
    name = str(given) if isinstance(given, str | int) and not isinstance(given, bool) and given != "" else place
    used = {fields.text, *fields.about.values()}
    about: dict[str, Any] = {}
    for ours, theirs in fields.about.items():
        value = _value(ours, row.get(theirs))
        if ours != "id" and value:
            about[ours] = value
        elif ours != "id" and row.get(theirs) not in (None, "", False):
            used.discard(theirs)  # it could not be understood: it stays as it is
    rest = {key: value for key, value in row.items() if key not in used}
    return kept(
        source, mended(text), name=mended(name), verbatim=True, rest=rest, line=number, span=span, notes=notes, **about
    )


def mended(text: str) -> str:
    """The text with lone surrogates, which can't be written as UTF-8, joined or replaced."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _value(ours: str, value: object) -> Any:
    if ours == "annotated":
        return value is True or (isinstance(value, str) and value.lower() in ("true", "1", "yes"))
    if ours == "licence":
        return licence_field(value)
    if ours == "date":
        return iso_date(value)
    if ours == "language":
        return value.strip() if isinstance(value, str) and len(value) <= 40 else ""
    return " ".join(mended(value).split()) if isinstance(value, str) else ""


_DAY = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?=\D|\Z)")


def iso_date(value: object) -> str:
    """ISO 8601 of a date as found (a text, a date, seconds since 1970); empty when it is none."""
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = value / 1000 if value > 1e11 else value
        if not 1e8 < seconds < 1e10:
            return ""
        return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if not isinstance(value, str):
        return ""
    text = value.strip()
    try:
        datetime.datetime.fromisoformat(text)
    except ValueError:
        pass
    else:
        return text if "-" in text else datetime.datetime.fromisoformat(text).isoformat()
    if match := _DAY.match(text):
        try:
            return datetime.date(int(match[1]), int(match[2]), int(match[3])).isoformat()
        except ValueError:
            return ""
    return ""
