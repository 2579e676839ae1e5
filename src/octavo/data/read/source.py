"""Source: what a reader is given (a named, seekable file under limits) and what it gives back for each record."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import IO, Any

from octavo.data.texts import tidy
from octavo.kinds.documents import Document, Removed, document_row

Row = dict[str, Any]


@dataclass(frozen=True)
class Limits:
    """What one file may cost; whatever is over a limit is listed, never cut silently."""

    largest: int = 50_000_000
    """Bytes of what is read whole: a text, a page, a PDF, one row."""
    seconds: float = 60.0
    """How long a file, or one record of it, may take."""
    memory: int = 3 * 2**30
    """Bytes the reading process may hold."""
    unpacked: int = 50_000_000_000
    """Bytes that one packed file or archive may become."""
    ratio: int = 400
    """How many times its packed size a file may become, from 10 MB on."""
    entries: int = 200_000
    """Members of one archive."""
    depth: int = 4
    """Packed in packed, archives in archives, pages in archives of pages."""


@dataclass
class Watch:
    """Between the readers and whoever waits for them: tells what is being read, and what is to be passed over."""

    enter: Callable[[str], str] = field(default=lambda name: "")
    """Says that the part `name` begins; the answer is why it must be passed over (empty: it must not)."""
    beat: Callable[[], None] = field(default=lambda: None)
    """Says that the work goes on."""


@dataclass(frozen=True)
class Source:
    """One file, wherever it lies: on the disk, unpacked, or a member of an archive."""

    name: str
    """Path below the given folder, with `/`; members are `archive.zip/member`."""
    handle: IO[bytes]
    """Seekable, at its start."""
    size: int
    limits: Limits = Limits()
    watch: Watch = field(default_factory=Watch)
    licence: str = ""
    """Of the folder it lies in."""
    domain: str = ""
    depth: int = 0
    charset: str = ""
    """As declared from outside (the head of an HTTP answer)."""
    file: str = ""
    """Of a page: the archive it lies in; empty: the name."""
    address: str = ""
    date: str = ""
    language: str = ""
    row: int = 0
    """1-based, of a page in an archive of pages."""
    span: tuple[int, int] | None = None

    def inner(self, name: str, handle: IO[bytes], size: int, **changes: Any) -> Source:
        """What lies inside of this one."""
        return replace(self, name=name, handle=handle, size=size, depth=self.depth + 1, **changes)

    def start(self) -> IO[bytes]:
        """The handle, at its start."""
        self.handle.seek(0)
        return self.handle

    def whole(self) -> bytes:
        """All of its bytes; the caller has seen to the limit."""
        return self.start().read()


@dataclass(frozen=True)
class Kept:
    """A document, and what else its record held."""

    document: Document
    rest: Row = field(default_factory=dict)


def kept(
    source: Source, text: str, /, *, name: str = "", verbatim: bool = False, rest: Row | None = None, **about: Any
) -> Kept | Removed:
    """What a reader gives for one text: the document with its hash and what is known of its source, or its removal
    when there is no text."""
    if not verbatim:
        text = tidy(text)
    about = {key: value for key, value in about.items() if value not in ("", None, ())}
    known = {
        "file": source.file or source.name,
        "licence": source.licence,
        "domain": source.domain,
        "source": source.address,
    }
    known |= {"date": source.date, "language": source.language, "line": source.row, "span": source.span}
    document = Document(name or source.name, text, **{**known, **about})
    if not text.strip():
        return Removed(replace(document, text=""), "empty")
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return Kept(replace(document, hash=digest), rest or {})


def left(source: Source, reason: str, detail: str = "", *, name: str = "", row: int = 0) -> Removed:
    """What a reader gives for what it can't keep."""
    line = row or source.row
    return Removed(
        Document(name or source.name, "", file=source.file or source.name, line=line, source=source.address),
        reason,
        detail,
    )


def record_row(one: Kept) -> Row:
    """A kept document as a record of a plain file: id, text, where it came from, then whatever else it held."""
    about = document_row(one.document)
    row: Row = {"id": about.pop("id"), "text": about.pop("text")}
    file = about.pop("file", "")
    row["source"] = about.pop("source", "") or file
    if file and file != row["source"]:
        row["file"] = file
    about.pop("kind", None)
    return {**row, **about, **{key: value for key, value in one.rest.items() if key not in row and key not in about}}


def removed_row(one: Removed) -> Row:
    """A removal as a row of a plain file."""
    row: Row = {"id": one.document.id, "source": one.document.source or one.document.file, "reason": one.reason}
    if one.detail:
        row["detail"] = one.detail
    if one.document.line:
        row["line"] = one.document.line
    if one.document.text:
        row["text"] = one.document.text
    return row
