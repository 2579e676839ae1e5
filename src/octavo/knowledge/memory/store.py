"""Store: the SQLite file in which episodes lie: one transaction a write, so that a kill leaves all of it or none."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from octavo.knowledge.memory.aspects import lexicon
from octavo.knowledge.memory.encode import DENSE, FIRING, TERMS, WORDS, Encoded
from octavo.knowledge.memory.episode import Episode
from octavo.spine.errors import WRONG_USE, OctavoError

FORMAT = 2
EARLIER = 1
"""A format whose traces are made anew when it is opened (see `renew`)."""
FIXED = DENSE + 2 * FIRING + 8 * WORDS
"""Bytes of a trace before its terms."""
SCHEMA = """
CREATE TABLE metadata (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE episodes (number INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL, kind TEXT NOT NULL,
  cue TEXT NOT NULL, born INTEGER NOT NULL, until INTEGER, supersedes INTEGER, superseded INTEGER,
  uses INTEGER NOT NULL, used INTEGER NOT NULL, session TEXT NOT NULL, document TEXT NOT NULL);
CREATE TABLE traces (number INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE names (name INTEGER NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (name, number)) WITHOUT ROWID;
CREATE TABLE terms (term INTEGER PRIMARY KEY, count INTEGER NOT NULL);
"""
COLUMNS = "number, text, kind, cue, born, until, supersedes, superseded, uses, used, session, document"
MANY = 900
"""Numbers in one statement."""


class Store:
    """The file of a memory. One may write while many read."""

    def __init__(self, path: Path, connection: sqlite3.Connection, *, writable: bool) -> None:
        self.path, self.connection, self.writable = path, connection, writable
        self.lock = threading.RLock()

    @classmethod
    def create(cls, path: Path, capacity: int) -> Store:
        """A new, empty file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            connection = _connected(path, "rwc")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("BEGIN IMMEDIATE")
            # Of two who begin at once the second finds what the first made.
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'metadata'").fetchone():
                for statement in SCHEMA.split(";"):
                    connection.execute(statement)
                rows = [("format", FORMAT), ("capacity", capacity), ("index", ""), ("lexicon", lexicon().digest)]
                connection.executemany(
                    "INSERT INTO metadata VALUES (?, ?)", [(key, json.dumps(value)) for key, value in rows]
                )
            connection.execute("COMMIT")
            connection.close()
        except sqlite3.Error as error:
            raise not_written(path, error) from None
        return cls.open(path, write=True)

    @classmethod
    def open(cls, path: Path, *, write: bool) -> Store:
        """An existing file."""
        if not path.is_file():
            raise OctavoError(
                "K070",
                "There is no memory here",
                where=str(path),
                likely="nothing was remembered yet",
                do='octavo remember "…" makes one',
                exit_code=WRONG_USE,
            )
        try:
            connection = _connected(path, "rw" if write else "ro")
            store = cls(path, connection, writable=write)
            found = store.fact("format")
        except (sqlite3.DatabaseError, ValueError, TypeError) as error:
            raise damaged(path, str(error)) from None
        if found not in (FORMAT, EARLIER):
            raise OctavoError(
                "K072",
                f"The memory has format {found}; this Octavo reads formats {EARLIER} and {FORMAT}",
                where=str(path),
                likely="it was made by another version of Octavo",
                do="use that version to export it: octavo memory list --json",
            )
        return store

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it is kept, or nothing. One inside of another is a part of that."""
        if not self.writable:
            raise OctavoError(
                "K076", "The memory is open for reading only", where=str(self.path), do="open it to write"
            )
        with self.lock:
            c = self.connection
            if c.in_transaction:
                yield c
                return
            try:
                c.execute("BEGIN IMMEDIATE")
                yield c
                c.execute("COMMIT")
            except sqlite3.DatabaseError as error:
                if c.in_transaction:
                    c.execute("ROLLBACK")
                raise not_written(self.path, error) from None
            except BaseException:
                if c.in_transaction:
                    c.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A view that does not change meanwhile."""
        with self.lock:
            nested = self.connection.in_transaction
            try:
                if not nested:
                    self.connection.execute("BEGIN")
                yield self.connection
            except sqlite3.DatabaseError as error:
                raise damaged(self.path, str(error)) from None
            finally:
                if not nested and self.connection.in_transaction:
                    self.connection.execute("COMMIT")

    def fact(self, key: str) -> int | str:
        """format, capacity (episodes), index (the file that was consolidated into) or lexicon (its digest)."""
        row = self.connection.execute("SELECT value FROM metadata WHERE key = ?", (key,)).fetchone()
        found: int | str = json.loads(row[0])
        return found

    def stale(self) -> bool:
        """Whether its traces were made by an earlier format or other aspects."""
        return self.fact("format") != FORMAT or self.fact("lexicon") != lexicon().digest

    def episodes(self, numbers: Sequence[int]) -> dict[int, Episode]:
        """Those of these numbers that are there."""
        found: dict[int, Episode] = {}
        for start in range(0, len(numbers), MANY):
            some = [int(number) for number in numbers[start : start + MANY]]
            marks = ",".join("?" * len(some))
            for row in self.connection.execute(f"SELECT {COLUMNS} FROM episodes WHERE number IN ({marks})", some):  # noqa: S608
                found[row[0]] = episode_of(row)
        return found

    def all(self, *, newest: bool = False) -> Iterator[Episode]:
        """All episodes in order, or the newest first."""
        order = "DESC" if newest else "ASC"
        for row in self.connection.execute(f"SELECT {COLUMNS} FROM episodes ORDER BY number {order}"):  # noqa: S608
            yield episode_of(row)

    def counts(self, terms: Sequence[int]) -> dict[int, int]:
        """In how many episodes each term occurs; those that occur."""
        found: dict[int, int] = {}
        for start in range(0, len(terms), MANY):
            some = terms[start : start + MANY]
            marks = ",".join("?" * len(some))
            found.update(self.connection.execute(f"SELECT term, count FROM terms WHERE term IN ({marks})", some))  # noqa: S608
        return found

    def named(self, name: int, limit: int) -> list[int]:
        """The newest episodes that name something."""
        rows = self.connection.execute(
            "SELECT number FROM names WHERE name = ? ORDER BY number DESC LIMIT ?", (name, limit)
        )
        return [row[0] for row in rows]

    def version(self) -> int:
        """Changes when somebody else has written."""
        found: int = self.connection.execute("PRAGMA data_version").fetchone()[0]
        return found


def episode_of(row: Sequence[object]) -> Episode:
    """A row of `COLUMNS`."""
    number, text, kind, cue, born, until, supersedes, superseded, uses, used, session, document = row
    return Episode(
        number, text, kind, cue, born, until, supersedes, superseded, uses, used, session, document  # type: ignore[arg-type]
    )  # fmt: skip


def trace_of(encoded: Encoded) -> bytes:
    """Key (int8), code, what it speaks of, and terms (little-endian) of an episode as they are stored."""
    return b"".join(
        (
            encoded.key.tobytes(),
            encoded.code.astype("<u2").tobytes(),
            encoded.speaks.astype("<u8").tobytes(),
            encoded.terms.astype("<u4").tobytes(),
        )
    )


def parsed(
    data: bytes, path: Path
) -> tuple[NDArray[np.int8], NDArray[np.uint16], NDArray[np.uint64], NDArray[np.uint32]]:
    """Key, code, what it speaks of, and terms (filled up with zeros) of a stored trace."""
    if not FIXED <= len(data) <= FIXED + 4 * TERMS or (len(data) - FIXED) % 4:
        raise damaged(path, f"a trace of {len(data)} bytes")
    terms = np.zeros(TERMS, np.uint32)
    held = np.frombuffer(data, "<u4", offset=FIXED)
    terms[: len(held)] = held
    code = np.frombuffer(data, "<u2", FIRING, DENSE)
    speaks = np.frombuffer(data, "<u8", WORDS, DENSE + 2 * FIRING)
    return np.frombuffer(data, np.int8, DENSE), code, speaks, terms


def _connected(path: Path, mode: str) -> sqlite3.Connection:
    uri = path.resolve().as_uri() + f"?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None, timeout=10)
    connection.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten
    connection.execute("PRAGMA synchronous=FULL")  # what was acknowledged outlives a power cut
    return connection


def damaged(path: Path, detail: str) -> OctavoError:
    """The error for a file that is not, or no longer, a memory."""
    return OctavoError(
        "K071",
        f"The memory is damaged or not a memory: {detail}",
        where=str(path),
        do="put a copy of the file in its place, or remove it to begin anew",
    )


def not_written(path: Path, error: Exception) -> OctavoError:
    """The error for what could not be written."""
    return OctavoError(
        "K076",
        f"The memory could not be written: {error}",
        where=str(path),
        likely="the disk is full, the folder is not writable, or another program is writing",
        do="make room or wait, then do it again; what was remembered before is still there",
    )
