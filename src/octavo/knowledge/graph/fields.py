"""Fields: what the structured part of a record says about its subject: names, parents, packages, references."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from octavo.knowledge.graph.text.keys import key_of

if TYPE_CHECKING:
    import sqlite3

    from octavo.kinds.documents import Document

LONGEST_VALUE = 80
"""Characters: a longer value of a field is text, not the name of something."""
MOST_VALUES = 64
MOST_ALIASES = 32
PASSED_OVER = frozenset(("facts", "text", "id", "title", "aliases", "messages", "embedding", "vector", "hash"))
_PLAIN_NUMBER = re.compile(r"[-+0-9.,eE]*$")


def subject_of(document: Document) -> str:
    """What a document is about: its title, or for an object its name; a file without a title is about its name."""
    if document.title:
        return document.title
    if document.kind == "file":
        return document.id.rpartition("/")[2]
    return document.id


def aliases_of(document: Document) -> tuple[str, ...]:
    """Other names of the subject, at most `MOST_ALIASES`; of a dotted name the last part is one in texts."""
    return tuple(dict.fromkeys(alias for alias in document.aliases if alias != subject_of(document)))[:MOST_ALIASES]


def edges_of(c: sqlite3.Connection, document: Document, extra: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Relation and name of what the subject is joined to by the record's fields.

    A value that is the id of a document which the index has already stands for that document's subject.
    """
    if document.kind != "file" and "." in document.id:
        yield "parent", document.id.rpartition(".")[0]
    if document.package:
        yield "package", document.package
    for relation in sorted(extra):
        if relation in PASSED_OVER or relation.startswith("_"):
            continue
        for value in _values(extra[relation]):
            yield relation, _titled(c, value)


def _values(value: Any) -> list[str]:
    given = value if isinstance(value, list) else [value]
    found = []
    for item in given[:MOST_VALUES]:
        if isinstance(item, Mapping):
            item = next((item[name] for name in ("name", "id", "title") if isinstance(item.get(name), str)), None)
        if not isinstance(item, str) or not 1 < len(item) <= LONGEST_VALUE or "\n" in item:
            continue
        if not _PLAIN_NUMBER.match(item) and key_of(item):
            found.append(item)
    return list(dict.fromkeys(found))


def _titled(c: sqlite3.Connection, value: str) -> str:
    """The subject of the document whose id the value is, or the value."""
    import json

    row = c.execute("SELECT fields FROM documents WHERE id = ? ORDER BY born DESC LIMIT 1", (value,)).fetchone()
    title = json.loads(row[0]).get("title") if row is not None else None
    return title if isinstance(title, str) and title else value
