"""Store: the vectors of passages and words in the tables of an index, whole or refused, an edition for each time that
they were learnt."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from octavo.knowledge.dense.bag import Shown, Words
from octavo.spine.errors import OctavoError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from octavo.kinds.documents import Document

TABLES = """
CREATE TABLE IF NOT EXISTS dense_facts{0} (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dense_words{0} (word TEXT PRIMARY KEY, passages INTEGER NOT NULL, vector BLOB NOT NULL)
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dense_vectors{0} (chunk INTEGER PRIMARY KEY, data BLOB NOT NULL)
"""
"""Of one edition. `dense_words.passages` is how many passages that have a vector in it hold the word."""
EDITIONS = "CREATE TABLE IF NOT EXISTS dense_editions (number INTEGER PRIMARY KEY, born INTEGER NOT NULL)"
"""An edition serves the generations from `born` on, up to the next one's. Without a row there is the first alone."""
SCHEMA = f"{TABLES.format('')};{EDITIONS}"

LIVING = "passages CROSS JOIN documents ON documents.number = passages.document AND documents.died = 4294967295"
"""Passages whose document nobody has deleted."""
CHUNK = 512
"""Vectors of so many passages are one value."""


def row_type(dimensions: int) -> np.dtype[np.void]:
    """A vector as it is stored: signed bytes times a little-endian float32."""
    return np.dtype([("scale", "<f4"), ("values", "i1", (dimensions,))])


def packed(vectors: NDArray[np.float32]) -> NDArray[np.void]:
    """Vectors as stored rows; the largest part of each is ±127."""
    rows = np.zeros(len(vectors), row_type(vectors.shape[1]))
    scale = np.abs(vectors).max(axis=1, initial=0.0) / np.float32(127)
    rows["scale"] = scale
    rows["values"] = np.rint(vectors / np.where(scale == 0, 1, scale)[:, None])
    return rows


def unpacked(rows: NDArray[np.void]) -> NDArray[np.float32]:
    """Stored rows as vectors."""
    result: NDArray[np.float32] = rows["values"].astype(np.float32) * rows["scale"][:, None]
    return result


def decoded(data: bytes, dimensions: int, *, rows: int | None = None) -> NDArray[np.void]:
    """The stored rows of a value; one of another size, or with a scale that is no number, is an error."""
    kind = row_type(dimensions)
    most = CHUNK if rows is None else rows
    if len(data) % kind.itemsize or len(data) > most * kind.itemsize or (rows and len(data) != rows * kind.itemsize):
        raise OctavoError(
            "K030",
            f"A vector in the index has the wrong size ({len(data):,} bytes are not rows of {kind.itemsize})",
            likely="the file is damaged, or its vectors were made by another model",
            do="octavo knowledge index makes the index again",
        )
    found = np.frombuffer(data, kind)
    if not np.isfinite(found["scale"]).all():
        raise OctavoError(
            "K031",
            "A vector in the index is not a number",
            likely="the file is damaged",
            do="octavo knowledge index makes the index again",
        )
    return found


def editions(c: sqlite3.Connection) -> list[tuple[int, int]]:
    """Number and first generation of each edition, oldest first."""
    if not c.execute("SELECT 1 FROM sqlite_master WHERE name = 'dense_editions'").fetchone():
        return [(0, 0)]
    return c.execute("SELECT number, born FROM dense_editions ORDER BY number").fetchall() or [(0, 0)]


class Store:
    """The tables of one edition."""

    def __init__(self, c: sqlite3.Connection, edition: int) -> None:
        self.connection, self.edition = c, edition
        end = f"_{edition}" if edition else ""
        self.facts_table, self.words_table, self.vectors_table = (
            f"dense_{name}{end}" for name in ("facts", "words", "vectors")
        )

    @classmethod
    def at(cls, c: sqlite3.Connection, generation: int) -> Store:
        """The edition that serves a generation."""
        return cls(c, max(number for number, born in editions(c) if born <= generation))

    @classmethod
    def now(cls, c: sqlite3.Connection) -> Store:
        """The edition that serves the generation which is seen."""
        (value,) = c.execute("SELECT value FROM metadata WHERE key = 'generation'").fetchone()
        return cls.at(c, int(value))

    @classmethod
    def all(cls, c: sqlite3.Connection) -> list[Store]:
        """Every edition, oldest first."""
        return [cls(c, number) for number, _ in editions(c)]

    @classmethod
    def begin(cls, c: sqlite3.Connection, generation: int) -> Store:
        """A new, empty edition for the generations from this one on."""
        known = editions(c)
        c.execute(EDITIONS)
        number = known[-1][0] + 1
        c.executemany("INSERT OR IGNORE INTO dense_editions VALUES (?, ?)", [*known, (number, generation)])
        for statement in TABLES.format(f"_{number}").split(";"):
            c.execute(statement)
        return cls(c, number)

    def drop(self) -> None:
        """Take the edition out of the file."""
        for table in (self.facts_table, self.words_table, self.vectors_table):
            self.connection.execute(f"DROP TABLE IF EXISTS {table}")
        self.connection.execute("DELETE FROM dense_editions WHERE number = ?", (self.edition,))

    def facts(self) -> dict[str, Any]:
        """What is known of the vectors: kind, dimensions, unknown, trained, …; empty before the first passage."""
        rows = self.connection.execute(f"SELECT key, value FROM {self.facts_table} ORDER BY key")  # noqa: S608
        return {key: json.loads(value) for key, value in rows}

    def set_facts(self, **values: Any) -> None:
        """Change what is known."""
        rows = [(key, json.dumps(value)) for key, value in values.items()]
        self.connection.executemany(f"INSERT OR REPLACE INTO {self.facts_table} VALUES (?, ?)", rows)  # noqa: S608

    def write_words(self, words: Words) -> Words:
        """Store a lexicon; returns it as it will be read, so that all passages are embedded with the same numbers."""
        rows = packed(words.table)
        self.connection.executemany(
            f"INSERT INTO {self.words_table} VALUES (?, 0, ?)",  # noqa: S608
            ((w, row.tobytes()) for w, row in zip(words.words, rows, strict=True)),
        )
        return Words(words.words, unpacked(rows))

    def count_words(self, counts: Counter[str], sign: int) -> None:
        """Note that so many more (or, with sign −1, fewer) passages hold these words; a word that none holds goes."""
        self.connection.executemany(
            f"UPDATE {self.words_table} SET passages = passages + ? WHERE word = ?",  # noqa: S608
            [(sign * n, word) for word, n in sorted(counts.items())],
        )
        if sign < 0:
            self.connection.executemany(
                f"DELETE FROM {self.words_table} WHERE word = ? AND passages <= 0",  # noqa: S608
                [(word,) for word in sorted(counts)],
            )

    def write_vectors(self, numbers: Sequence[int], vectors: NDArray[np.float32]) -> None:
        """Store the vectors of passages, in any place; passages without one in between get zeros."""
        rows, where = packed(vectors), np.asarray(numbers, np.int64)
        for chunk in np.unique(where // CHUNK).tolist():
            here = where // CHUNK == chunk
            offsets = where[here] - chunk * CHUNK
            held = self._chunk(chunk, vectors.shape[1])
            data = np.zeros(max(len(held), int(offsets.max()) + 1), rows.dtype)
            data[: len(held)] = held
            data[offsets] = rows[here]
            query = f"INSERT OR REPLACE INTO {self.vectors_table} VALUES (?, ?)"  # noqa: S608
            self.connection.execute(query, (chunk, data.tobytes()))

    def _chunk(self, chunk: int, dimensions: int) -> NDArray[np.void]:
        query = f"SELECT data FROM {self.vectors_table} WHERE chunk = ?"  # noqa: S608
        found = self.connection.execute(query, (chunk,)).fetchone()
        return decoded(found[0], dimensions) if found else np.zeros(0, row_type(dimensions))

    def read_vectors(self, first: int, end: int, dimensions: int) -> Iterator[tuple[int, NDArray[np.void]]]:
        """The stored rows of the passages from `first` up to `end`, in runs, each with the number it begins at."""
        query = f"SELECT chunk, data FROM {self.vectors_table} WHERE chunk >= ? AND chunk <= ? ORDER BY chunk"  # noqa: S608
        for chunk, data in self.connection.execute(query, (first // CHUNK, max(0, end - 1) // CHUNK)):
            rows, start = decoded(data, dimensions), chunk * CHUNK
            low, high = max(first - start, 0), min(end - start, len(rows))
            if low < high:
                yield start + low, rows[low:high]

    def held(self, passages: Sequence[int], dimensions: int) -> list[int]:
        """Those of these passages that have a vector here which is not zero."""
        wanted = set(passages)
        found = []
        for start, rows in self.read_vectors(min(wanted, default=0), max(wanted, default=-1) + 1, dimensions):
            there = np.flatnonzero(rows["values"].any(axis=1) | (rows["scale"] != 0)) + start
            found += [number for number in there.tolist() if number in wanted]
        return found


class StoredWords:
    """A lexicon that reads the words it is asked for from the file."""

    def __init__(self, store: Store, dimensions: int) -> None:
        self.store, self.dimensions = store, dimensions

    def vectors(self, words: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """See `bag.Lexicon`."""
        found: dict[str, bytes] = {}
        for at in range(0, len(words), 500):
            some = words[at : at + 500]
            marks = ",".join("?" * len(some))
            query = f"SELECT word, vector FROM {self.store.words_table} WHERE word IN ({marks})"  # noqa: S608
            found.update(self.store.connection.execute(query, some))
        known = np.array([word in found for word in words], bool)
        rows = np.zeros((len(words), self.dimensions), np.float32)
        if found:
            data = [decoded(found[word], self.dimensions, rows=1) for word in words if word in found]
            rows[known] = unpacked(np.concatenate(data))
        return rows, known


def stored_passages(c: sqlite3.Connection, most: int) -> Iterator[Shown]:
    """The passages of the index that nobody has deleted, or `most` of them, evenly."""
    total = c.execute(f"SELECT count(*) FROM {LIVING}").fetchone()[0]  # noqa: S608  names of our own
    document, title, text = -1, "", ""
    rows = c.execute(f"SELECT document, start, end, heading FROM {LIVING} ORDER BY passages.number")  # noqa: S608
    for number, (owner, start, end, heading) in enumerate(rows):
        if total > most and number * most // total == (number + 1) * most // total:
            continue
        if owner != document:
            fields, text = c.execute(
                "SELECT fields, text FROM documents NATURAL JOIN texts WHERE number = ?", (owner,)
            ).fetchone()
            known = json.loads(fields)
            document, title = owner, known["title"] or known["id"]
        yield Shown(f"{title} {heading}".strip(), text[start:end], not text[:start].strip())


def shown(document: Document, start: int, end: int, heading: str) -> Shown:
    """A passage of a document as an embedder sees it."""
    title = f"{document.title or document.id} {heading}".strip()
    return Shown(title, document.text[start:end], not document.text[:start].strip())


def spans(c: sqlite3.Connection, passages: Iterable[int]) -> Iterator[tuple[int, int, int, str]]:
    """Document, start, end and heading of these passages, those that are still in the file."""
    select = "SELECT document, start, end, heading FROM passages WHERE number = ?"
    for number in passages:
        row = c.execute(select, (int(number),)).fetchone()
        if row is not None:
            yield row
