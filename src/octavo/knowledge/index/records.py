"""Records: rows of plain files as the documents of an index; what a row has besides is kept with its document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from octavo.kinds.documents import Document
from octavo.kinds.records import Bad, Row, numbered_rows
from octavo.knowledge.index.postings import KINDS

LONGEST = 16 * 2**20
"""Characters of the longest text that is taken as one document."""
_BROKEN = re.compile("[\ud800-\udfff]")
_TEXTS = ("title", "signature", "package", "version", "file", "licence", "language", "domain", "date", "source")


@dataclass(frozen=True)
class Record:
    """A document and the fields of its row that `Document` has no place for."""

    document: Document
    extra: dict[str, Any] = field(default_factory=dict)


def as_record(row: Row) -> Record:
    """A row with `id` and `text` as a document; fields of another type than `Document` has go along as they are."""
    known: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, value in row.items():
        if name in ("id", "text"):
            continue
        if (name in _TEXTS and isinstance(value, str)) or (name == "kind" and value in KINDS):
            known[name] = value
        elif name == "aliases" and isinstance(value, list) and all(isinstance(alias, str) for alias in value):
            known[name] = tuple(dict.fromkeys(alias for alias in value if alias.strip()))
        elif name == "uses" and isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**32:
            known[name] = value
        else:
            extra[name] = value
    return Record(Document(row["id"], row["text"], **known), extra)


def read_records(paths: Sequence[Path], bad: list[Bad]) -> Iterator[Record]:
    """The records of files in order; rows without an own text or id, and those too long, are added to `bad`.

    Memory: a 16-byte digest per id.
    """
    from hashlib import blake2b

    seen: set[bytes] = set()
    for path in paths:
        for number, row in numbered_rows(path, bad):
            reason = ""
            digest = blake2b(row["id"].encode("utf-8", "surrogatepass"), digest_size=16).digest()
            if not row["text"].strip():
                reason = "the text is empty"
            elif len(row["text"]) > LONGEST:
                reason = f"the text is longer than {LONGEST:,} characters"
            elif digest in seen:
                reason = "the id was there before"
            if reason:
                bad.append(Bad(path.name, number, f"{reason}: {row['id'][:200]}"))
                continue
            seen.add(digest)
            yield as_record(row)


def storable(record: Record | Document) -> Record:
    """The record with a replacement sign for each half of a broken character, which no UTF-8 file can hold; offsets
    stay what they were."""
    if isinstance(record, Document):
        record = Record(record)
    document = record.document
    broken: dict[str, Any] = {
        name: tuple(map(_whole, value)) if name in ("aliases", "notes") else _whole(value)
        for name, value in asdict(document).items()
        if isinstance(value, str) or name in ("aliases", "notes")
    }
    extra = record.extra
    if extra and _BROKEN.search(json.dumps(extra, ensure_ascii=False)):
        extra = json.loads(_whole(json.dumps(extra, ensure_ascii=False)))
    return Record(replace(document, **broken), extra)


def _whole(text: str) -> str:
    return _BROKEN.sub("\ufffd", text)
