"""Postings: which passages hold a term, in which field and how often; how they are made, stored and changed."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from octavo.kinds.documents import Document
from octavo.knowledge.index.passages import passages, sentences
from octavo.knowledge.index.terms import TOKEN, token_terms
from octavo.knowledge.index.thesaurus import name_terms, phrasebook

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIELDS = ("last", "parents", "aliases", "heading", "summary", "body", "parameters", "asked")
KINDS = ("file", "module", "class", "function", "method", "property", "data", "topic")
STANDARD, DUPLICATE, DUNDER, DEPRECATED, FIRST, PRIVATE = 1, 2, 4, 8, 16, 32
CHUNK = 1024
"""Passages whose numbers are stored together."""
LARGEST = 1300
"""Postings in a chunk: what fits a page of the file, so that one more costs a page whatever the index holds."""
ROW = np.dtype(
    [
        ("document", "<u4"),
        ("uses", "<u4"),
        ("born", "<u4"),
        ("live", "u1"),
        ("kind", "u1"),
        ("depth", "u1"),
        ("flags", "u1"),
        ("lengths", "<u2", (len(FIELDS),)),
    ]
)
"""What is known of a passage besides its terms: document number, popularity, the generation that it came with, whether
it is seen, kind, depth of the name, flags, and the number of terms in each field."""
POSTING = np.dtype([("passage", "<u4"), ("field", "u1"), ("count", "u1")])
"""That a passage holds a term, in which of `FIELDS`, and how often (at most 255); sorted by passage, then field."""

Postings = list[tuple["NDArray[np.uint32]", "NDArray[np.uint8]"]]
"""Per field of `FIELDS` the passages that hold a term, ascending, and how often."""
_PARAMETER = re.compile(r"[\(,]\s*\*{0,2}([A-Za-z_]\w*)")
_DEPRECATED = re.compile(r"\bdeprecated\b", re.I)
STANDARD_PACKAGES = ("", "python", "stdlib", "cpython", "python-docs")


@dataclass(frozen=True)
class Piece:
    """A passage of a document with the text of its fields, ready to be counted."""

    start: int
    end: int
    heading: str
    fields: tuple[tuple[str, ...], ...]
    """Per field of `FIELDS` the terms."""


class _Terms(dict[str, tuple[str, ...]]):
    """Token → terms, worked out at first sight."""

    def __missing__(self, token: str) -> tuple[str, ...]:
        terms = self[token] = token_terms(token)
        return terms


class _Names(dict[str, tuple[str, ...]]):
    def __missing__(self, token: str) -> tuple[str, ...]:
        terms = self[token] = tuple(term for part in token.split(".") for term in name_terms(part))
        return terms


_terms, _names = _Terms(), _Names()


def counted(text: str) -> tuple[str, ...]:
    """All terms of running text, in order."""
    return tuple(chain.from_iterable(map(_terms.__getitem__, TOKEN.findall(text))))


def _name_fields(document: Document) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    if document.kind == "file":
        return (), counted(document.id.rpartition("/")[2].rpartition(".")[0]), ()
    parents, _, last = document.id.rpartition(".")
    known = {*_names[parents], *_names[last]}
    aliases = tuple(t for a in document.aliases[:8] for t in _names[a] if t not in known)
    return _names[last], _names[parents], aliases


def _asked(document: Document) -> tuple[str, ...]:
    """What the phrasebook knows of a document, by its name or an alias."""
    rows = phrasebook()
    found = dict.fromkeys(rows[name] for name in (document.id, *document.aliases) if name in rows)
    return counted(", ".join(found))


def analyse(document: Document, length: int) -> Iterator[Piece]:
    """The passages of a document, at least one, with the terms of their fields."""
    text = document.text
    if len(_terms) > 1_000_000:
        _terms.clear()
    last, parents, aliases = _name_fields(document)
    parameters = tuple(
        t for p in dict.fromkeys(_PARAMETER.findall(document.signature)) if p not in ("self", "cls") for t in _terms[p]
    )
    title = counted(document.title)
    asked = () if document.kind == "file" else _asked(document)
    structured = document.kind in ("file", "topic")
    summary_end = next((end for _, end in sentences(text, 0, min(len(text), 600))), 0)
    found = list(passages(text, length, structured=structured))
    if not found:
        yield Piece(0, len(text), "", (last, parents, aliases, title, (), (), parameters, asked))
    for number, passage in enumerate(found):
        heading = (*title, *(counted(passage.heading) if passage.heading else ()))
        summary = counted(text[:summary_end]) if number == 0 and not structured else ()
        body = counted(text[passage.start : passage.end])
        fields = (last, parents, aliases, heading, summary, body, parameters, asked if number == 0 else ())
        yield Piece(passage.start, passage.end, passage.heading, fields)


def flags_of(document: Document, *, duplicate: bool) -> int:
    """What the name and the text say about a document: standard library, dunder, private, deprecated."""
    last = document.id.rpartition(".")[2]
    flags = DUPLICATE if duplicate else 0
    if document.kind != "file" and document.package.lower() in STANDARD_PACKAGES:
        flags |= STANDARD
    if last.startswith("__") and last.endswith("__"):
        flags |= DUNDER
    elif any(part.startswith("_") for part in document.id.split(".")):
        flags |= PRIVATE
    if _DEPRECATED.search(document.text, 0, 400):
        flags |= DEPRECATED
    return flags


class PostingsBuilder:
    """Collects the terms of many passages in flat arrays (10 bytes a posting) and gives them out by term."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._term, self._passage, self._count = array("I"), array("I"), array("B")
        self._field = array("B")
        self._rows: list[tuple[object, ...]] = []

    def __len__(self) -> int:
        return len(self._term)

    def add(
        self, passage: int, number: int, document: Document, piece: Piece, *, duplicate: bool, born: int = 0
    ) -> None:
        """Count the terms of one passage."""
        for field, terms in enumerate(piece.fields):
            if not terms:
                continue
            counts = Counter(terms)
            numbers = self._numbers
            self._term.extend([numbers.setdefault(term, len(numbers)) for term in counts])
            self._count.extend([min(count, 255) for count in counts.values()])
            self._passage.extend([passage] * len(counts))
            self._field.extend([field] * len(counts))
        depth = min(255, document.id.count("/" if document.kind == "file" else ".") + 1)
        kind = KINDS.index(document.kind) if document.kind in KINDS else 0
        flags = flags_of(document, duplicate=duplicate) | (FIRST if piece.start == 0 else 0)
        lengths = tuple(min(65535, len(terms)) for terms in piece.fields)
        self._rows.append((number, max(0, min(document.uses, 2**32 - 1)), born, 1, kind, depth, flags, lengths))

    def rows(self) -> NDArray[np.void]:
        """One row per passage, in the order they were added."""
        return np.array(self._rows, dtype=ROW)

    def postings(self) -> Iterator[tuple[str, NDArray[np.void]]]:
        """Each term with its `POSTING` rows, terms sorted."""
        term = np.frombuffer(self._term, np.uint32)
        order = np.argsort(term, kind="stable")
        rows = np.empty(len(term), POSTING)
        rows["passage"] = np.frombuffer(self._passage, np.uint32)[order]
        rows["field"] = np.frombuffer(self._field, np.uint8)[order]
        rows["count"] = np.frombuffer(self._count, np.uint8)[order]
        borders = np.searchsorted(term[order], np.arange(len(self._numbers) + 1))
        for name, number in sorted(self._numbers.items()):
            yield name, rows[borders[number] : borders[number + 1]]


def decode(data: bytes) -> NDArray[np.void]:
    """Stored chunks, one after the other, as `POSTING` rows; ValueError when they are cut off."""
    return np.frombuffer(data, POSTING)


def by_field(rows: NDArray[np.void]) -> Postings:
    """`POSTING` rows parted by field."""
    passage, field, count = (np.ascontiguousarray(rows[name]) for name in ("passage", "field", "count"))
    sizes = np.bincount(field, minlength=len(FIELDS))
    if sizes.max(initial=0) == len(rows):
        return [(passage, count) if size else (passage[:0], count[:0]) for size in sizes.tolist()]
    inside = [field == number if size else slice(0, 0) for number, size in enumerate(sizes.tolist())]
    return [(passage[where], count[where]) for where in inside]


def summed(rows: NDArray[np.void]) -> tuple[NDArray[np.uint32], NDArray[np.float32]]:
    """The passages that hold a term and how often in all their fields."""
    passage, count = np.ascontiguousarray(rows["passage"]), rows["count"].astype(np.float32)
    starts = np.flatnonzero(np.diff(passage, prepend=np.uint32(2**32 - 1)))
    if len(starts) == len(passage):
        return passage, count
    return passage[starts], np.add.reduceat(count, starts)
