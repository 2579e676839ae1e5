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
from octavo.knowledge.dense.store import LIVING, SCHEMA, Store, StoredWords, editions, shown, spans, stored_passages
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

    kind: str
    """`learnt`, `floor` (counted only), `foreign`, or `none` before the first passage."""
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
        """What was learnt just now, while nobody else can change the words."""

    def added(self, c: sqlite3.Connection, entries: Sequence[Entry], documents: Mapping[int, Document]) -> None:
        """Embed new passages; costs what they cost, but for the first, which all words are learnt with."""
        if self._made is not None and c.execute("SELECT 1 FROM layers WHERE name = 'dense' AND ready = 1").fetchone():
            self._made = None
        self._take(Store.now(c), entries, documents)

    def renew(
        self, c: sqlite3.Connection, generation: int, batches: Iterable[tuple[Sequence[Entry], Mapping[int, Document]]]
    ) -> int:
        """Learn and make the vectors of these passages anew, for the generations from this one on; see `Renewable`."""
        store, count, self._made = Store.begin(c, generation), 0, None
        for entries, documents in batches:
            self._take(store, entries, documents)
            count += len(entries)
        self._made = None
        return count

    def undo(self, c: sqlite3.Connection, generation: int) -> None:
        """See `Renewable`."""
        for number, born in editions(c):
            if born > generation:
                Store(c, number).drop()

    def prune(self, c: sqlite3.Connection, oldest: int) -> bool:
        """See `Renewable`."""
        needed = Store.at(c, oldest).edition
        old = [number for number, _ in editions(c) if number < needed]
        for number in old:
            Store(c, number).drop()
        return bool(old)

    def _take(self, store: Store, entries: Sequence[Entry], documents: Mapping[int, Document]) -> None:
        texts = [shown(documents[e.document], e.start, e.end, e.heading) for e in entries]
        known = store.facts()
        if not known:
            self._begin(store, texts)
            known = store.facts()
        embedder = self._made or embedder_of(store)
        store.write_vectors([e.number for e in entries], embedder.passages(texts))
        if isinstance(embedder, Bag):
            self._count(store, known, embedder, entries, texts)

    def _begin(self, store: Store, texts: Sequence[Shown]) -> None:
        if self._foreign is not None:
            store.set_facts(**self._foreign.facts())
            return
        c = store.connection
        total = c.execute(f"SELECT count(*) FROM {LIVING}").fetchone()[0]  # noqa: S608
        after = c.execute("SELECT coalesce(max(number), -1) + 1 FROM passages").fetchone()[0]
        passages: Iterable[Shown] = stored_passages(c, MOST) if total > len(texts) else texts
        words, unknown, kind = made_from(passages, learning=self._learning)
        kept = store.write_words(words)
        trained = {"passages": total, "next": after}
        store.set_facts(
            kind=kind, dimensions=DIMENSIONS, unknown=unknown, trained=trained, seen=0, missed=0, forgotten=0
        )
        self._made = Bag(kept, unknown)

    def _count(
        self,
        store: Store,
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
        store.count_words(counts, 1)
        if new:
            _, there = bag.lexicon.vectors(sorted(new))
            now = store.facts()
            store.set_facts(seen=now["seen"] + len(new), missed=now["missed"] + len(new) - int(there.sum()))

    def forget(self, c: sqlite3.Connection, passages: NDArray[np.uint32], documents: Mapping[int, Document]) -> None:
        """Take out the vectors of passages, and the words that no other passage holds, of all editions."""
        self._made = None
        for store in Store.all(c):
            known = store.facts()
            where = store.held(passages.tolist(), known["dimensions"]) if known else []
            if not where:
                continue
            store.write_vectors(where, np.zeros((len(where), known["dimensions"]), np.float32))
            if known["kind"] == "foreign":
                continue
            counts: Counter[str] = Counter()
            for document, start, end, heading in spans(c, where):
                counts.update(set(passage_terms(shown(documents[document], start, end, heading))))
            store.count_words(counts, -1)
            store.set_facts(forgotten=known["forgotten"] + len(where))

    def traces(
        self, c: sqlite3.Connection, passages: NDArray[np.uint32], documents: Mapping[int, Document]
    ) -> list[str]:
        """Vectors of these passages, and words of these documents that no passage holds."""
        words = {word for d in documents.values() for word in passage_terms(shown(d, 0, len(d.text), ""))}
        found = []
        for store in Store.all(c):
            known = store.facts()
            if not known or not len(passages):
                continue
            found += [f"the vector of passage {n}" for n in store.held(passages.tolist(), known["dimensions"])]
            orphans = c.execute(f"SELECT word FROM {store.words_table} WHERE passages <= 0 ORDER BY word")  # noqa: S608
            found += [f"the vector of the word {word}" for (word,) in orphans if word in words]
        return found


def made_from(passages: Iterable[Shown], *, learning: bool = True) -> tuple[Words, float, str]:
    """A lexicon from passages alone, the length of unknown words, and `learnt` or `floor`."""
    from octavo.knowledge.dense.floor import floor
    from octavo.knowledge.dense.learn import learn

    corpus = read_corpus(passages)
    start, unknown = floor(corpus)
    words = learn(start, corpus) if learning else start
    return words, unknown, "floor" if words is start else "learnt"


def embedder_of(store: Store) -> Embedder:
    """What gives questions the vectors that belong to those of an edition."""
    known = store.facts()
    if not known:
        raise OctavoError(
            "K032", "The index has no vectors yet", likely="it is empty", do="add documents, or use --method sparse"
        )
    if known["kind"] == "foreign":
        from octavo.knowledge.dense.foreign import Foreign

        made: Embedder = Foreign.again(known)
        return made
    return Bag(StoredWords(store, known["dimensions"]), known["unknown"], known["dimensions"])


def drift(c: sqlite3.Connection) -> Drift:
    """Whether the vectors still fit the documents; those of a foreign model always do."""
    known = Store.now(c).facts()
    if not known or known["kind"] == "foreign":
        return Drift(known.get("kind", "none"), 0, 0, 0, 0.0, False)
    trained = known["trained"]
    after = f"SELECT count(*) FROM {LIVING} WHERE passages.number >= ?"  # noqa: S608
    added = c.execute(after, (trained["next"],)).fetchone()[0]
    unknown = known["missed"] / known["seen"] if known["seen"] else 0.0
    due = (known["seen"] >= ENOUGH and unknown > DRIFTED) or added > max(trained["passages"], 200)
    return Drift(known["kind"], trained["passages"], added, known["forgotten"], unknown, due)
