"""Store: the vectors of passages and words in the tables of an index, whole or refused."""

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

SCHEMA = """
CREATE TABLE IF NOT EXISTS dense_facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dense_words (word TEXT PRIMARY KEY, passages INTEGER NOT NULL, vector BLOB NOT NULL)
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dense_vectors (chunk INTEGER PRIMARY KEY, data BLOB NOT NULL)
"""
"""`dense_words.passages` is how many passages of the file hold the word."""

CHUNK = 512
"""Vectors of so many passages are one value."""
TABLES = ("dense_facts", "dense_words", "dense_vectors")


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


def facts(c: sqlite3.Connection) -> dict[str, Any]:
    """What is known of the vectors: kind, dimensions, unknown, trained, …; empty before the first passage."""
    return {key: json.loads(value) for key, value in c.execute("SELECT key, value FROM dense_facts ORDER BY key")}


def set_facts(c: sqlite3.Connection, **values: Any) -> None:
    """Change what is known."""
    rows = [(key, json.dumps(value)) for key, value in values.items()]
    c.executemany("INSERT OR REPLACE INTO dense_facts VALUES (?, ?)", rows)


class StoredWords:
    """A lexicon that reads the words it is asked for from the file."""

    def __init__(self, c: sqlite3.Connection, dimensions: int) -> None:
        self.connection, self.dimensions = c, dimensions

    def vectors(self, words: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """See `bag.Lexicon`."""
        found: dict[str, bytes] = {}
        for at in range(0, len(words), 500):
            some = words[at : at + 500]
            marks = ",".join("?" * len(some))
            found.update(self.connection.execute(f"SELECT word, vector FROM dense_words WHERE word IN ({marks})", some))  # noqa: S608
        known = np.array([word in found for word in words], bool)
        rows = np.zeros((len(words), self.dimensions), np.float32)
        if found:
            data = [decoded(found[word], self.dimensions, rows=1) for word in words if word in found]
            rows[known] = unpacked(np.concatenate(data))
        return rows, known


def write_words(c: sqlite3.Connection, words: Words) -> Words:
    """Store a lexicon; returns it as it will be read, so that all passages are embedded with the same numbers."""
    rows = packed(words.table)
    c.executemany("INSERT INTO dense_words VALUES (?, 0, ?)", ((w, row.tobytes()) for w, row in zip(words.words, rows)))
    return Words(words.words, unpacked(rows))


def count_words(c: sqlite3.Connection, counts: Counter[str], sign: int) -> None:
    """Note that so many more (or, with sign −1, fewer) passages hold these words; a word that none holds goes."""
    c.executemany(
        "UPDATE dense_words SET passages = passages + ? WHERE word = ?",
        [(sign * n, word) for word, n in sorted(counts.items())],
    )
    if sign < 0:
        c.executemany("DELETE FROM dense_words WHERE word = ? AND passages <= 0", [(word,) for word in sorted(counts)])


def write_vectors(c: sqlite3.Connection, numbers: Sequence[int], vectors: NDArray[np.float32]) -> None:
    """Store the vectors of passages, in any place; passages without one in between get zeros."""
    rows, where = packed(vectors), np.asarray(numbers, np.int64)
    for chunk in np.unique(where // CHUNK).tolist():
        here = where // CHUNK == chunk
        offsets = where[here] - chunk * CHUNK
        held = _chunk(c, chunk, vectors.shape[1])
        data = np.zeros(max(len(held), int(offsets.max()) + 1), rows.dtype)
        data[: len(held)] = held
        data[offsets] = rows[here]
        c.execute("INSERT OR REPLACE INTO dense_vectors VALUES (?, ?)", (chunk, data.tobytes()))


def _chunk(c: sqlite3.Connection, chunk: int, dimensions: int) -> NDArray[np.void]:
    found = c.execute("SELECT data FROM dense_vectors WHERE chunk = ?", (chunk,)).fetchone()
    return decoded(found[0], dimensions) if found else np.zeros(0, row_type(dimensions))


def read_vectors(
    c: sqlite3.Connection, first: int, end: int, dimensions: int
) -> Iterator[tuple[int, NDArray[np.void]]]:
    """The stored rows of the passages from `first` up to `end`, in runs, each with the number it begins at."""
    for chunk, data in c.execute(
        "SELECT chunk, data FROM dense_vectors WHERE chunk >= ? AND chunk <= ? ORDER BY chunk",
        (first // CHUNK, max(0, end - 1) // CHUNK),
    ):
        rows, start = decoded(data, dimensions), chunk * CHUNK
        low, high = max(first - start, 0), min(end - start, len(rows))
        if low < high:
            yield start + low, rows[low:high]


def stored_passages(c: sqlite3.Connection, most: int) -> Iterator[Shown]:
    """The passages of the index, or `most` of them, evenly."""
    total = c.execute("SELECT count(*) FROM passages").fetchone()[0]
    document, title, text = -1, "", ""
    rows = c.execute("SELECT document, start, end, heading FROM passages ORDER BY number")
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


def drop(c: sqlite3.Connection) -> None:
    """Take all vectors and words out, so that they can be learnt anew."""
    for table in TABLES:
        c.execute(f"DROP TABLE IF EXISTS {table}")


def spans(c: sqlite3.Connection, passages: Iterable[int]) -> Iterator[tuple[int, int, int, str]]:
    """Document, start, end and heading of these passages, those that are still in the file."""
    select = "SELECT document, start, end, heading FROM passages WHERE number = ?"
    for number in passages:
        row = c.execute(select, (int(number),)).fetchone()
        if row is not None:
            yield row
