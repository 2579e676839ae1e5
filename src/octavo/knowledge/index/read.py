"""Read: what an index file says, as one generation sees it."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from octavo.kinds.documents import Document
from octavo.knowledge.index.columns import Columns
from octavo.knowledge.index.layer import Entry, extra_fields
from octavo.knowledge.index.postings import Postings, decode
from octavo.knowledge.index.schema import CHUNK_BITS, damaged
from octavo.knowledge.index.view import View
from octavo.knowledge.index.write import Facts, stored_document
from octavo.spine.errors import WRONG_USE, OctavoError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Generation:
    """A generation that the index can still answer as of."""

    number: int
    added: int
    deleted: int
    made: str
    """When, as the writer said; empty in artifacts."""
    current: bool
    undone: bool
    """Gone back from; the next change takes it away for good."""


class Reader:
    """The reading half of `Index`: all that is said is what the current generation sees, or the one of `as_of`."""

    def __init__(self, path: Path, connection: sqlite3.Connection, *, writable: bool, as_of: int | None = None) -> None:
        self.path, self.writable, self.as_of = path, writable, as_of
        self.connection = connection
        """For layers, inside `reading` or a transaction."""
        self.facts = Facts(connection)
        self.lock = threading.RLock()
        self._columns: Columns | None = None
        self._views: tuple[tuple[int, ...], dict[int, View]] = ((), {})
        self._grown: dict[str, tuple[int, Any]] = {}
        self._table: tuple[View, NDArray[np.void]] | None = None
        self._text: tuple[int, str, str] | None = None

    def close(self) -> None:
        """Close the file; searching afterwards is an error."""
        self.connection.close()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A consistent view of the file over several reads; what a writer commits meanwhile is not seen."""
        with self.lock:
            nested = self.connection.in_transaction
            try:
                if not nested:
                    self.connection.execute("BEGIN")
                yield
            except (sqlite3.DatabaseError, json.JSONDecodeError) as error:
                raise damaged(self.path, str(error)) from None
            finally:
                if not nested and self.connection.in_transaction:
                    self.connection.execute("COMMIT")

    def layer_names(self) -> tuple[str, ...]:
        """The layers that this index has, complete ones."""
        rows = self.connection.execute("SELECT name FROM layers WHERE ready = 1 ORDER BY name")
        return tuple(row[0] for row in rows)

    def fact(self, key: str) -> int:
        """A number about the index, of `schema.FACTS`."""
        return self.facts[key]

    def stamp(self) -> tuple[int, ...]:
        """Changes whenever what is seen may have changed."""
        rows = self.connection.execute(
            "SELECT value FROM metadata WHERE key IN ('epoch', 'generation', 'last_generation') ORDER BY key"
        )
        return tuple(int(value) for (value,) in rows)

    def view(self, generation: int | None = None) -> View:
        """What the current generation sees, or the one of this number."""
        with self.reading():
            epoch, current, last = stamp = self.stamp()
            number = generation if generation is not None else self.as_of if self.as_of is not None else current
            if self._views[0] != stamp:
                self._views = (stamp, {})
            views = self._views[1]
            if number not in views:
                self._check_generation(number, current)
                if self._columns is None or self._columns.epoch != epoch:
                    self._columns = Columns(epoch)
                try:
                    self._columns.grow(self.connection, last)
                except ValueError as error:
                    raise damaged(self.path, str(error)) from None
                views[number] = View(self, number, self._columns, self._grown)
            return views[number]

    def _check_generation(self, number: int, current: int) -> None:
        if number == current:
            return
        kept = [row[0] for row in self.connection.execute("SELECT number FROM generations ORDER BY number")]
        if number not in kept:
            raise self._no_generation(number, kept)

    def _no_generation(self, number: int, kept: list[int]) -> OctavoError:
        known = f"{kept[0]} to {kept[-1]}" if len(kept) > 1 else f"{kept[0]} alone" if kept else "none"
        return OctavoError(
            "K012",
            f"The index has no generation {number}",
            where=str(self.path),
            likely=f"it was pruned or never made: there is {known}",
            do="octavo knowledge generations lists them",
            exit_code=WRONG_USE,
        )

    def generations(self) -> list[Generation]:
        """All that are kept, oldest first."""
        with self.reading():
            current = self.facts["generation"]
            rows = self.connection.execute("SELECT number, added, deleted, made FROM generations ORDER BY number")
            return [Generation(n, plus, minus, made, n == current, n > current) for n, plus, minus, made in rows]

    def columns(self) -> NDArray[np.void]:
        """One row per passage number (see `postings.ROW`); `live` is 0 for those that are not seen."""
        view = self.view()
        if self._table is None or self._table[0] is not view:
            rows = view.rows.copy()
            rows["live"] = view.visible
            self._table = (view, rows)
        return self._table[1]

    def occurrences(self, term: str) -> NDArray[np.void]:
        """The `POSTING` rows of a term, of visible passages or not."""
        found = self.connection.execute("SELECT number FROM terms WHERE term = ?", (term,)).fetchone()
        first = (found[0] if found else 0) << CHUNK_BITS
        chunks = "SELECT data FROM postings WHERE key >= ? AND key < ? ORDER BY key"
        rows = self.connection.execute(chunks, (first, first + (1 << CHUNK_BITS))).fetchall() if found else []
        try:
            return decode(rows[0][0] if len(rows) == 1 else b"".join(data for (data,) in rows))
        except (ValueError, TypeError) as error:
            raise damaged(self.path, f"the postings of a word: {error}") from None

    def postings(self, term: str) -> Postings:
        """Per field of `FIELDS` the visible passages that hold the term and how often; empty when none does."""
        return self.view().postings(term)

    def entries(self, after: int = -1) -> Iterator[Entry]:
        """All passages with a number greater than `after`, in order, those that nobody sees any more included."""
        rows = self.connection.execute(
            "SELECT number, document, start, end, heading FROM passages WHERE number > ? ORDER BY number", (after,)
        )
        for number, document, start, end, heading in rows:
            document_id, text = self._text_of(document)
            yield Entry(number, document, document_id, start, end, heading, text[start:end])

    def entry(self, number: int) -> Entry:
        """The passage of this number."""
        document, start, end, heading = self.connection.execute(
            "SELECT document, start, end, heading FROM passages WHERE number = ?", (int(number),)
        ).fetchone()
        document_id, text = self._text_of(document)
        return Entry(int(number), document, document_id, start, end, heading, text[start:end])

    def _forget_kept(self) -> None:
        """Drop all that was worked out from the file."""
        self._columns, self._views, self._table, self._text = None, ((), {}), None, None
        self._grown.clear()

    def _text_of(self, document: int) -> tuple[str, str]:
        held = self._text
        if held is None or held[0] != document:
            query = "SELECT id, text FROM documents NATURAL JOIN texts WHERE number = ?"
            held = self._text = (document, *self.connection.execute(query, (document,)).fetchone())
        return held[1], held[2]

    def __len__(self) -> int:
        return len(self.view().documents())

    def _seen(self) -> tuple[int, int]:
        number = self.as_of if self.as_of is not None else self.facts["generation"]
        return number, number

    def ids(self) -> list[str]:
        """All document ids, sorted."""
        query = "SELECT id FROM documents WHERE born <= ? AND died > ? ORDER BY id"
        return [row[0] for row in self.connection.execute(query, self._seen())]

    def number_of(self, document_id: str) -> int | None:
        """The number of the document of this id, or None."""
        query = "SELECT number FROM documents WHERE id = ? AND born <= ? AND died > ?"
        found = self.connection.execute(query, (document_id, *self._seen())).fetchone()
        return found[0] if found else None

    def document(self, document_id: str) -> Document | None:
        """The document of this id, or None."""
        number = self.number_of(document_id)
        return None if number is None else stored_document(self.connection, number)

    def fields(self, number: int) -> dict[str, Any]:
        """What the row of a document had besides id and text and is not as by default."""
        (fields,) = self.connection.execute("SELECT fields FROM documents WHERE number = ?", (int(number),)).fetchone()
        empty = vars(Document("", ""))
        own = {name: value for name, value in json.loads(fields).items() if name != "id"}
        known = {n: v for n, v in own.items() if v != (list(empty[n]) if isinstance(empty[n], tuple) else empty[n])}
        return {**known, **extra_fields(self.connection, number)}

    def listing(self, document_id: str) -> tuple[int, str] | None:
        """How many passages a document has here and the id of the one it repeats ("" for none); None: not listed."""
        query = "SELECT passages, duplicate_of FROM documents WHERE id = ? AND born <= ? AND died > ?"
        found: tuple[int, str] | None = self.connection.execute(query, (document_id, *self._seen())).fetchone()
        return found

    def numbered(self, number: int) -> tuple[Document, str]:
        """The document of this number and the id of the one it repeats ("" for none)."""
        query = "SELECT duplicate_of FROM documents WHERE number = ?"
        (duplicate_of,) = self.connection.execute(query, (int(number),)).fetchone()
        return stored_document(self.connection, number), duplicate_of

    def id_of(self, number: int) -> str:
        """The id of the document of this number."""
        found: str = self.connection.execute("SELECT id FROM documents WHERE number = ?", (int(number),)).fetchone()[0]
        return found

    def first_of(self, number: int) -> int:
        """The first passage of the document of this number."""
        query = "SELECT first FROM documents WHERE number = ?"
        found: int = self.connection.execute(query, (int(number),)).fetchone()[0]
        return found

    def span(self, passage: int) -> tuple[int, int, int]:
        """Document number, start and end of a passage."""
        row: tuple[int, int, int] = self.connection.execute(
            "SELECT document, start, end FROM passages WHERE number = ?", (int(passage),)
        ).fetchone()
        return row

    def named(self, last: str, *, limit: int = 5000) -> list[tuple[str, int, bool]]:
        """(full lower-case name, document number, is an alias) of all whose last component is `last`."""
        query = "SELECT name, document, alias FROM names WHERE last = ? ORDER BY name, document"
        rows = self._visible(self.connection.execute(query, (last,)), limit)
        return [(name, number, bool(alias)) for name, number, alias in rows]

    def below(self, parent: str, *, limit: int = 5000) -> list[tuple[str, int]]:
        """(name, document number) of everything whose lower-case name begins with `parent.`."""
        query = "SELECT name, document FROM names WHERE name >= ? AND name < ? ORDER BY name, document"
        return self._visible(self.connection.execute(query, (parent + ".", parent + "/")), limit)

    def lasts(self, prefix: str, *, limit: int = 5000) -> list[str]:
        """The last components of names that begin with `prefix`."""
        view = self.view()
        query = "SELECT last, min(document) FROM names WHERE last >= ? AND last < ? GROUP BY last ORDER BY last"
        if not view.whole:
            query = "SELECT last, document FROM names WHERE last >= ? AND last < ? ORDER BY last"
        rows = self.connection.execute(query, (prefix, prefix + "\U0010ffff"))
        seen = dict.fromkeys(last for last, document in rows if view.whole or view.sees(document))
        return list(islice(seen, limit))

    def _visible(self, rows: Iterable[tuple[Any, ...]], limit: int) -> list[Any]:
        """The first `limit` rows whose second value is the number of a document that is seen."""
        view = self.view()
        seen = rows if view.whole else (row for row in rows if view.sees(row[1]))
        return list(islice(seen, limit))
