"""Postings: which passages hold a term, in which field and how often; how they are made, stored and changed."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, pairwise
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
CHUNK = 4096
ROW = np.dtype(
    [
        ("document", "<u4"),
        ("uses", "<u4"),
        ("live", "u1"),
        ("kind", "u1"),
        ("depth", "u1"),
        ("flags", "u1"),
        ("lengths", "<u2", (len(FIELDS),)),
    ]
)
"""What is known of a passage besides its terms: document number, popularity, kind, depth of the name, flags, and the
number of terms in each field."""

Postings = list[tuple["NDArray[np.uint32]", "NDArray[np.uint8]"]]
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
    """Collects the terms of many passages in flat arrays (12 bytes a posting) and gives them out by term."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._term, self._passage, self._count = array("I"), array("I"), array("B")
        self._field = array("B")
        self._rows: list[tuple[object, ...]] = []

    def add(self, passage: int, number: int, document: Document, piece: Piece, *, duplicate: bool) -> None:
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
        self._rows.append((number, min(document.uses, 2**32 - 1), 1, kind, depth, flags, lengths))

    def rows(self) -> NDArray[np.void]:
        """One row per passage, in the order they were added."""
        return np.array(self._rows, dtype=ROW)

    def terms(self) -> list[str]:
        """The distinct terms."""
        return list(self._numbers)

    def postings(self) -> Iterator[tuple[str, Postings]]:
        """Each term with its postings by field, terms sorted, passages ascending."""
        term = np.frombuffer(self._term, np.uint32).astype(np.int64)
        field = np.frombuffer(self._field, np.uint8)
        order = np.argsort(term * len(FIELDS) + field, kind="stable")
        key = (term * len(FIELDS) + field)[order]
        passage = np.frombuffer(self._passage, np.uint32)[order]
        count = np.frombuffer(self._count, np.uint8)[order]
        borders = np.searchsorted(key, np.arange(len(self._numbers) * len(FIELDS) + 1))
        for name, number in sorted(self._numbers.items()):
            cuts = borders[number * len(FIELDS) : (number + 1) * len(FIELDS) + 1]
            yield name, [(passage[a:b], count[a:b]) for a, b in pairwise(cuts)]


def encode(postings: Postings) -> bytes:
    """The stored form: the number of postings in each field, then all passages, then all counts."""
    sizes = np.array([len(passages) for passages, _ in postings], np.uint32)
    return b"".join((sizes.tobytes(), *(p.tobytes() for p, _ in postings), *(c.tobytes() for _, c in postings)))


def decode(blob: bytes) -> Postings:
    """The stored form back to arrays (views into the bytes)."""
    sizes = np.frombuffer(blob, np.uint32, len(FIELDS))
    total = int(sizes.sum())
    passages = np.frombuffer(blob, np.uint32, total, 4 * len(FIELDS))
    counts = np.frombuffer(blob, np.uint8, total, 4 * len(FIELDS) + 4 * total)
    ends = np.cumsum(sizes)
    return [(passages[end - size : end], counts[end - size : end]) for size, end in zip(sizes, ends)]


def merged(blob: bytes, more: Postings) -> bytes:
    """Stored postings with those of later passages behind them."""
    return encode(
        [(np.concatenate([p, q]), np.concatenate([c, d])) for (p, c), (q, d) in zip(decode(blob), more, strict=True)]
    )


def without(blob: bytes, gone: NDArray[np.uint32]) -> bytes:
    """Stored postings without some passages; nothing (`b""`) when none is left."""
    kept = []
    for passages_, counts in decode(blob):
        keep = ~np.isin(passages_, gone)
        kept.append((passages_[keep], counts[keep]))
    return encode(kept) if any(len(p) for p, _ in kept) else b""
