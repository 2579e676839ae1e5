"""Index: one SQLite file of documents, passages and postings, which can grow, shrink and be searched meanwhile."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from octavo.kinds.documents import Document, document_from_row
from octavo.knowledge.index.postings import (
    CHUNK,
    FIELDS,
    ROW,
    PostingsBuilder,
    analyse,
    decode,
    encode,
    merged,
    without,
)
from octavo.spine.errors import OctavoError

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT = 1
_BROKEN = re.compile("[\ud800-\udfff]")
SCHEMA = """
CREATE TABLE metadata (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, duplicate_of TEXT NOT NULL,
  fields TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE passages (number INTEGER PRIMARY KEY, document INTEGER NOT NULL, start INTEGER NOT NULL,
  end INTEGER NOT NULL, heading TEXT NOT NULL);
CREATE INDEX passages_of_document ON passages (document);
CREATE TABLE names (last TEXT NOT NULL, name TEXT NOT NULL, document INTEGER NOT NULL, alias INTEGER NOT NULL);
CREATE INDEX names_by_last ON names (last, name);
CREATE INDEX names_by_name ON names (name);
CREATE INDEX names_of_document ON names (document);
CREATE TABLE postings (term TEXT PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE columns (chunk INTEGER PRIMARY KEY, data BLOB NOT NULL);
"""


class Index:
    """Open one with `Index.open`, make one with `Index.create` or `Index.build`. Many may read while one writes."""

    def __init__(self, path: Path, connection: sqlite3.Connection, *, writable: bool) -> None:
        self.path, self.writable = path, writable
        self._connection = connection
        self.lock = threading.RLock()
        self._columns: tuple[int, NDArray[np.void]] | None = None

    # ── opening ────────────────────────────────────────────────────────────────────────────────────────────────

    @classmethod
    def create(cls, path: Path, *, length: int = 900) -> Index:
        """A new, empty, writable index; `length` is the aimed length of passages in characters."""
        if path.exists():
            raise OctavoError("K003", "There is an index already", where=str(path), do="open it, or remove it first")
        connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        connection.executescript("PRAGMA page_size=8192; PRAGMA journal_mode=WAL; BEGIN;" + SCHEMA)
        facts = {"format": FORMAT, "length": length, "generation": 0, "next_document": 0, "next_passage": 0}
        connection.executemany("INSERT INTO metadata VALUES (?, ?)", [(k, json.dumps(v)) for k, v in facts.items()])
        connection.execute("COMMIT")
        return cls(path, connection, writable=True)

    @classmethod
    def open(cls, path: Path, *, write: bool = False, immutable: bool = False) -> Index:
        """Open an index to read, or to `write`; `immutable` for one that nobody changes (no lock files are made)."""
        if not path.is_file():
            raise OctavoError(
                "K001",
                "There is no index here",
                where=str(path),
                do="octavo run makes one",
                likely="it was never built",
            )
        mode = "rw" if write else "ro"
        uri = path.resolve().as_uri() + f"?mode={mode}" + ("&immutable=1" if immutable and not write else "")
        try:
            connection = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
            index = cls(path, connection, writable=write)
            found = index.fact("format")
            if found == FORMAT and write:
                connection.execute("PRAGMA journal_mode=WAL")
        except (sqlite3.DatabaseError, json.JSONDecodeError, TypeError) as error:
            raise damaged(path, str(error)) from None
        if found != FORMAT:
            raise OctavoError(
                "K002",
                f"The index has format {found}; this Octavo reads format {FORMAT}",
                where=str(path),
                likely="it was made by another version of Octavo",
                do="octavo run builds it again",
            )
        return index

    def close(self) -> None:
        """Close the file; searching afterwards is an error."""
        self._connection.close()

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @classmethod
    def build(
        cls,
        path: Path,
        documents: Iterable[Document],
        duplicates: Mapping[str, str] | None = None,
        *,
        length: int = 900,
    ) -> int:
        """Write a whole index at once, the same bytes for the same documents; returns how many it holds.

        `duplicates` maps the id of a document to the id of the one it repeats. Of two documents with one id the
        first stays. The file is in rollback mode, to be read as an immutable one.
        """
        with cls.create(path, length=length) as index:
            c = index._connection
            c.execute("PRAGMA journal_mode=OFF")
            c.execute("PRAGMA synchronous=OFF")
            c.execute("DROP INDEX names_by_last")
            c.execute("DROP INDEX names_by_name")
            count = index.add(documents, duplicates)
            c.execute("CREATE INDEX names_by_last ON names (last, name)")
            c.execute("CREATE INDEX names_by_name ON names (name)")
            c.execute("VACUUM")
        return count

    # ── writing ────────────────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        if not self.writable:
            raise OctavoError("K004", "The index is open for reading only", where=str(self.path), do="open it to write")
        with self.lock:
            c = self._connection
            try:
                c.execute("BEGIN IMMEDIATE")
                yield c
                self._set("generation", self.fact("generation") + 1)
                c.execute("COMMIT")
            except sqlite3.DatabaseError as error:
                if c.in_transaction:
                    c.execute("ROLLBACK")
                raise OctavoError(
                    "K005",
                    f"The index could not be written: {error}",
                    where=str(self.path),
                    likely="the disk is full or another program is writing",
                    do="make room or wait, then do it again; what was in the index before is still there",
                ) from None
            except BaseException:
                if c.in_transaction:
                    c.execute("ROLLBACK")
                raise

    def add(self, documents: Iterable[Document], duplicates: Mapping[str, str] | None = None) -> int:
        """Add documents in one transaction; those whose id is there already are left out. Returns how many."""
        with self._transaction() as c:
            return self._add(c, documents, duplicates or {})

    def delete(self, ids: Iterable[str]) -> int:
        """Take documents out in one transaction, text, names and postings; returns how many there were."""
        with self._transaction() as c:
            return self._delete(c, ids)

    def replace(self, documents: Iterable[Document]) -> int:
        """Put documents in the place of those with the same ids, in one transaction; returns how many."""
        rows = list(documents)
        with self._transaction() as c:
            self._delete(c, [document.id for document in rows])
            return self._add(c, rows, {})

    def _add(self, c: sqlite3.Connection, documents: Iterable[Document], duplicates: Mapping[str, str]) -> int:
        length, number, passage = self.fact("length"), self.fact("next_document"), self.fact("next_passage")
        builder, first_passage, count = PostingsBuilder(), passage, 0
        for document in map(_storable, documents):
            fields = asdict(document)
            text = fields.pop("text")
            row = (number, document.id, duplicates.get(document.id, ""), json.dumps(fields, ensure_ascii=False), text)
            if c.execute("INSERT OR IGNORE INTO documents VALUES (?, ?, ?, ?, ?)", row).rowcount == 0:
                continue
            for piece in analyse(document, length):
                builder.add(passage, number, document, piece, duplicate=row[2] != "")
                c.execute(
                    "INSERT INTO passages VALUES (?, ?, ?, ?, ?)",
                    (passage, number, piece.start, piece.end, piece.heading),
                )
                passage += 1
            for alias, name in enumerate((document.id, *document.aliases)):
                lower = name.lower()
                c.execute("INSERT INTO names VALUES (?, ?, ?, ?)", (lower.rpartition(".")[2], lower, number, alias > 0))
            number += 1
            count += 1
        self._write_columns(c, first_passage, builder.rows())
        old = "SELECT data FROM postings WHERE term = ?"
        for term, data in builder.postings():
            found = c.execute(old, (term,)).fetchone() if first_passage else None
            blob = merged(found[0], data) if found else encode(data)
            c.execute("INSERT OR REPLACE INTO postings VALUES (?, ?)", (term, blob))
        self._set("next_document", number)
        self._set("next_passage", passage)
        return count

    def _delete(self, c: sqlite3.Connection, ids: Iterable[str]) -> int:
        gone: list[int] = []
        terms: set[str] = set()
        count = 0
        for document_id in dict.fromkeys(ids):
            found = self._document_row(document_id)
            if found is None:
                continue
            number, document = found
            builder = PostingsBuilder()
            for piece in analyse(document, self.fact("length")):
                builder.add(0, 0, document, piece, duplicate=False)
            terms.update(builder.terms())
            gone += [row[0] for row in c.execute("SELECT number FROM passages WHERE document = ?", (number,))]
            for table in ("passages", "names"):
                c.execute(f"DELETE FROM {table} WHERE document = ?", (number,))  # noqa: S608
            c.execute("DELETE FROM documents WHERE number = ?", (number,))
            count += 1
        numbers = np.array(sorted(gone), dtype=np.uint32)
        for term in sorted(terms):
            blob = without(c.execute("SELECT data FROM postings WHERE term = ?", (term,)).fetchone()[0], numbers)
            if blob:
                c.execute("UPDATE postings SET data = ? WHERE term = ?", (blob, term))
            else:
                c.execute("DELETE FROM postings WHERE term = ?", (term,))
        for chunk in sorted({int(n) // CHUNK for n in gone}):
            rows = self._chunk(c, chunk)
            inside = numbers[(numbers // CHUNK) == chunk] - chunk * CHUNK
            rows[inside] = np.zeros((), ROW)
            c.execute("UPDATE columns SET data = ? WHERE chunk = ?", (rows.tobytes(), chunk))
        return count

    def _chunk(self, c: sqlite3.Connection, chunk: int) -> NDArray[np.void]:
        found = c.execute("SELECT data FROM columns WHERE chunk = ?", (chunk,)).fetchone()
        return np.frombuffer(found[0], ROW).copy() if found else np.zeros(0, ROW)

    def _write_columns(self, c: sqlite3.Connection, first: int, rows: NDArray[np.void]) -> None:
        while len(rows):
            chunk, offset = divmod(first, CHUNK)
            here = rows[: CHUNK - offset]
            data = np.concatenate([self._chunk(c, chunk)[:offset], here])
            c.execute("INSERT OR REPLACE INTO columns VALUES (?, ?)", (chunk, data.tobytes()))
            first, rows = first + len(here), rows[len(here) :]

    def _set(self, key: str, value: int | str) -> None:
        self._connection.execute("INSERT OR REPLACE INTO metadata VALUES (?, ?)", (key, json.dumps(value)))

    # ── reading ────────────────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A consistent view of the file over several reads; what a writer commits meanwhile is not seen."""
        with self.lock:
            nested = self._connection.in_transaction
            try:
                if not nested:
                    self._connection.execute("BEGIN")
                yield
            except sqlite3.DatabaseError as error:
                raise damaged(self.path, str(error)) from None
            finally:
                if not nested and self._connection.in_transaction:
                    self._connection.execute("COMMIT")

    def fact(self, key: str) -> int:
        """A number about the index: format, length, generation, next_document, next_passage."""
        value: int = json.loads(
            self._connection.execute("SELECT value FROM metadata WHERE key = ?", (key,)).fetchone()[0]
        )
        return value

    def columns(self) -> NDArray[np.void]:
        """One row per passage number (see `postings.ROW`); `live` is 0 for those that were deleted."""
        generation = self.fact("generation")
        if self._columns is None or self._columns[0] != generation:
            chunks = self._connection.execute("SELECT data FROM columns ORDER BY chunk").fetchall()
            self._columns = (generation, np.frombuffer(b"".join(data for (data,) in chunks), ROW))
        return self._columns[1]

    def postings(self, term: str) -> list[tuple[NDArray[np.uint32], NDArray[np.uint8]]]:
        """Per field of `FIELDS` the passages that hold the term and how often; empty when none does."""
        found = self._connection.execute("SELECT data FROM postings WHERE term = ?", (term,)).fetchone()
        return decode(found[0]) if found else []

    def __len__(self) -> int:
        count: int = self._connection.execute("SELECT count(*) FROM documents").fetchone()[0]
        return count

    def ids(self) -> list[str]:
        """All document ids, sorted."""
        return [row[0] for row in self._connection.execute("SELECT id FROM documents ORDER BY id")]

    def document(self, document_id: str) -> Document | None:
        """The document of this id, or None."""
        found = self._document_row(document_id)
        return found[1] if found else None

    def _document_row(self, document_id: str) -> tuple[int, Document] | None:
        found = self._connection.execute(
            "SELECT number, fields, text FROM documents WHERE id = ?", (document_id,)
        ).fetchone()
        return (found[0], document_from_row({**json.loads(found[1]), "text": found[2]})) if found else None

    def listing(self, document_id: str) -> tuple[int, str] | None:
        """How many passages a document has here and the id of the one it repeats ("" for none); None: not listed."""
        found: tuple[int, str] | None = self._connection.execute(
            "SELECT (SELECT count(*) FROM passages WHERE document = documents.number), duplicate_of "
            "FROM documents WHERE id = ?",
            (document_id,),
        ).fetchone()
        return found

    def numbered(self, number: int) -> tuple[Document, str]:
        """The document of this number and the id of the one it repeats ("" for none)."""
        fields, text, duplicate_of = self._connection.execute(
            "SELECT fields, text, duplicate_of FROM documents WHERE number = ?", (int(number),)
        ).fetchone()
        return document_from_row({**json.loads(fields), "text": text}), duplicate_of

    def id_of(self, number: int) -> str:
        """The id of the document of this number."""
        found: str = self._connection.execute("SELECT id FROM documents WHERE number = ?", (number,)).fetchone()[0]
        return found

    def span(self, passage: int) -> tuple[int, int, int]:
        """Document number, start and end of a passage."""
        row: tuple[int, int, int] = self._connection.execute(
            "SELECT document, start, end FROM passages WHERE number = ?", (int(passage),)
        ).fetchone()
        return row

    def named(self, last: str, *, limit: int = 5000) -> list[tuple[str, int, bool]]:
        """(full lower-case name, document number, is an alias) of all whose last component is `last`."""
        rows = self._connection.execute(
            "SELECT name, document, alias FROM names WHERE last = ? ORDER BY name, document LIMIT ?", (last, limit)
        )
        return [(name, number, bool(alias)) for name, number, alias in rows]

    def below(self, parent: str, *, limit: int = 5000) -> list[tuple[str, int]]:
        """(name, document number) of everything whose lower-case name begins with `parent.`."""
        rows = self._connection.execute(
            "SELECT name, document FROM names WHERE name >= ? AND name < ? ORDER BY name, document LIMIT ?",
            (parent + ".", parent + "/", limit),
        )
        return list(rows)

    def lasts(self, prefix: str, *, limit: int = 5000) -> list[str]:
        """The last components of names that begin with `prefix`."""
        rows = self._connection.execute(
            "SELECT DISTINCT last FROM names WHERE last >= ? AND last < ? ORDER BY last LIMIT ?",
            (prefix, prefix + "\U0010ffff", limit),
        )
        return [row[0] for row in rows]


def _storable(document: Document) -> Document:
    """The document with a replacement sign for each half of a broken character, which no UTF-8 file can hold; offsets
    stay what they were."""
    broken = {
        name: tuple(map(_whole, value)) if name == "aliases" else _whole(value)
        for name, value in asdict(document).items()
        if isinstance(value, str) or name == "aliases"
    }
    return replace(document, **broken)


def _whole(text: str) -> str:
    return _BROKEN.sub("\ufffd", text)


def damaged(path: Path, detail: str) -> OctavoError:
    """The error for a file that is not, or no longer, an index."""
    return OctavoError(
        "K006",
        f"The index is damaged or not an index: {detail}",
        where=str(path),
        do="octavo clean --damaged, then octavo run builds it again",
    )


__all__ = ["FIELDS", "FORMAT", "Index", "damaged"]
