"""Ledger: what was linked before, in a folder beside the links: new records cost what is new, links can be undone.

One SQLite file; a round of linking is one transaction, so that a kill loses the round and nothing else. Links that
people took back are a log of their own: such a pair is not proposed again until it is allowed again.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octavo.kinds.records import write_rows
from octavo.knowledge.entities.candidates import Candidates, block
from octavo.knowledge.entities.link import Judged, Link, Pair
from octavo.knowledge.entities.record import Record
from octavo.spine.errors import WRONG_USE, OctavoError

FORMAT = 1
NEARER = 0.15
"""A left record is decided again when a new right record comes so near to its earlier best candidate, or nearer."""
LEAST = 0.3
"""Score (0–2) from which a new right record may change the decision on a left record."""
_TABLES = """
create table if not exists state (key text primary key, value text not null);
create table if not exists line (digest blob primary key, record text not null);
create table if not exists link (id text primary key, digest blob not null, row text not null, best real not null);
create table if not exists right_side (id text primary key, digest blob not null);
create table if not exists judged (digest blob primary key, chance real);
create table if not exists undone (
    number integer primary key, id text not null, other text not null, action text not null);
"""


def digest_of(*parts: bytes) -> bytes:
    """16 bytes that name some bytes."""
    made = hashlib.blake2b(digest_size=16)
    for part in parts:
        made.update(len(part).to_bytes(8, "little") + part)
    return made.digest()


@dataclass(frozen=True)
class Round:
    """What one run of linking has to do."""

    todo: tuple[int, ...]
    """Positions of the left records to decide."""
    kept: int
    """Left records whose link stands."""


class Ledger:
    """The state of one file of links. `settings` are those that change links; with others everything is linked anew."""

    def __init__(self, links: Path) -> None:
        self.links = links
        self.folder = links.with_name(f"{links.name}.state")
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self.connection = sqlite3.connect(self.folder / "ledger.sqlite", isolation_level=None)
            self.connection.execute("pragma journal_mode = wal")
            self.connection.executescript(_TABLES)
            made = self._value("format")
        except sqlite3.DatabaseError as error:
            raise OctavoError(
                "K053", f"The state of earlier links cannot be read: {error}", where=str(self.folder),
                likely="it was damaged", do="delete this folder: everything is then linked anew, undone pairs included",
            ) from None  # fmt: skip
        if made is not None and made != str(FORMAT):
            raise OctavoError(
                "K053", f"The state of earlier links has format {made}, not {FORMAT}", where=str(self.folder),
                likely="another version of octavo wrote it", do="delete this folder: everything is then linked anew",
            )  # fmt: skip

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()

    def _value(self, key: str) -> str | None:
        found = self.connection.execute("select value from state where key = ?", (key,)).fetchone()
        return None if found is None else str(found[0])

    def begin(self, settings: dict[str, Any]) -> None:
        """Forget the links of other settings; undone pairs stay undone."""
        wanted = json.dumps(settings, sort_keys=True)
        self.connection.execute("begin immediate")
        if self._value("settings") != wanted:
            for forget in ("delete from link", "delete from right_side", "delete from line"):
                self.connection.execute(forget)
        rows = [("settings", wanted), ("format", str(FORMAT))]
        self.connection.executemany("insert or replace into state values (?, ?)", rows)
        self.connection.execute("commit")

    def due(
        self,
        left: Sequence[Record],
        right: Sequence[Record],
        left_digests: Sequence[bytes],
        right_digests: Sequence[bytes],
    ) -> Round:
        """Which left records have to be decided: new or changed ones, those whose counterpart is gone or changed, and
        those that come near to a new right record."""
        known = dict(self.connection.execute("select id, digest from link"))
        before = dict(self.connection.execute("select id, digest from right_side"))
        todo = {n for n, record in enumerate(left) if known.get(record.id) != left_digests[n]}
        new = [n for n, record in enumerate(right) if before.get(record.id) != right_digests[n]]
        same = {record.id for n, record in enumerate(right) if before.get(record.id) == right_digests[n]}
        for id_, row in self.connection.execute("select id, row from link"):
            if (linked := json.loads(row)["right"]) is not None and linked not in same:
                known[id_] = b""
        todo |= {n for n, record in enumerate(left) if known.get(record.id) == b""}
        if before and new:
            todo |= self._near(left, [right[n] for n in new], todo)
        elif new:
            todo = set(range(len(left)))
        return Round(tuple(sorted(todo)), len(left) - len(todo))

    def _near(self, left: Sequence[Record], new: Sequence[Record], todo: set[int]) -> set[int]:
        best = dict(self.connection.execute("select id, best from link"))
        old = [n for n in range(len(left)) if n not in todo]
        found = block([left[n] for n in old], new, 1)
        return {
            old[at]
            for at, score in zip(found.left.tolist(), found.score.tolist(), strict=True)
            if score >= max(LEAST, best[left[old[at]].id] - NEARER)
        }

    def commit(
        self,
        made: Iterable[tuple[Link, bytes, float]],
        left: Sequence[Record],
        right: Sequence[Record],
        right_digests: Sequence[bytes],
    ) -> None:
        """Keep the links of a round (with the digest of the left record and the score of its best candidate), forget
        left records that are gone, and write the file of links."""
        self.connection.execute("begin immediate")
        rows = [
            (link.left, digest, json.dumps(link.as_json(), ensure_ascii=False), best) for link, digest, best in made
        ]
        self.connection.executemany("insert or replace into link values (?, ?, ?, ?)", rows)
        here = {record.id for record in left}
        gone = [(i,) for (i,) in self.connection.execute("select id from link") if i not in here]
        self.connection.executemany("delete from link where id = ?", gone)
        self.connection.execute("delete from right_side")
        pairs = [(record.id, digest) for record, digest in zip(right, right_digests, strict=True)]
        self.connection.executemany("insert into right_side values (?, ?)", pairs)
        order = json.dumps([record.id for record in left])
        self.connection.execute("insert or replace into state values ('order', ?)", (order,))
        self.connection.execute("commit")
        self.write()

    def rows(self) -> list[dict[str, Any]]:
        """All links in the order of the left side."""
        stored = {i: json.loads(row) for i, row in self.connection.execute("select id, row from link")}
        return [stored[i] for i in json.loads(self._value("order") or "[]") if i in stored]

    def write(self) -> None:
        """Write the file of links, whole or not at all."""
        write_rows(self.links, self.rows())

    def never(self) -> set[Pair]:
        """Pairs that were undone and not allowed again."""
        found: set[Pair] = set()
        for left, right, action in self.connection.execute("select id, other, action from undone order by number"):
            (found.add if action == "undo" else found.discard)((left, right))
        return found

    def undo(self, left: str, right: str, *, again: bool = False) -> None:
        """Take back a link (K054 when there is none), or, with `again`, allow an undone pair again."""
        row = self.connection.execute("select row from link where id = ?", (left,)).fetchone()
        stands = row is not None and json.loads(row[0])["right"] == right
        if (again and (left, right) not in self.never()) or (not again and not stands):
            raise OctavoError(
                "K054",
                f"{left} and {right} are not {'an undone pair' if again else 'linked'}",
                where=str(self.links),
                do="look up both ids in the file of links",
                exit_code=WRONG_USE,
            )
        told = "allowed again" if again else f"{right} was taken back by hand"
        bare = Link(left, None, 0.0, "none", (f"{told}; the next run decides anew",)).as_json()
        self.connection.execute("begin immediate")
        insert = "insert into undone (id, other, action) values (?, ?, ?)"
        self.connection.execute(insert, (left, right, "again" if again else "undo"))
        changed = (json.dumps(bare, ensure_ascii=False), left)
        self.connection.execute("update link set row = ?, digest = x'' where id = ?", changed)
        self.connection.execute("commit")
        self.write()


class Lines:
    """Remembers the records that lines were read as (`record.Kept`), and the digest of each record."""

    def __init__(self, ledger: Ledger, key: bytes) -> None:
        self.connection, self.key = ledger.connection, key
        self.digests: dict[str, bytes] = {}
        self.new = 0
        self.connection.execute("begin immediate")

    def record(self, line: bytes, make: Callable[[], Record | str]) -> Record | str:
        """See `record.Kept`."""
        digest = digest_of(self.key, line)
        stored = self.connection.execute("select record from line where digest = ?", (digest,)).fetchone()
        if stored is not None:
            made: Record | str = _record_from(json.loads(stored[0]))
        else:
            made = make()
            if isinstance(made, Record):
                self.new += 1
                self.connection.execute("insert into line values (?, ?)", (digest, _as_text(made)))
        if isinstance(made, Record):
            self.digests.setdefault(made.id, digest)
        return made

    def done(self) -> None:
        """Keep what was read."""
        self.connection.execute("commit")


def remembered(ledger: Ledger, judge: Judged, name: str, digests: Sequence[dict[str, bytes]]) -> Judged:
    """The judge, asked only about pairs that it has not judged before: what a killed run paid for is kept."""

    def ask(found: Candidates, left: Sequence[Record], right: Sequence[Record]) -> NDArray[np.float64]:
        keys = [
            digest_of(name.encode(), digests[0][left[a].id], digests[1][right[b].id])
            for a, b in zip(found.left.tolist(), found.right.tolist(), strict=True)
        ]
        chance = np.full(len(keys), np.nan)
        open_: list[int] = []
        for at, key in enumerate(keys):
            stored = ledger.connection.execute("select chance from judged where digest = ?", (key,)).fetchone()
            if stored is None:
                open_.append(at)
            else:
                chance[at] = np.nan if stored[0] is None else stored[0]
        for begin in range(0, len(open_), 64):
            some = np.array(open_[begin : begin + 64])
            part = Candidates(
                found.left[some], found.right[some], found.score[some], found.text[some], found.fields[some]
            )
            told = judge(part, left, right)
            rows = [(keys[at], float(value)) for at, value in zip(some, told, strict=True) if not np.isnan(value)]
            ledger.connection.executemany("insert or replace into judged values (?, ?)", rows)
            chance[some] = told
        return chance

    return ask


def _as_text(record: Record) -> str:
    return json.dumps(
        [record.id, record.text, record.names, dict(record.fields), dict(record.given)], ensure_ascii=False
    )


def _record_from(row: list[Any]) -> Record:
    fields = {kind: tuple(value) if isinstance(value, list) else value for kind, value in row[3].items()}
    return Record(row[0], row[1], tuple(row[2]), fields, row[4])
