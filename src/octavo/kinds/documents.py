"""Documents: records of text with where they came from, and the records that were left out with the reason."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

from octavo.kinds.kind import Kind
from octavo.spine.errors import OctavoError

DOCUMENTS = "documents.jsonl"
REMOVED = "removed.jsonl"
DUPLICATE_REASONS = ("exact duplicate", "near duplicate")


@dataclass(frozen=True)
class Document:
    """One record. `text` is what is indexed and cited: character offsets of citations count into it."""

    id: str
    """Unique: the qualified name of an object, or the path of a file below the given folder."""
    text: str
    kind: str = "file"
    """module, class, function, method, property, data, topic; or file."""
    title: str = ""
    """The heading of a file; empty for objects, whose id is their title."""
    signature: str = ""
    """Of a callable, as written: `(iterable, /)`, with annotations and defaults; several lines for overloads."""
    package: str = ""
    version: str = ""
    file: str = ""
    """Relative to the root it was read from (site-packages, the standard library, the documents folder)."""
    line: int = 0
    """1-based; 0 when there is no source."""
    aliases: tuple[str, ...] = ()
    """Other names of the same object (re-exports), shortest first."""
    uses: int = 0
    """How often sources in the environment refer to the object: a measured popularity."""
    licence: str = ""
    """SPDX name where it is known."""
    language: str = ""
    """ISO 639-1 code where it was detected."""
    domain: str = ""
    """What mixtures weigh: given with the record, or the top folder of a file."""
    date: str = ""
    """ISO 8601, where the source states one."""
    hash: str = ""
    """First 32 hex digits of the SHA-256 of the text as it was read."""
    span: tuple[int, int] | None = None
    """Bytes [start, end) of the unpacked source file that it was read from, where it is not all of it."""
    annotated: bool = False
    """Whether people have labelled or checked it."""
    source: str = ""
    """Where it came from when that is not the file itself: the address of a page."""
    notes: tuple[str, ...] = ()
    """What was odd when it was read: a guessed encoding, broken bytes, a guessed text field."""


@dataclass(frozen=True)
class Removed:
    """A record that was left out: the whole record, why, and for duplicates the id of the one that was kept."""

    document: Document
    reason: str
    detail: str = ""
    duplicate_of: str = ""
    similarity: float = field(default=0.0)
    count: int = 1
    """How many records the row stands for: what was never a record (an undocumented object) is counted together."""


_FIELDS = {f.name for f in fields(Document)}
_DEFAULTS = {f.name: f.default for f in fields(Document) if f.default is not MISSING}


def document_from_row(row: dict[str, Any]) -> Document:
    """A JSON row back to a `Document`."""
    unknown = set(row) - _FIELDS
    assert not unknown, f"unknown document fields: {unknown}"
    span = row.get("span")
    lists = {name: tuple(row.get(name, ())) for name in ("aliases", "notes")}
    return Document(**{**row, **lists, "span": tuple(span) if span else None})


def document_row(document: Document) -> dict[str, Any]:
    """A `Document` as a JSON row; what is as by default is left out, `id` and `text` never."""
    return {name: value for name, value in vars(document).items() if value != _DEFAULTS.get(name, MISSING)}


def write_documents(folder: Path, documents: Iterable[Document], removed: Iterable[Removed] = ()) -> dict[str, int]:
    """Write the artifact's two files, one JSON row a line; returns the two counts."""
    counts = {}
    with (folder / DOCUMENTS).open("w", encoding="utf-8", newline="\n") as out:
        counts["documents"] = _write_rows(out, (document_row(d) for d in documents))
    with (folder / REMOVED).open("w", encoding="utf-8", newline="\n") as out:
        counts["removed"] = _write_rows(out, ({**vars(r), "document": document_row(r.document)} for r in removed))
    return counts


def _write_rows(out: Any, rows: Iterable[dict[str, Any]]) -> int:
    n = 0
    for row in rows:
        out.write(json.dumps(row, ensure_ascii=False) + "\n")
        n += 1
    return n


def _rows(path: Path, holding: str = "") -> Iterator[dict[str, Any]]:
    """The rows of a file; with `holding` only those whose line holds that text, which is quick to see."""
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if holding not in line:
                continue
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                raise OctavoError(
                    "S012",
                    f"{path.name} is damaged in line {number}",
                    where=str(path),
                    do="octavo clean --damaged, then octavo run",
                ) from None


def read_documents(folder: Path) -> Iterator[Document]:
    """The kept records, in order."""
    return (document_from_row(row) for row in _rows(folder / DOCUMENTS))


def read_removed(folder: Path) -> Iterator[Removed]:
    """The records left out, in order."""
    for row in _rows(folder / REMOVED):
        yield Removed(**{**row, "document": document_from_row(row["document"])})


def find_document(folder: Path, name: str) -> tuple[Document, Removed | None] | None:
    """The record whose id or alias is `name`, kept ones before removed ones; with its removal if it was left out."""
    quoted = json.dumps(name, ensure_ascii=False)
    by_alias = None
    for document in (document_from_row(row) for row in _rows(folder / DOCUMENTS, holding=quoted)):
        if document.id == name:
            return document, None
        if name in document.aliases:
            by_alias = by_alias or document
    if by_alias is not None:
        return by_alias, None
    for row in _rows(folder / REMOVED, holding=quoted):
        removed = Removed(**{**row, "document": document_from_row(row["document"])})
        if name == removed.document.id or name in removed.document.aliases:
            return removed.document, removed
    return None


def held_out(document_id: str, share: float = 0.01) -> bool:
    """Whether a document is kept from all training, decided by its id alone so that every stage agrees."""
    return int.from_bytes(hashlib.sha256(document_id.encode()).digest()[:8], "big") < share * 2**64


def describe(folder: Path) -> dict[str, Any]:
    """Counts of records and characters, and of removals by reason."""
    documents = characters = 0
    packages: dict[str, int] = {}
    for document in read_documents(folder):
        documents += 1
        characters += len(document.text)
        packages[document.package] = packages.get(document.package, 0) + 1
    reasons: dict[str, int] = {}
    for removed in read_removed(folder):
        reasons[removed.reason] = reasons.get(removed.reason, 0) + removed.count
    top = dict(sorted(packages.items(), key=lambda item: (-item[1], item[0]))[:20])
    return {"documents": documents, "characters": characters, "packages": top, "removed": reasons}


KIND = Kind("documents", (DOCUMENTS, REMOVED), describe)
