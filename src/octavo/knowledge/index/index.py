"""Index: one SQLite file of documents, passages and postings, in generations, searched while it changes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from octavo.kinds.documents import Document
from octavo.knowledge.index.layer import Entry, Layer, Renewable
from octavo.knowledge.index.postings import FIELDS
from octavo.knowledge.index.read import Generation, Reader
from octavo.knowledge.index.records import Record
from octavo.knowledge.index.schema import FACTS, FORMAT, SCHEMA, damaged
from octavo.knowledge.index.view import View
from octavo.knowledge.index.write import BATCH, Change, Writer, remove, stored_document
from octavo.spine.errors import WRONG_USE, OctavoError

PATIENCE = 5000
"""Milliseconds that readers get to let go of the log."""
Trial = Callable[[View], None]
"""Looks at a change set before anybody else sees it; what it raises undoes the change set."""


class Index(Reader):
    """Open one with `Index.open`, make one with `Index.create` or `Index.build`. Many may read while one writes.

    What the reading methods say is what the current generation sees, or the one that the index was opened `as_of`.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, *, writable: bool, as_of: int | None = None) -> None:
        super().__init__(path, connection, writable=writable, as_of=as_of)
        self.made = ""
        """What is noted with the generations that are made from now on: when."""
        self.layers: tuple[Layer, ...] = ()

    # ── opening ────────────────────────────────────────────────────────────────────────────────────────────────

    @classmethod
    def create(cls, path: Path, *, length: int = 900) -> Index:
        """A new, empty, writable index; `length` is the aimed length of passages in characters."""
        if path.exists():
            raise OctavoError(
                "K003", "There is an index already", where=str(path), do="add to it, or remove it first",
                exit_code=WRONG_USE,
            )  # fmt: skip
        connection = sqlite3.connect(path, timeout=30, check_same_thread=False, isolation_level=None)
        connection.executescript("PRAGMA page_size=8192; PRAGMA journal_mode=WAL; BEGIN;" + SCHEMA)
        facts = {**FACTS, "length": length}
        connection.executemany("INSERT INTO metadata VALUES (?, ?)", [(k, json.dumps(v)) for k, v in facts.items()])
        connection.execute("COMMIT")
        connection.execute("PRAGMA secure_delete=ON")
        return cls(path, connection, writable=True)

    @classmethod
    def open(cls, path: Path, *, write: bool = False, immutable: bool = False, as_of: int | None = None) -> Index:
        """Open an index to read, or to `write`; `immutable` for one that nobody changes (no lock files are made)."""
        if not path.is_file():
            raise OctavoError(
                "K001",
                "There is no index here",
                where=str(path),
                do="octavo run makes one, or octavo knowledge index one of plain files",
                likely="it was never built",
            )
        mode = "rw" if write else "ro"
        uri = path.resolve().as_uri() + f"?mode={mode}" + ("&immutable=1" if immutable and not write else "")
        try:
            connection = sqlite3.connect(uri, uri=True, timeout=30, check_same_thread=False, isolation_level=None)
            index = cls(path, connection, writable=write, as_of=as_of)
            found = index.fact("format")
            if found == FORMAT and write:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA secure_delete=ON")
        except (sqlite3.DatabaseError, json.JSONDecodeError, TypeError) as error:
            raise damaged(path, str(error)) from None
        if found != FORMAT:
            connection.close()
            raise OctavoError(
                "K002",
                f"The index has format {found}; this Octavo reads format {FORMAT}",
                where=str(path),
                likely="it was made by another version of Octavo",
                do="octavo run, or octavo knowledge index, builds it again",
            )
        return index

    def __enter__(self) -> Index:
        return self

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        self.close()
        if isinstance(error, sqlite3.DatabaseError | json.JSONDecodeError):
            raise damaged(self.path, str(error)) from None

    @classmethod
    def build(
        cls,
        path: Path,
        documents: Iterable[Document | Record],
        duplicates: Mapping[str, str] | None = None,
        *,
        length: int = 900,
        layers: Iterable[Layer] = (),
    ) -> int:
        """Write a whole index at once, the same bytes for the same documents; returns how many it holds.

        `duplicates` maps the id of a document to the id of the one it repeats. Of two documents with one id the
        first stays. The file is in rollback mode, to be read as an immutable one.
        """
        with cls.create(path, length=length) as index:
            c = index.connection
            c.execute("PRAGMA journal_mode=OFF")
            c.execute("PRAGMA synchronous=OFF")
            c.execute("DROP INDEX names_by_last")
            c.execute("DROP INDEX names_by_name")
            count = index.add(documents, duplicates)
            for layer in layers:
                index.attach(layer)
                index.build_layer(layer)
            c.execute("CREATE INDEX names_by_last ON names (last, name)")
            c.execute("CREATE INDEX names_by_name ON names (name)")
            c.execute("VACUUM")
        return count

    # ── writing ────────────────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All that is done with the connection inside, or nothing."""
        if not self.writable:
            raise OctavoError("K004", "The index is open for reading only", where=str(self.path), do="open it to write")
        with self.lock:
            c = self.connection
            try:
                c.execute("BEGIN IMMEDIATE")
                yield c
                c.execute("COMMIT")
            except BaseException as error:
                if c.in_transaction:
                    c.execute("ROLLBACK")
                self._forget_kept()
                if isinstance(error, sqlite3.DatabaseError):
                    raise self._unwritten(error) from None
                raise

    def _unwritten(self, error: sqlite3.DatabaseError) -> OctavoError:
        if getattr(error, "sqlite_errorname", "").startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            return damaged(self.path, str(error))
        return OctavoError(
            "K005",
            f"The index could not be written: {error}",
            where=str(self.path),
            likely="the disk is full or another program is writing",
            do="make room or wait, then do it again; what was in the index before is still there",
        )

    def change(
        self,
        documents: Iterable[Document | Record] = (),
        delete: Iterable[str] = (),
        *,
        replace: bool = True,
        duplicates: Mapping[str, str] | None = None,
        trial: Trial | None = None,
    ) -> Change:
        """Delete, then add documents, as one new generation that appears at once or not at all.

        A document with an id that is there takes its place (when it differs), or without `replace` is left out. Before
        it appears `trial` sees it; readers go on with the generation before meanwhile.
        """
        with self.transaction() as c:
            self._all_attached(c)
            writer = Writer(c, self.layers)
            for document_id in dict.fromkeys(delete):
                writer.end(document_id)
            for document in documents:
                known = document.document.id if isinstance(document, Record) else document.id
                writer.put(document, (duplicates or {}).get(known, ""), replace=replace)
            done = writer.finish(self.made)
            if trial is not None and writer.generation == done.generation:
                trial(self.view(done.generation))
        return done

    def add(self, documents: Iterable[Document | Record], duplicates: Mapping[str, str] | None = None) -> int:
        """Add documents in one transaction; those whose id is there already are left out. Returns how many."""
        return self.change(documents, replace=False, duplicates=duplicates).added

    def delete(self, ids: Iterable[str]) -> int:
        """Let documents be found no more; returns how many there were. Older generations still see them: `forget` is
        what takes them out of the file."""
        return self.change(delete=ids).deleted

    def replace(self, documents: Iterable[Document | Record]) -> int:
        """Put documents in the place of those with the same ids, in one transaction; returns how many came in."""
        done = self.change(documents)
        return done.added + done.replaced

    def rollback(self, to: int | None = None) -> int:
        """Go back to the generation before, or `to` one; nothing is rewritten, and until the next change `to` can
        also go forward again. Returns the generation that is now seen."""
        with self.transaction() as c:
            kept = [row[0] for row in c.execute("SELECT number FROM generations ORDER BY number")]
            current = self.facts["generation"]
            before = [number for number in kept if number < current]
            chosen = to if to is not None else (before[-1] if before else current)
            if chosen not in kept or (to is None and not before):
                raise self._no_generation(chosen if to is not None else current - 1, kept)
            self.facts["generation"] = chosen
        return chosen

    def prune(self, keep: int = 1, bar: Callable[[], None] = lambda: None) -> tuple[int, int]:
        """Keep the newest `keep` generations up to the current one; take out of the file what none of them sees.
        Returns how many generations and documents went."""
        if keep < 1:
            raise OctavoError("K012", "At least one generation must be kept", do="--keep 1", exit_code=WRONG_USE)
        with self.transaction() as c:
            self._all_attached(c)
            Writer(c, self.layers)  # what was gone back from goes first
            kept = [row[0] for row in c.execute("SELECT number FROM generations ORDER BY number")]
            oldest = kept[-keep] if len(kept) >= keep else (kept[0] if kept else 0)
            unseen = "SELECT number FROM documents WHERE died < 4294967295 AND (died <= ? OR died = born)"
            numbers = [row[0] for row in c.execute(unseen, (oldest,))]
            remove(c, numbers, self.layers, bar)
            gone = c.execute("DELETE FROM generations WHERE number < ?", (oldest,)).rowcount
            unused = [layer.prune(c, oldest) for layer in self.layers if isinstance(layer, Renewable)]
            if any(unused):
                self.facts["epoch"] += 1
        if numbers or any(unused):
            self.scrub()
        return gone, len(numbers)

    def scrub(self) -> bool:
        """Rewrite the file so that nothing lies in its free space or its log; False when a reader is in the way."""
        with self.lock:
            try:
                self.connection.execute(f"PRAGMA busy_timeout={PATIENCE}")
                self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self.connection.execute("VACUUM")
                busy = self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            except sqlite3.DatabaseError as error:
                raise self._unwritten(error) from None
            if busy:
                return False
            with self.transaction():
                self.facts["scrub"] = 0
            return not self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]

    # ── layers ─────────────────────────────────────────────────────────────────────────────────────────────────

    def attach(self, *layers: Layer) -> None:
        """Let layers follow what is added and taken out from now on. `build_layer` fills a new one."""
        known = {layer.name: layer for layer in (*self.layers, *layers)}
        self.layers = tuple(known[name] for name in sorted(known))

    def build_layer(self, layer: Layer, bar: Callable[[int], None] = lambda _: None) -> int:
        """Feed all passages to an attached layer, in batches that are each committed; one that was stopped goes on.
        The layer counts as there when all is fed. Returns how many passages were fed."""
        with self.transaction() as c:
            for statement in layer.schema.split(";"):
                if statement.strip():
                    c.execute(statement)
            c.execute("INSERT OR IGNORE INTO layers VALUES (?, 0, 0)", (layer.name,))
        fed = 0
        while True:
            with self.transaction() as c:
                first = c.execute("SELECT next FROM layers WHERE name = ?", (layer.name,)).fetchone()[0]
                entries = list(islice(self.entries(first - 1), BATCH))
                if not entries:
                    c.execute(
                        "UPDATE layers SET ready = 1, next = ? WHERE name = ?",
                        (self.facts["next_passage"], layer.name),
                    )
                    return fed
                numbers = dict.fromkeys(entry.document for entry in entries)
                layer.added(c, entries, {number: stored_document(c, number) for number in numbers})
                c.execute("UPDATE layers SET next = ? WHERE name = ?", (entries[-1].number + 1, layer.name))
            fed += len(entries)
            bar(len(entries))

    def renew(
        self, layer: Renewable, trial: Trial | None = None, bar: Callable[[int], None] = lambda _: None
    ) -> Change:
        """Make a layer anew of all passages that are seen, as a new generation that appears at once or, when `trial`
        raises, not at all. Earlier generations keep what they have, and one can go back to them."""
        with self.transaction() as c:
            self._all_attached(c)
            writer = Writer(c, self.layers)
            layer.renew(c, writer.generation, self._seen_batches(bar))
            done = writer.finish(self.made, renewed=True)
            if trial is not None:
                trial(self.view(done.generation))
        return done

    def _seen_batches(self, bar: Callable[[int], None]) -> Iterator[tuple[Sequence[Entry], dict[int, Document]]]:
        visible = self.view().visible
        entries = (entry for entry in self.entries() if visible[entry.number])
        while batch := list(islice(entries, BATCH)):
            numbers = dict.fromkeys(entry.document for entry in batch)
            yield batch, {number: stored_document(self.connection, number) for number in numbers}
            bar(len(batch))

    def _all_attached(self, c: sqlite3.Connection) -> None:
        attached = {layer.name for layer in self.layers}
        known = dict(c.execute("SELECT name, ready FROM layers"))
        missing = sorted(set(known) - attached)
        if missing:
            raise OctavoError(
                "K011",
                f"The index also keeps {', '.join(missing)}, which would not follow the change",
                where=str(self.path),
                do="open it with knowledge.layers.open_index",
            )
        unready = sorted(name for name, ready in known.items() if not ready)
        if unready:
            raise OctavoError(
                "K010",
                f"The index was stopped while {', '.join(unready)} was being built",
                where=str(self.path),
                do="octavo knowledge index goes on with it",
            )


__all__ = ["FIELDS", "FORMAT", "Generation", "Index", "damaged"]
