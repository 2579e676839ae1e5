"""Forget: take episodes out of the file and of all that was made of them, and look for what is left."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from octavo.knowledge.memory.encode import names_of, read, terms_of
from octavo.knowledge.memory.episode import Episode
from octavo.knowledge.memory.store import MANY, Store

LOOKED_FOR = 48
"""Bytes of a text that are looked for in the file."""
SHORTEST = 12
"""A shorter text may stand in the file by chance."""


@dataclass(frozen=True)
class Forgotten:
    """What was forgotten, and what is still left of it: nothing, or a line each."""

    numbers: tuple[int, ...]
    left: tuple[str, ...]
    checked: int
    """Texts whose bytes were looked for in the file; those that another episode holds too are not."""


def erase(c: sqlite3.Connection, number: int) -> tuple[Episode, bytes]:
    """Take one episode out, inside a transaction; returns it and its trace."""
    from octavo.knowledge.memory.store import COLUMNS, episode_of

    episode = episode_of(c.execute(f"SELECT {COLUMNS} FROM episodes WHERE number = ?", (number,)).fetchone())  # noqa: S608
    trace = c.execute("SELECT data FROM traces WHERE number = ?", (number,)).fetchone()[0]
    whole = read(f"{episode.cue} {episode.text}".strip())
    # The version before takes the place of this one before the version after, if there is one.
    c.execute("UPDATE episodes SET superseded = ? WHERE number = ?", (episode.superseded, episode.supersedes))
    c.execute("UPDATE episodes SET supersedes = ? WHERE number = ?", (episode.supersedes, episode.superseded))
    for name in names_of(whole):
        c.execute("DELETE FROM names WHERE name = ? AND number = ?", (name, number))
    for term in terms_of(whole):
        c.execute("UPDATE terms SET count = count - 1 WHERE term = ?", (term,))
        c.execute("DELETE FROM terms WHERE term = ? AND count <= 0", (term,))
    c.execute("DELETE FROM traces WHERE number = ?", (number,))
    c.execute("DELETE FROM episodes WHERE number = ?", (number,))
    return episode, trace


def forget(store: Store, numbers: Sequence[int]) -> Forgotten:
    """Forget these episodes in one transaction, then empty the log beside the file, and prove it."""
    with store.writing() as c:
        gone = [erase(c, number) for number in numbers]
    with store.lock:
        busy = store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    left = (
        ["the log beside the file could not be emptied, because another program reads it: do it again"] if busy else []
    )
    found, checked = traces(store, gone)
    return Forgotten(tuple(numbers), (*left, *found), checked)


def traces(store: Store, gone: Sequence[tuple[Episode, bytes]]) -> tuple[list[str], int]:
    """What the file still holds of forgotten episodes, a line each, and how many texts were looked for in its bytes."""
    found: list[str] = []
    numbers = [episode.number for episode, _ in gone]
    with store.reading() as c:
        for start in range(0, len(numbers), MANY):
            some = numbers[start : start + MANY]
            marks = ",".join("?" * len(some))
            for table in ("episodes", "traces", "names"):
                rows = c.execute(f"SELECT DISTINCT number FROM {table} WHERE number IN ({marks})", some)  # noqa: S608
                found += [f"memory {row[0]} is still in {table}" for row in rows]
            for column in ("supersedes", "superseded"):
                rows = c.execute(f"SELECT number FROM episodes WHERE {column} IN ({marks})", some)  # noqa: S608
                found += [f"memory {row[0]} still points to one that is gone" for row in rows]
        kept = "\n".join(text for row in c.execute("SELECT cue, text FROM episodes") for text in row)
    bytes_of = [Path(f"{store.path}{ending}") for ending in ("", "-wal")]
    held = b"\n".join(path.read_bytes() for path in bytes_of if path.is_file())
    checked = 0
    for episode, trace in gone:
        if trace in held and not _kept_trace(store, trace):
            found.append(f"the trace of memory {episode.number} is still in the file")
        for text in (episode.text, episode.cue):
            part = text.encode("utf-8", "replace")[:LOOKED_FOR].decode("utf-8", "ignore")
            if len(part) < SHORTEST or part in kept:
                continue
            checked += 1
            if part.encode() in held:
                found.append(f"the words of memory {episode.number} are still in the file")
    return found, checked


def _kept_trace(store: Store, trace: bytes) -> bool:
    return store.connection.execute("SELECT 1 FROM traces WHERE data = ?", (trace,)).fetchone() is not None
