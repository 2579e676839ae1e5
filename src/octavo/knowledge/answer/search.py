"""Search: rank documents for a question by the terms of their fields (BM25F), their names and their popularity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from octavo.knowledge.answer.question import Group, Question
from octavo.knowledge.answer.weights import FEATURES, Weights, candidate_features, priors, shipped
from octavo.knowledge.index.index import Index
from octavo.knowledge.index.postings import FIELDS, KINDS, Postings

if TYPE_CHECKING:
    from numpy.typing import NDArray

CANDIDATES = 60
"""How many documents of the first ranking are ranked again with all features."""


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
    features: tuple[float, ...] = ()


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
        self.weights = weights or shipped()
        self._columns: NDArray[np.void] | None = None
        self._norms: list[NDArray[np.float32]] = []
        self._ids: dict[int, str] = {}
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
        self._norms, self._ids = [], {}
        for number, b in enumerate(w.lengths):
            length = columns["lengths"][:, number].astype(np.float32)
            used = int((length[alive] > 0).sum())
            average = float(columns["lengths"][alive, number].sum(dtype=np.int64)) / used if used else 1.0
            self._norms.append((w.fields[number] / (1 - b + b * length / np.float32(average))).astype(np.float32))
        self.prior = priors(columns, w)
        self.prior[~alive] = -np.inf

    def table(self) -> NDArray[np.void]:
        """The per-passage numbers as of the last refresh."""
        assert self._columns is not None
        return self._columns

    def _term(self, postings: Postings) -> tuple[NDArray[np.uint32], NDArray[np.float32], float]:
        """Passages that hold a term, its saturated BM25F frequency in each (0 … 1), and its idf."""
        dense = np.zeros(len(self.prior), np.float32)
        for number, (passages, counts) in enumerate(postings):
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
        postings = {term: self.index.postings(term) for group in question.groups for term, _ in group.terms}
        scored = [self._group(group, postings) for group in question.groups]
        idf = np.array([s[1] * g.weight for s, g in zip(scored, question.groups)], np.float32)
        total = np.zeros(len(self.prior), np.float32)
        for (dense, _, _), group in zip(scored, question.groups):
            total += np.float32(group.weight) * dense
        words = np.array([g.origin == "word" for g in question.groups])
        whole = float(idf[words].sum() or idf.sum()) or 1.0
        first = total / np.float32(max(1e-9, float(total.max()))) + self.prior
        first[total == 0] = -np.inf
        chosen = self._candidates(first, max(k, CANDIDATES))
        if not len(chosen):
            return Ranking([], tuple(idf.tolist()), tuple(s[2] for s in scored))
        hit_TFC = self._field_hits(question, postings, chosen)
        match = total[chosen] / np.float32(whole)
        features = candidate_features(question, idf, hit_TFC, match, total[chosen], self.table()[chosen])
        score = features @ np.array([self.weights.ranker[name] for name in FEATURES])
        order = sorted(range(len(chosen)), key=lambda i: (-round(float(score[i]), 6), self._id(int(chosen[i]))))
        hits = []
        for i in order[:k]:
            parts = tuple(
                float(dense[chosen[i]]) * g.weight / w if w else 0.0
                for (dense, _, _), g, w in zip(scored, question.groups, idf.tolist())
            )
            number = int(self.table()["document"][chosen[i]])
            hits.append(
                Hit(number, int(chosen[i]), float(score[i]), float(match[i]), parts, tuple(features[i].tolist()))
            )
        return Ranking(hits, tuple(idf.tolist()), tuple(s[2] for s in scored))

    def _group(self, group: Group, postings: dict[str, Postings]) -> tuple[NDArray[np.float32], float, int]:
        """Per passage how well a group is matched (idf included), the most it could be, and who has its first term."""
        power = np.float32(self.weights.norm)
        dense = np.zeros(len(self.prior), np.float32)
        strongest, count = 0.0, 0
        for position, (term, weight) in enumerate(group.terms):
            where, values, idf = self._term(postings[term])
            dense[where] += (np.float32(weight * idf) * values) ** power
            count = len(where) if position == 0 else count
            if group.origin == "phrase":
                strongest = max(strongest, idf * weight) if len(where) else strongest
            elif position == 0:
                strongest = idf
        return dense ** (1 / power), strongest, count

    def _candidates(self, score: NDArray[np.float32], k: int) -> NDArray[np.int64]:
        """The best passage of each of the best `k` documents; equal scores by document id and place in the text, so
        that the order in which documents came into the index does not matter."""
        wide = min(len(score), 3 * k)
        edge = np.partition(score, -wide)[-wide]
        best = np.flatnonzero((score >= edge) & np.isfinite(score))
        if len(best) > 20 * k:
            best = best[np.argsort(-score[best], kind="stable")[: 20 * k]]
        ordered = sorted(best.tolist(), key=lambda p: (-float(score[p]), self._id(p), p))
        documents = self.table()["document"]
        firsts: dict[int, int] = {}
        for passage in ordered:
            firsts.setdefault(int(documents[passage]), passage)
        return np.array(list(firsts.values())[:k], np.int64)

    def _id(self, passage: int) -> str:
        number = int(self.table()["document"][passage])
        if number not in self._ids:
            if len(self._ids) > 100_000:
                self._ids.clear()
            self._ids[number] = self.index.id_of(number)
        return self._ids[number]

    def _field_hits(
        self, question: Question, postings: dict[str, Postings], chosen: NDArray[np.int64]
    ) -> list[tuple[int, str, float, NDArray[np.bool_]]]:
        """For each group and term, with its weight, which fields (rows) of which candidates (columns) hold it."""
        hits = []
        for number, group in enumerate(question.groups):
            for term, weight in group.terms:
                inside_FC = np.zeros((len(FIELDS), len(chosen)), bool)
                for field, (passages, _) in enumerate(postings[term]):
                    if len(passages):
                        at = np.minimum(np.searchsorted(passages, chosen), len(passages) - 1)
                        inside_FC[field] = passages[at] == chosen
                hits.append((number, term, weight, inside_FC))
        return hits


__all__ = ["FIELDS", "KINDS", "Hit", "Ranking", "Searcher"]
