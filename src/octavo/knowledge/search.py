"""Search: rank documents for a question by the terms of their fields (BM25F), their names and their popularity."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from octavo.knowledge.index import Index
from octavo.knowledge.postings import DEPRECATED, DUNDER, DUPLICATE, FIELDS, FIRST, KINDS, PRIVATE, STANDARD
from octavo.knowledge.question import Expansion, Question
from octavo.knowledge.question import analyse as analyse_question

if TYPE_CHECKING:
    from numpy.typing import NDArray

Floats = "NDArray[np.float32]"


@dataclass(frozen=True)
class Weights:
    """Everything that was fitted about the ranking."""

    fields: tuple[float, ...] = (3.0, 1.2, 0.8, 1.5, 1.5, 1.0, 0.5, 3.0)
    """In the order of `FIELDS`."""
    lengths: tuple[float, ...] = (0.5, 0.3, 0.5, 0.5, 0.4, 0.6, 0.5, 0.3)
    """How much the length of each field counts (BM25's b)."""
    saturation: float = 1.2
    norm: float = 2.0
    """How the terms of a group add up: 1 is a sum, large is the maximum."""
    uses: float = 0.03
    standard: float = 0.06
    flags: tuple[float, ...] = (-0.02, -0.15, -0.08, -0.1, 0.0)
    """For duplicate, dunder, deprecated, private, first passage."""
    wanted: float = 0.04
    depth: float = -0.01
    expansion: Expansion = field(default_factory=Expansion)


@dataclass
class Hit:
    """A document that may answer: its number, best passage and score, and what the score is made of."""

    number: int
    passage: int
    score: float
    match: float
    """The share of the question's weight that the passage matches, roughly 0 to 1."""
    parts: tuple[float, ...] = ()
    """Per group of the question how well it is matched, 0 to about 1."""


@dataclass
class Ranking:
    """Hits, best first, and what is known of the question's groups."""

    hits: list[Hit]
    idf: tuple[float, ...]
    found: tuple[int, ...]
    """Per group how many passages hold the first (said) term."""


class Searcher:
    """Searches one index; keeps per-passage numbers in memory until the index changes."""

    def __init__(self, index: Index, weights: Weights | None = None) -> None:
        self.index = index
        self.weights = weights or Weights()
        self._columns: NDArray[np.void] | None = None
        self._norms: list[NDArray[np.float32]] = []
        self.prior = np.zeros(0, np.float32)
        self.live = 0

    def refresh(self) -> None:
        """Read what is kept in memory again if the index has changed."""
        columns = self.index.columns()
        if columns is self._columns:
            return
        w = self.weights
        self._columns = columns
        alive = columns["live"].astype(bool)
        self.live = int(alive.sum())
        self._norms = []
        for number, b in enumerate(w.lengths):
            length = columns["lengths"][:, number].astype(np.float32)
            average = max(1e-9, float(length[alive].astype(np.float64).sum()) / max(1, int((length[alive] > 0).sum())))
            self._norms.append((w.fields[number] / (1 - b + b * length / np.float32(average))).astype(np.float32))
        self.prior = self._priors(columns)
        self.prior[~alive] = -np.inf

    def table(self) -> NDArray[np.void]:
        """The per-passage numbers as of the last refresh."""
        assert self._columns is not None
        return self._columns

    def _priors(self, columns: NDArray[np.void]) -> NDArray[np.float32]:
        w = self.weights
        flags = columns["flags"]
        prior = np.float32(w.uses) * np.log1p(columns["uses"].astype(np.float32))
        prior += np.float32(w.standard) * ((flags & STANDARD) > 0)
        for weight, flag in zip(w.flags, (DUPLICATE, DUNDER, DEPRECATED, PRIVATE, FIRST)):
            prior += np.float32(weight) * ((flags & flag) > 0)
        prior += np.float32(w.depth) * np.minimum(columns["depth"], 8)
        result: NDArray[np.float32] = prior.astype(np.float32)
        return result

    def term_scores(self, term: str) -> tuple[NDArray[np.uint32], NDArray[np.float32], float]:
        """Passages that hold a term, their saturated BM25F frequency in 0 … 1, and the term's idf."""
        size = len(self.prior)
        dense = np.zeros(size, np.float32)
        for number, (passages, counts) in enumerate(self.index.postings(term)):
            if len(passages):
                dense[passages] += counts * self._norms[number][passages]
        where = np.flatnonzero(dense).astype(np.uint32)
        values = dense[where]
        idf = float(np.log(1 + (self.live - len(where) + 0.5) / (len(where) + 0.5)))
        return where, values / (values + np.float32(self.weights.saturation)), idf

    def rank(self, question: Question, k: int = 50) -> Ranking:
        """The best `k` documents for a question."""
        self.refresh()
        if not question.groups or not self.live:
            return Ranking([], (), ())
        arrays, idfs, found = [], [], []
        for group in question.groups:
            dense, idf, count = self._group(group.terms, group.origin)
            arrays.append(dense)
            idfs.append(idf * group.weight)
            found.append(count)
        total = np.zeros(len(self.prior), np.float32)
        for dense, group in zip(arrays, question.groups):
            total += np.float32(group.weight) * dense
        whole = np.float32(sum(idf for idf, g in zip(idfs, question.groups) if g.origin == "word") or sum(idfs))
        score = total / np.float32(max(1e-9, float(total.max()))) + self.prior + self._kind_bonus(question)
        score[total == 0] = -np.inf
        order = self._top(score, 4 * k)
        hits: dict[int, Hit] = {}
        assert self._columns is not None
        for passage in order:
            number = int(self._columns["document"][passage])
            if number in hits or not np.isfinite(score[passage]):
                continue
            parts = tuple(float(a[passage]) * g.weight / i if i else 0.0 for a, i, g in zip(arrays, idfs, question.groups))
            hits[number] = Hit(number, int(passage), float(score[passage]), float(total[passage] / whole), parts)
            if len(hits) == k:
                break
        return Ranking(list(hits.values()), tuple(idfs), tuple(found))

    def _group(self, terms: tuple[tuple[str, float], ...], origin: str) -> tuple[NDArray[np.float32], float, int]:
        power = np.float32(self.weights.norm)
        dense = np.zeros(len(self.prior), np.float32)
        strongest = count = 0
        for position, (term, weight) in enumerate(terms):
            where, values, idf = self.term_scores(term)
            dense[where] += (np.float32(weight * idf) * values) ** power
            if position == 0:
                count = len(where)
            if origin == "phrase":
                strongest = max(strongest, idf * weight) if len(where) else strongest
            elif position == 0:
                strongest = idf
        return dense ** (1 / power), float(strongest), count

    def _kind_bonus(self, question: Question) -> NDArray[np.float32]:
        assert self._columns is not None
        kinds = {"class": ("class",), "module": ("module",), "callable": ("function", "method", "class")}
        wanted = kinds.get(question.wanted, ())
        right = np.isin(self._columns["kind"], [KINDS.index(kind) for kind in wanted])
        bonus: NDArray[np.float32] = (right * np.float32(self.weights.wanted)).astype(np.float32)
        return bonus

    def _top(self, score: NDArray[np.float32], k: int) -> NDArray[np.int64]:
        """Passages by falling score; equal scores by document id, so that the order of adding does not matter."""
        if len(score) > k:
            edge = np.partition(score, -k)[-k]
            best = np.flatnonzero(score >= edge)
        else:
            best = np.arange(len(score))
        assert self._columns is not None
        return np.array(sorted(best, key=lambda p: (-score[p], self._tie(int(p)))), dtype=np.int64)

    def _tie(self, passage: int) -> tuple[int, int]:
        assert self._columns is not None
        return int(self._columns["document"][passage]), passage


def search(index: Index, question: str, k: int = 10) -> list[tuple[str, float]]:
    """Ids and scores of the `k` best documents."""
    ranking = Searcher(index).rank(analyse_question(question), k)
    return [(index.numbered(hit.number)[0].id, hit.score) for hit in ranking.hits]


__all__ = ["FIELDS", "Hit", "Ranking", "Searcher", "Weights", "search"]
