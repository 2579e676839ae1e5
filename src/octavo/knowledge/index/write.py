"""Write: one change set of an index, from its first document to the new generation, inside one transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from octavo.kinds.documents import Document, document_from_row
from octavo.knowledge.index.columns import append_rows, read_chunk
from octavo.knowledge.index.layer import Entry, Layer, Renewable
from octavo.knowledge.index.postings import CHUNK, LARGEST, ROW, PostingsBuilder, analyse, decode
from octavo.knowledge.index.records import Record, storable
from octavo.knowledge.index.schema import ALIVE, CHUNK_BITS, NEVER

if TYPE_CHECKING:
    from numpy.typing import NDArray

BATCH = 512
"""Passages that a layer gets at once."""
FLUSH = 8_000_000
"""Postings that are held in memory (80 MB) before they are written."""


@dataclass(frozen=True)
class Change:
    """What a change set did. Nothing has changed when `generation` is the one before."""

    generation: int
    added: int = 0
    replaced: int = 0
    deleted: int = 0
    unchanged: int = 0
    """Documents that were there already, or that were given as they are."""


class Facts:
    """The numbers of `schema.FACTS` in a file."""

    def __init__(self, c: sqlite3.Connection) -> None:
        self._c = c

    def __getitem__(self, key: str) -> int:
        found = self._c.execute("SELECT value FROM metadata WHERE key = ?", (key,)).fetchone()
        value: int = json.loads(found[0])
        return value

    def __setitem__(self, key: str, value: int) -> None:
        self._c.execute("INSERT OR REPLACE INTO metadata VALUES (?, ?)", (key, json.dumps(value)))


class Writer:
    """Collects a change set; `finish` makes it the next generation. The caller begins and ends the transaction."""

    def __init__(self, c: sqlite3.Connection, layers: Sequence[Layer]) -> None:
        self.c, self.layers, self.facts = c, layers, Facts(c)
        self._length = self.facts["length"]
        self._discard_undone()
        self.generation = self.facts["last_generation"] + 1
        self._number, self._passage = self.facts["next_document"], self.facts["next_passage"]
        self._first = self._passage
        self._builder = PostingsBuilder()
        self._entries: list[Entry] = []
        self._documents: dict[int, Document] = {}
        self.added = self.replaced = self.deleted = self.unchanged = 0

    def _discard_undone(self) -> None:
        """Take away, for good, the generations that were gone back from."""
        current, last = self.facts["generation"], self.facts["last_generation"]
        if current == last:
            return
        self.c.execute("UPDATE documents SET died = ? WHERE died > ? AND died < 4294967295", (ALIVE, current))
        self.c.execute("UPDATE documents SET died = born WHERE born > ?", (current,))
        self.c.execute("DELETE FROM generations WHERE number > ?", (current,))
        for layer in self.layers:
            if isinstance(layer, Renewable):
                layer.undo(self.c, current)
        self.facts["epoch"] += 1

    def _alive(self, document_id: str) -> int | None:
        found = self.c.execute(
            "SELECT number FROM documents WHERE id = ? AND died = ?", (document_id, ALIVE)
        ).fetchone()
        return found[0] if found else None

    def put(self, given: Record | Document, duplicate_of: str = "", *, replace: bool) -> None:
        """Add a document; one of the same id stays, or with `replace` ends unless it is the same."""
        record = storable(given)
        document = record.document
        fields = dict(vars(document))
        text = fields.pop("text")
        row = (
            duplicate_of,
            json.dumps(fields, ensure_ascii=False),
            json.dumps(record.extra, ensure_ascii=False) if record.extra else "",
        )
        there = self._alive(document.id)
        if there is not None:
            same = "SELECT 1 FROM documents NATURAL JOIN texts WHERE number = ? AND (fields, extra, text) = (?, ?, ?)"
            fresh = self.c.execute("SELECT born FROM documents WHERE number = ?", (there,)).fetchone()[0]
            if not replace or fresh == self.generation or self.c.execute(same, (there, *row[1:], text)).fetchone():
                self.unchanged += 1
                return
            self._end(there)
            self.replaced += 1
        else:
            self.added += 1
        self._insert(document, row, text)

    def _insert(self, document: Document, row: tuple[str, str, str], text: str) -> None:
        number, first = self._number, self._passage
        for piece in analyse(document, self._length):
            self._builder.add(self._passage, number, document, piece, duplicate=row[0] != "", born=self.generation)
            self.c.execute(
                "INSERT INTO passages VALUES (?, ?, ?, ?, ?)",
                (self._passage, number, piece.start, piece.end, piece.heading),
            )
            if self.layers:
                cut = text[piece.start : piece.end]
                self._entries.append(
                    Entry(self._passage, number, document.id, piece.start, piece.end, piece.heading, cut)
                )
            self._passage += 1
        self.c.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (number, document.id, self.generation, ALIVE, first, self._passage - first, *row),
        )
        self.c.execute("INSERT INTO texts VALUES (?, ?)", (number, text))
        for alias, name in enumerate((document.id, *document.aliases)):
            lower = name.lower()
            self.c.execute(
                "INSERT INTO names VALUES (?, ?, ?, ?)", (lower.rpartition(".")[2], lower, number, alias > 0)
            )
        self._number += 1
        if self.layers:
            self._documents[number] = document
            if len(self._entries) >= BATCH:
                self._feed()
        if len(self._builder) >= FLUSH:
            self._flush()

    def end(self, document_id: str) -> bool:
        """Let a document be seen no more from this generation on; False when none has this id."""
        there = self._alive(document_id)
        if there is None:
            return False
        self._end(there)
        self.deleted += 1
        return True

    def _end(self, number: int) -> None:
        self.c.execute("UPDATE documents SET died = ? WHERE number = ?", (self.generation, number))

    def _feed(self) -> None:
        for layer in self.layers:
            layer.added(self.c, self._entries, self._documents)
        self._entries, self._documents = [], {}

    def _flush(self) -> None:
        append_rows(self.c, self._first, self._builder.rows())
        append_postings(self.c, self._builder)
        self._first, self._builder = self._passage, PostingsBuilder()

    def finish(self, made: str, *, renewed: bool = False) -> Change:
        """Write what is still in memory and make the change set what readers see, once it is committed. Without a
        change there is no new generation, unless a layer was `renewed`."""
        if not (self.added or self.replaced or self.deleted or renewed):
            return Change(self.facts["generation"], unchanged=self.unchanged)
        if self._entries:
            self._feed()
        self._flush()
        self.facts["next_document"], self.facts["next_passage"] = self._number, self._passage
        self.facts["generation"] = self.facts["last_generation"] = self.generation
        self.c.execute("UPDATE layers SET next = ? WHERE ready = 1", (self._passage,))
        row = (self.generation, self.added + self.replaced, self.deleted + self.replaced, made)
        self.c.execute("INSERT INTO generations VALUES (?, ?, ?, ?)", row)
        return Change(self.generation, self.added, self.replaced, self.deleted, self.unchanged)


def append_postings(c: sqlite3.Connection, builder: PostingsBuilder) -> None:
    """Store postings of passages later than all that are stored; each term costs its last chunk at most."""
    facts = Facts(c)
    known = facts["next_term"]
    number = known
    tail = "SELECT key, data FROM postings WHERE key >= ? AND key < ? ORDER BY key DESC LIMIT 1"
    for term, rows in builder.postings():
        found = c.execute("SELECT number FROM terms WHERE term = ?", (term,)).fetchone() if known else None
        if found is None:
            c.execute("INSERT INTO terms VALUES (?, ?)", (term, number))
            key, held = number << CHUNK_BITS, b""
            number += 1
        else:
            first = found[0] << CHUNK_BITS
            last = c.execute(tail, (first, first + (1 << CHUNK_BITS))).fetchone()
            key, held = last if last is not None else (first, b"")
            if len(held) >= LARGEST * rows.itemsize:
                key, held = key + 1, b""
        data = held + rows.tobytes()
        for at in range(0, len(data), LARGEST * rows.itemsize):
            part = data[at : at + LARGEST * rows.itemsize]
            c.execute("INSERT OR REPLACE INTO postings VALUES (?, ?)", (key, part))
            key += 1
    facts["next_term"] = number


def remove(c: sqlite3.Connection, numbers: Iterable[int], layers: Sequence[Layer], bar: Callable[[], None]) -> int:
    """Take documents out of the file, whatever generation saw them: text, names, passages, postings and layers.

    All postings are looked through, since how words were cut may have changed since a document came in. Returns how
    many passages went.
    """
    gone: list[NDArray[np.uint32]] = []
    documents: dict[int, Document] = {}
    for number in sorted(set(numbers)):
        first, count = c.execute("SELECT first, passages FROM documents WHERE number = ?", (number,)).fetchone()
        gone.append(np.arange(first, first + count, dtype=np.uint32))
        documents[number] = stored_document(c, number)
    passages = np.concatenate(gone) if gone else np.zeros(0, np.uint32)
    if not len(passages):
        return 0
    for layer in layers:
        layer.forget(c, passages, documents)
    for number, held in zip(documents, gone, strict=True):
        c.execute("DELETE FROM passages WHERE number >= ? AND number <= ?", (int(held[0]), int(held[-1])))
        c.execute("DELETE FROM names WHERE document = ?", (number,))
        c.execute("DELETE FROM texts WHERE number = ?", (number,))
        c.execute("DELETE FROM documents WHERE number = ?", (number,))
    for chunk in np.unique(passages // CHUNK).tolist():
        rows = read_chunk(c, chunk)
        inside = passages[(passages // CHUNK) == chunk] - chunk * CHUNK
        rows[inside] = np.zeros((), ROW)
        rows["born"][inside] = NEVER
        c.execute("UPDATE columns SET data = ? WHERE chunk = ?", (rows.tobytes(), chunk))
    _remove_postings(c, passages, bar)
    facts = Facts(c)
    facts["epoch"] += 1
    facts["scrub"] = 1
    return len(passages)


def _remove_postings(c: sqlite3.Connection, passages: NDArray[np.uint32], bar: Callable[[], None]) -> None:
    emptied: set[int] = set()
    changed: list[tuple[bytes, int]] = []
    for key, rows in chunks_with(c, passages, bar):
        keep = ~np.isin(rows["passage"], passages)
        changed.append((rows[keep].tobytes(), key))
    for data, key in changed:
        if data:
            c.execute("UPDATE postings SET data = ? WHERE key = ?", (data, key))
        else:
            c.execute("DELETE FROM postings WHERE key = ?", (key,))
            emptied.add(key >> CHUNK_BITS)
    for term in sorted(emptied):
        low = term << CHUNK_BITS
        if not c.execute(
            "SELECT 1 FROM postings WHERE key >= ? AND key < ?", (low, low + (1 << CHUNK_BITS))
        ).fetchone():
            c.execute("DELETE FROM terms WHERE number = ?", (term,))


def chunks_with(
    c: sqlite3.Connection, passages: NDArray[np.uint32], bar: Callable[[], None]
) -> Iterable[tuple[int, NDArray[np.void]]]:
    """The chunks of postings, with their keys, that hold any of these passages (ascending)."""
    low, high = int(passages[0]), int(passages[-1])
    for key, data in c.execute("SELECT key, data FROM postings ORDER BY key"):
        rows = decode(data)
        bar()
        held = rows["passage"]
        if int(held[0]) <= high and int(held[-1]) >= low and np.isin(held, passages).any():
            yield key, rows


def stored_document(c: sqlite3.Connection, number: int) -> Document:
    """The document of this number."""
    fields, text = c.execute(
        "SELECT fields, text FROM documents NATURAL JOIN texts WHERE number = ?", (int(number),)
    ).fetchone()
    return document_from_row({**json.loads(fields), "text": text})
