"""Vectors: the layer that keeps a vector of every passage, and what gives questions theirs, in the index file."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from octavo.knowledge.dense.bag import DIMENSIONS, Bag, Embedder, Shown, Words, passage_terms
from octavo.knowledge.dense.corpus import MOST, read_corpus
from octavo.knowledge.dense.store import (
    SCHEMA,
    StoredWords,
    count_words,
    drop,
    facts,
    read_vectors,
    set_facts,
    shown,
    spans,
    stored_passages,
    write_vectors,
    write_words,
)
from octavo.spine.errors import OctavoError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from octavo.kinds.documents import Document
    from octavo.knowledge.dense.foreign import Foreign
    from octavo.knowledge.index.layer import Entry

ENOUGH = 2000
"""Words of added passages before their share of unknown ones says anything."""
DRIFTED = 0.1


@dataclass(frozen=True)
class Drift:
    """How far the documents have moved from those that the vectors were learnt from."""

    trained: int
    """Passages there were when the vectors were learnt."""
    added: int
    """Passages since."""
    forgotten: int
    """Passages that were learnt from, or might have been, and were forgotten since. What they did to the vectors of
    words that others hold stays until the next training."""
    unknown: float
    """The share of the distinct words of added passages that have no vector of their own."""
    due: bool
    """Whether it is time to learn anew: a tenth of the words unknown, or more passages added than learnt from."""


class Vectors:
    """The layer `dense`. Without an `embedder` the first passages that come make it learn one from all passages of the
    file; `learning` False leaves it at the floor. With `Foreign` the vectors are those of that model."""

    name = "dense"
    schema = SCHEMA

    def __init__(self, embedder: Foreign | None = None, *, learning: bool = True) -> None:
        self._foreign, self._learning = embedder, learning
        self._made: Bag | None = None

    def added(self, c: sqlite3.Connection, entries: Sequence[Entry], documents: Mapping[int, Document]) -> None:
        """Embed new passages; costs what they cost, but for the first, which all words are learnt with."""
        known = facts(c)
        texts = [shown(documents[e.document], e.start, e.end, e.heading) for e in entries]
        if not known:
            self._begin(c, texts)
            known = facts(c)
        embedder = self._embedder(c)
        write_vectors(c, [e.number for e in entries], embedder.passages(texts))
        if isinstance(embedder, Bag):
            self._count(c, known, embedder, entries, texts)

    def _begin(self, c: sqlite3.Connection, texts: Sequence[Shown]) -> None:
        if self._foreign is not None:
            set_facts(c, **self._foreign.facts())
            return
        total = c.execute("SELECT count(*), coalesce(max(number), -1) FROM passages").fetchone()
        passages: Iterable[Shown] = stored_passages(c, MOST) if total[0] > len(texts) else texts
        words, unknown, kind = made_from(passages, learning=self._learning)
        kept = write_words(c, words)
        trained = {"passages": total[0], "next": total[1] + 1}
        set_facts(c, kind=kind, dimensions=DIMENSIONS, unknown=unknown, trained=trained, seen=0, missed=0, forgotten=0)
        self._made = Bag(kept, unknown)

    def _embedder(self, c: sqlite3.Connection) -> Embedder:
        if self._made is not None:
            filled = c.execute("SELECT ready FROM layers WHERE name = ?", (self.name,)).fetchone()
            if filled == (0,):  # until then nobody else changes the words
                return self._made
            self._made = None
        return self._foreign or embedder_of(c)

    def _count(
        self,
        c: sqlite3.Connection,
        known: Mapping[str, object],
        bag: Bag,
        entries: Sequence[Entry],
        texts: Sequence[Shown],
    ) -> None:
        counts: Counter[str] = Counter()
        new: set[str] = set()
        trained = known["trained"]
        assert isinstance(trained, dict)
        for entry, text in zip(entries, texts, strict=True):
            words = set(passage_terms(text))
            counts.update(words)
            if entry.number >= trained["next"]:
                new |= words
        count_words(c, counts, 1)
        if new:
            _, there = bag.lexicon.vectors(sorted(new))
            now = facts(c)
            set_facts(c, seen=now["seen"] + len(new), missed=now["missed"] + len(new) - int(there.sum()))

    def forget(self, c: sqlite3.Connection, passages: NDArray[np.uint32], documents: Mapping[int, Document]) -> None:
        """Take out the vectors of passages, and the words that no other passage holds."""
        known = facts(c)
        if not known:
            return
        self._made = None
        where = [int(number) for number in passages]
        write_vectors(c, where, np.zeros((len(where), known["dimensions"]), np.float32))
        if known["kind"] == "foreign":
            return
        counts: Counter[str] = Counter()
        for document, start, end, heading in spans(c, where):
            counts.update(set(passage_terms(shown(documents[document], start, end, heading))))
        count_words(c, counts, -1)
        set_facts(c, forgotten=known["forgotten"] + len(where))

    def traces(
        self, c: sqlite3.Connection, passages: NDArray[np.uint32], documents: Mapping[int, Document]
    ) -> list[str]:
        """Vectors of these passages, and words of these documents that no passage holds."""
        known = facts(c)
        if not known or not len(passages):
            return []
        wanted = set(passages.tolist())
        found = []
        for start, rows in read_vectors(c, min(wanted), max(wanted) + 1, known["dimensions"]):
            held = np.flatnonzero(rows["values"].any(axis=1) | (rows["scale"] != 0)) + start
            found += [f"the vector of passage {n}" for n in held.tolist() if n in wanted]
        words = {word for d in documents.values() for word in passage_terms(shown(d, 0, len(d.text), ""))}
        orphans = c.execute("SELECT word FROM dense_words WHERE passages <= 0 ORDER BY word")
        return found + [f"the vector of the word {word}" for (word,) in orphans if word in words]


def made_from(passages: Iterable[Shown], *, learning: bool = True) -> tuple[Words, float, str]:
    """A lexicon from passages alone, the length of unknown words, and `learnt` or `floor`."""
    from octavo.knowledge.dense.floor import floor
    from octavo.knowledge.dense.learn import learn

    corpus = read_corpus(passages)
    start, unknown = floor(corpus)
    words = learn(start, corpus) if learning else start
    return words, unknown, "floor" if words is start else "learnt"


def embedder_of(c: sqlite3.Connection) -> Embedder:
    """What gives questions the vectors that belong to those of an index."""
    known = facts(c)
    if not known:
        raise OctavoError(
            "K032", "The index has no vectors yet", likely="it is empty", do="add documents, or use --method sparse"
        )
    if known["kind"] == "foreign":
        from octavo.knowledge.dense.foreign import Foreign

        made: Embedder = Foreign.again(known)
        return made
    return Bag(StoredWords(c, known["dimensions"]), known["unknown"], known["dimensions"])


def drift(c: sqlite3.Connection) -> Drift:
    """Whether the vectors still fit the documents; those of a foreign model always do."""
    known = facts(c)
    if not known or known["kind"] == "foreign":
        return Drift(0, 0, 0, 0.0, False)
    trained = known["trained"]
    added = c.execute("SELECT count(*) FROM passages WHERE number >= ?", (trained["next"],)).fetchone()[0]
    unknown = known["missed"] / known["seen"] if known["seen"] else 0.0
    due = (known["seen"] >= ENOUGH and unknown > DRIFTED) or added > max(trained["passages"], 200)
    return Drift(trained["passages"], added, known["forgotten"], unknown, due)


def relearn(c: sqlite3.Connection) -> None:
    """Drop all vectors; `Index.build_layer` then learns and makes them anew. Nothing is committed here."""
    drop(c)
    c.execute("DELETE FROM layers WHERE name = ?", (Vectors.name,))
