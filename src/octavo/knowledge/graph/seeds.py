"""Seeds: the entities that a question names, found exactly, by alias, or by most of their words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from octavo.knowledge.graph.layer import StoredNames, recogniser_of
from octavo.knowledge.graph.matrix import incidence, roots
from octavo.knowledge.graph.text.extract import mentions

if TYPE_CHECKING:
    from octavo.knowledge.graph.matrix import Incidence
    from octavo.knowledge.index.view import View

MOST_ENTITIES = 200
"""Entities that share a word with a name; of a word with more, only rarer ones of the name are looked up."""
LIKE = 0.5
"""Share of the weight of both names' words that must be common."""
MOST_LIKE = 3


@dataclass(frozen=True)
class Seed:
    """An entity of a question."""

    number: int
    key: str
    """Of the entity as the graph knows it."""
    name: str
    """As the question writes it."""
    fit: float
    """1 for the same name, less when only most words are common."""


class _Entities(StoredNames):
    """All names of entities with more than one word, beside the known names: for questions, which are short."""

    def longest(self, keys: object, at: int) -> int:
        words = list(keys)  # type: ignore[call-overload]
        best = super().longest(words, at)
        for length in range(min(8, len(words) - at), max(best, 1), -1):
            key = " ".join(words[at : at + length])
            if self._c.execute("SELECT 1 FROM graph_entities WHERE key = ?", (key,)).fetchone():
                return length
        return best


def seeds(view: View, question: str, *, merged: bool = True) -> tuple[list[Seed], list[str]]:
    """The entities of a question, and the names that the graph does not know at all."""
    c = view.index.connection
    read = mentions(question, _Entities(c))
    recognise = view.cached("graph recogniser", lambda: recogniser_of(c))
    if recognise is not None:
        known = {mention.key for mention in read}
        read += [mention for mention in recognise(question) if mention.key not in known]
    names = [m for m in read if m.kind != "number"]
    graph = incidence(view, merged=merged)
    root = roots(view) if merged else np.arange(len(graph.passages))
    found: list[Seed] = []
    missing: list[str] = []
    whole: set[str] = set()

    def add(number: int, key: str, name: str, fit: float) -> bool:
        number = int(root[number])
        if graph.passages[number] < 1:
            return False
        found.append(Seed(number, key, name, fit))
        return True

    for mention in sorted(names, key=lambda m: m.part):
        if mention.part and any(f" {mention.key} " in f" {key} " for key in whole):
            continue
        row = c.execute("SELECT number FROM graph_entities WHERE key = ?", (mention.key,)).fetchone()
        if row is not None and row[0] < len(root) and add(row[0], mention.key, mention.name, 1.0):
            whole.add(mention.key)
            continue
        likes = [like for like in _alike(view, mention.key) if like[0] < len(root)]
        added = [add(number, key, mention.name, fit / len(likes)) for number, key, fit in likes]
        if not any(added) and not mention.part and mention.kind != "date":
            missing.append(mention.name)
    return found, missing


def weights(graph: Incidence, found: list[Seed]) -> dict[int, float]:
    """Entity → weight: 1 / passages that hold it, so that what is rare decides."""
    total: dict[int, float] = {}
    for seed in found:
        total[seed.number] = total.get(seed.number, 0.0) + seed.fit / float(graph.passages[seed.number])
    return total


def _alike(view: View, key: str) -> list[tuple[int, str, float]]:
    """Entities with mostly the same words, weighted by how rare the words are; at most `MOST_LIKE`."""
    c = view.index.connection
    words = list(dict.fromkeys(key.split()))[:12]
    rarity: dict[str, float] = {}

    def rare(word: str) -> float:
        if word not in rarity:
            query = "SELECT count(*) FROM (SELECT 1 FROM graph_words WHERE word = ? LIMIT 2000)"
            rarity[word] = 1 / math.log(2 + c.execute(query, (word,)).fetchone()[0])
        return rarity[word]

    whole = sum(map(rare, words))
    shared: dict[int, float] = {}
    for word in words:
        rows = c.execute("SELECT entity FROM graph_words WHERE word = ? LIMIT ?", (word, MOST_ENTITIES + 1)).fetchall()
        if len(rows) <= MOST_ENTITIES:
            for (number,) in rows:
                shared[number] = shared.get(number, 0.0) + rare(word)
    best = sorted(shared.items(), key=lambda item: (-item[1], item[0]))[:20]
    found = []
    for number, value in best:
        other = c.execute("SELECT key FROM graph_entities WHERE number = ?", (number,)).fetchone()[0]
        fit = 2 * value / (whole + sum(map(rare, dict.fromkeys(other.split()[:12]))))
        if fit >= LIKE:
            found.append((number, other, fit))
    return sorted(found, key=lambda item: (-item[2], item[1]))[:MOST_LIKE]
