"""Graph: the entities, mentions, edges, facts and merges that an index keeps; no model is asked for any of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from octavo.knowledge.graph.facts import facts_of_fields, facts_of_text
from octavo.knowledge.graph.fields import aliases_of, edges_of, subject_of
from octavo.knowledge.graph.merges import expansions
from octavo.knowledge.graph.text.extract import KINDS, Mention, mentions
from octavo.knowledge.graph.text.keys import key_of
from octavo.knowledge.graph.text.trie import DEPTH
from octavo.knowledge.index.layer import extra_fields
from octavo.spine.errors import OctavoError

if TYPE_CHECKING:
    import sqlite3

    from numpy.typing import NDArray

    from octavo.kinds.documents import Document
    from octavo.knowledge.graph.text.recognise import Recogniser
    from octavo.knowledge.index.layer import Entry

PART, SUBJECT, FIELD, MODEL = 1, 2, 4, 8
MENTION = np.dtype(
    [("entity", "<u4"), ("start", "<u4"), ("end", "<u4"), ("sentence", "<u2"), ("kind", "u1"), ("flags", "u1")]
)
"""An entity in a passage: characters of the document's text (0 to 0 when it is not written there but the title or a
field says it), the sentence in the passage, and how it was found. Two entities of one passage, or of one sentence of
it, are an edge: co-occurrence is read off the mentions and never stored, so it goes when they go."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS graph_entities (number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
  kind INTEGER NOT NULL, passages INTEGER NOT NULL, first INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS graph_words (word TEXT NOT NULL, entity INTEGER NOT NULL, PRIMARY KEY (word, entity))
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS graph_names (head TEXT NOT NULL, name TEXT NOT NULL, documents INTEGER NOT NULL,
  PRIMARY KEY (head, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS graph_mentions (passage INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS graph_edges (passage INTEGER NOT NULL, source TEXT NOT NULL, relation TEXT NOT NULL,
  target TEXT NOT NULL, origin TEXT NOT NULL, PRIMARY KEY (passage, source, relation, target)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS graph_facts (number INTEGER PRIMARY KEY, passage INTEGER NOT NULL, subject TEXT NOT NULL,
  relation TEXT NOT NULL, object TEXT NOT NULL, since TEXT NOT NULL, until TEXT NOT NULL, start INTEGER NOT NULL,
  end INTEGER NOT NULL, origin TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS graph_facts_by_passage ON graph_facts (passage);
CREATE INDEX IF NOT EXISTS graph_facts_by_subject ON graph_facts (subject, relation);
CREATE TABLE IF NOT EXISTS graph_merges (number INTEGER PRIMARY KEY, kept TEXT NOT NULL, gone TEXT NOT NULL,
  kind TEXT NOT NULL, evidence TEXT NOT NULL, passage INTEGER NOT NULL, split INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS graph_merges_by_passage ON graph_merges (passage);
CREATE TABLE IF NOT EXISTS graph_settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID
"""
_BASE = re.compile(r"\s*\([^()]*\)\s*$")


class Graph:
    """The layer `graph`. What adding costs depends on what is added: names are looked up by their first words, each
    in a row of its own."""

    name = "graph"
    schema = SCHEMA

    def __init__(self, recognise: Recogniser | None = None) -> None:
        """`recognise` finds entities beside those found without a model; the index then keeps which one it was, and
        what is added and asked later is read with the same."""
        self._recognise = recognise

    def added(self, c: sqlite3.Connection, entries: Sequence[Entry], documents: Mapping[int, Document]) -> None:
        """Take in new passages; see `Layer`."""
        firsts = {entry.document: _first(c, entry.document) for entry in entries}
        for entry in entries:
            if entry.number == firsts[entry.document]:
                _learn_names(c, documents[entry.document], 1)
        names, recognise = StoredNames(c), self._recogniser(c)
        for entry in entries:
            document = documents[entry.document]
            found = mentions(entry.text, names)
            if recognise is not None:
                known = {(mention.start, mention.key) for mention in found}
                found += [m for m in recognise(entry.text) if (m.start, m.key) not in known]
            self._passage(c, entry, document, found, first=entry.number == firsts[entry.document])

    def _recogniser(self, c: sqlite3.Connection) -> Recogniser | None:
        """The recogniser of this index; a given one becomes it when the first passages come."""
        if self._recognise is not None and not c.execute("SELECT 1 FROM graph_mentions LIMIT 1").fetchone():
            c.executemany("INSERT OR REPLACE INTO graph_settings VALUES (?, ?)", self._recognise.facts().items())
        return recogniser_of(c)

    def _passage(
        self, c: sqlite3.Connection, entry: Entry, document: Document, found: list[Mention], *, first: bool
    ) -> None:
        rows: list[tuple[Mention, int]] = [(mention, PART if mention.part else 0) for mention in found]
        subject = subject_of(document)
        titled = dict.fromkeys((subject, _base(subject), *aliases_of(document)))
        rows += [(_unwritten(name, "known"), SUBJECT) for name in titled if key_of(name)]
        for long, short, start, end in expansions(entry.text):
            _log(c, key_of(long), key_of(short), "acronym", entry.text[start:end], entry.number)
        facts = facts_of_text(entry.text, found, subject, entry.start)
        if first:
            extra = extra_fields(c, entry.document)
            edges = list(edges_of(c, document, extra))
            facts += facts_of_fields(document, extra)
            rows += [(_unwritten(target, "name"), FIELD) for _, target in edges if key_of(target)]
            write_edges(c, entry.number, [(subject, relation, target) for relation, target in edges], "field")
            for alias in aliases_of(document):
                _log(c, key_of(subject), key_of(alias), "alias", f"stated by {document.id}", entry.number)
        write_mentions(c, entry.number, entry.start, rows)
        c.executemany(
            "INSERT INTO graph_facts (passage, subject, relation, object, since, until, start, end, origin) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(entry.number, *fact) for fact in facts if fact.subject and fact.object],
        )

    def forget(self, c: sqlite3.Connection, passages: NDArray[np.uint32], documents: Mapping[int, Document]) -> None:
        """Take out what rests only on these passages; see `Layer`."""
        lost: Counter[int] = Counter()
        for passage in passages.tolist():
            found = read_mentions(c, passage)
            if found is not None:
                lost.update(np.unique(found["entity"]).tolist())
                c.execute("DELETE FROM graph_mentions WHERE passage = ?", (passage,))
            for table in ("edges", "facts", "merges"):
                c.execute(f"DELETE FROM graph_{table} WHERE passage = ?", (passage,))  # noqa: S608  names of our own
        renamed = []
        for entity, count in sorted(lost.items()):
            key, left, first = c.execute(
                "SELECT key, passages, first FROM graph_entities WHERE number = ?", (entity,)
            ).fetchone()
            if left > count:
                c.execute("UPDATE graph_entities SET passages = ? WHERE number = ?", (left - count, entity))
                if first in passages:
                    renamed.append(entity)
                continue
            c.executemany("DELETE FROM graph_words WHERE word = ? AND entity = ?", [(w, entity) for w in key.split()])
            c.execute("DELETE FROM graph_entities WHERE number = ?", (entity,))
        _rename(c, renamed)
        for document in documents.values():
            _learn_names(c, document, -1)

    def traces(
        self, c: sqlite3.Connection, passages: NDArray[np.uint32], documents: Mapping[int, Document]
    ) -> list[str]:
        """What is still held of forgotten passages; see `Layer`. Entities must add up to their mentions."""
        found = []
        for passage in passages.tolist():
            for table in ("mentions", "edges", "facts", "merges"):
                query = f"SELECT count(*) FROM graph_{table} WHERE passage = ?"  # noqa: S608  names of our own
                held = c.execute(query, (passage,)).fetchone()[0]
                if held:
                    found.append(f"graph_{table} holds {held} rows of passage {passage}")
        counted: Counter[int] = Counter()
        for passage, data in c.execute("SELECT passage, data FROM graph_mentions"):
            counted.update(np.unique(decode(data, passage)["entity"]).tolist())
        for entity, count, first in c.execute("SELECT number, passages, first FROM graph_entities"):
            if counted[entity] != count:
                found.append(f"entity {entity} counts {count} passages and has {counted[entity]}")
            if first in passages:
                found.append(f"entity {entity} is named as in passage {first}")
        return found


class StoredNames:
    """The known names that an index file keeps, looked up by their first two words."""

    def __init__(self, c: sqlite3.Connection) -> None:
        self._c = c
        self._held: dict[str, list[tuple[str, ...]]] = {}
        self._leads: dict[str, bool] = {}
        """Whether any name of several words begins with a word: most words begin none, and pairs are many."""

    def longest(self, keys: Sequence[str], at: int) -> int:
        """How many tokens the longest known name has that begins at `at`; 0 when none does."""
        first = keys[at]
        best = 1 if self._begin(first) else 0
        if at + 1 < len(keys) and self._leading(first):
            for name in self._begin(f"{first} {keys[at + 1]}"):
                if len(name) > best and tuple(keys[at : at + len(name)]) == name:
                    best = len(name)
        return best

    def _leading(self, word: str) -> bool:
        found = self._leads.get(word)
        if found is None:
            query = "SELECT 1 FROM graph_names WHERE head > ? AND head < ? LIMIT 1"
            found = self._leads[word] = self._c.execute(query, (f"{word} ", f"{word}!")).fetchone() is not None
        return found

    def _begin(self, head: str) -> list[tuple[str, ...]]:
        found = self._held.get(head)
        if found is None:
            if len(self._held) > 400_000:
                self._held.clear()
            rows = self._c.execute("SELECT name FROM graph_names WHERE head = ?", (head,))
            found = self._held[head] = [tuple(row[0].split()) for row in rows]
        return found


def recogniser_of(c: sqlite3.Connection) -> Recogniser | None:
    """What finds entities beside the rules in this index; None for most, an error when it has gone or changed."""
    if not c.execute("SELECT 1 FROM sqlite_master WHERE name = 'graph_settings'").fetchone():
        return None
    known = dict(c.execute("SELECT key, value FROM graph_settings"))
    if not known:
        return None
    from octavo.knowledge.graph.text.recognise import Recogniser

    return Recogniser.again(known)


def _first(c: sqlite3.Connection, document: int) -> int:
    number: int = c.execute("SELECT first FROM documents WHERE number = ?", (document,)).fetchone()[0]
    return number


def _base(title: str) -> str:
    """`Privilege (album)` → `Privilege`, `Johnnycake, West Virginia` → `Johnnycake`."""
    return _BASE.sub("", title).split(",")[0].strip()


def _unwritten(name: str, kind: str) -> Mention:
    return Mention(0, 0, name, key_of(name), kind, 0)


def _learn_names(c: sqlite3.Connection, document: Document, count: int) -> None:
    subject = subject_of(document)
    for name in dict.fromkeys(key_of(name) for name in (subject, _base(subject), *aliases_of(document))):
        words = name.split()
        if not 0 < len(words) <= DEPTH:
            continue
        head = " ".join(words[:2])
        c.execute("INSERT OR IGNORE INTO graph_names VALUES (?, ?, 0)", (head, name))
        c.execute("UPDATE graph_names SET documents = documents + ? WHERE head = ? AND name = ?", (count, head, name))
        c.execute("DELETE FROM graph_names WHERE head = ? AND name = ? AND documents <= 0", (head, name))


def _log(c: sqlite3.Connection, kept: str, gone: str, kind: str, evidence: str, passage: int) -> None:
    if kept and gone and kept != gone:
        c.execute(
            "INSERT INTO graph_merges (kept, gone, kind, evidence, passage, split) VALUES (?, ?, ?, ?, ?, 0)",
            (kept, gone, kind, evidence[:200], passage),
        )


def entity_number(c: sqlite3.Connection, key: str, name: str, kind: int, passage: int) -> int:
    """The number of the entity of this key; it is made when there is none, named as here."""
    found = c.execute("SELECT number FROM graph_entities WHERE key = ?", (key,)).fetchone()
    if found is not None:
        return int(found[0])
    number = c.execute(
        "INSERT INTO graph_entities (key, name, kind, passages, first) VALUES (?, ?, ?, 0, ?)",
        (key, name, kind, passage),
    ).lastrowid
    assert number is not None
    c.executemany("INSERT OR IGNORE INTO graph_words VALUES (?, ?)", [(word, number) for word in key.split()])
    return number


def write_mentions(c: sqlite3.Connection, passage: int, offset: int, found: Iterable[tuple[Mention, int]]) -> None:
    """Store the mentions of a passage, behind those that it has; each new entity counts the passage."""
    held = read_mentions(c, passage)
    known = set() if held is None else set(held["entity"].tolist())
    rows = []
    for mention, flags in found:
        kind = KINDS.index(mention.kind)
        entity = entity_number(c, mention.key, mention.name, kind, passage)
        if entity not in known:
            known.add(entity)
            c.execute("UPDATE graph_entities SET passages = passages + 1 WHERE number = ?", (entity,))
        start, end = (mention.start + offset, mention.end + offset) if mention.end else (0, 0)
        rows.append((entity, start, end, min(mention.sentence, 65535), kind, flags))
    table = np.array(rows, MENTION)
    data = table.tobytes() if held is None else held.tobytes() + table.tobytes()
    c.execute("INSERT OR REPLACE INTO graph_mentions VALUES (?, ?)", (passage, data))


def write_edges(c: sqlite3.Connection, passage: int, triples: Iterable[tuple[str, str, str]], origin: str) -> int:
    """Store edges that a passage supports, by the keys of their ends; returns how many were new."""
    rows = [(passage, key_of(s), relation, key_of(t), origin) for s, relation, t in triples if key_of(s) and key_of(t)]
    before = c.total_changes
    c.executemany("INSERT OR IGNORE INTO graph_edges VALUES (?, ?, ?, ?, ?)", rows)
    return c.total_changes - before


def decode(data: bytes, passage: int) -> NDArray[np.void]:
    """Stored mentions back to `MENTION` rows."""
    if len(data) % MENTION.itemsize:
        raise OctavoError(
            "K040",
            f"The graph is damaged: the mentions of passage {passage} have {len(data)} bytes",
            likely="the file was changed by something else",
            do="octavo knowledge index makes the index again",
        )
    return np.frombuffer(data, MENTION)


def read_mentions(c: sqlite3.Connection, passage: int) -> NDArray[np.void] | None:
    """The mentions of a passage; None when the graph does not have it."""
    found = c.execute("SELECT data FROM graph_mentions WHERE passage = ?", (int(passage),)).fetchone()
    return None if found is None else decode(found[0], passage)


def _rename(c: sqlite3.Connection, entities: list[int]) -> None:
    """Name entities as the first passage that is left names them; all mentions are looked through once."""
    wanted = set(entities)
    if not wanted:
        return
    for passage, data in c.execute("SELECT passage, data FROM graph_mentions ORDER BY passage").fetchall():
        rows = decode(data, passage)
        held = wanted & set(rows["entity"].tolist())
        if not held:
            continue
        text = c.execute(
            "SELECT text FROM texts WHERE number = (SELECT document FROM passages WHERE number = ?)", (passage,)
        ).fetchone()[0]
        for entity in sorted(held):
            row = rows[rows["entity"] == entity][0]
            key = c.execute("SELECT key FROM graph_entities WHERE number = ?", (entity,)).fetchone()[0]
            name = text[int(row["start"]) : int(row["end"])] or key
            c.execute(
                "UPDATE graph_entities SET name = ?, kind = ?, first = ? WHERE number = ?",
                (name, int(row["kind"]), passage, entity),
            )
        wanted -= held
        if not wanted:
            return
