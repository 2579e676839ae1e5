"""Compare: what each pair of records has in common and where both contradict each other, as one row of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from octavo.knowledge.entities.candidates import Candidates
from octavo.knowledge.entities.fields import name_words
from octavo.knowledge.entities.graph import first_belief, flood, walk
from octavo.knowledge.entities.record import Record
from octavo.knowledge.entities.vectors import Keeps, Vectors, vectors
from octavo.knowledge.index.terms import text_terms

SHARED = ("repository", "owner", "commit", "thread", "tag", "url", "host", "version", "fixed", "weakness", "symbol",
          "severity", "name", "package", "declared")  # fmt: skip
"""Kinds whose shared values are weighed by how rare they are."""
CONTRADICT = ("repository", "owner", "fixed", "version", "weakness", "commit", "thread", "name")
"""Kinds in which two records that both state something may have nothing in common."""
_TEXT = ("text", "left text found", "right text found", "title", "title found", "rarest word", "left length",
         "right length")  # fmt: skip
_FIELDS = (
    "fields", *(f"same {kind}" for kind in SHARED), *(f"other {kind}" for kind in CONTRADICT),
    "share of versions", "days", "earlier", "later", "undated", "left names", "walk", "counterpart names",
)  # fmt: skip
_BETWEEN = ("name in text", "name of text")
_CONTEXT = ("lead", "rank", "rivals", "lead over other lefts", "lefts of the same right", "close candidates")
COLUMNS = {
    "text": (*_TEXT, *_CONTEXT),
    "graph": (*_FIELDS, *_CONTEXT),
    "fused": (*_TEXT, *_FIELDS, *_BETWEEN, *_CONTEXT),
}
"""Method → what it looks at. The context is that of the method's own score."""
PAIRS = 40_000
"""Pairs that are compared at once."""


@dataclass(frozen=True)
class Compared:
    """The numbers of all candidate pairs."""

    names: tuple[str, ...]
    values: NDArray[np.float32]
    """Pairs × names."""

    def column(self, name: str) -> NDArray[np.float32]:
        """One column by its name."""
        return self.values[:, self.names.index(name)]


def compare(
    left: Sequence[Record],
    right: Sequence[Record],
    found: Candidates,
    text: Vectors,
    fields: Vectors,
    method: str = "fused",
    kept: Keeps | None = None,
) -> Compared:
    """Compare all candidate pairs by what a method looks at (`text`, `graph`, `fused`)."""
    columns: dict[str, NDArray[Any]] = {"text": found.text, "fields": found.fields}
    lengths = [np.log1p(np.diff(side.indptr)) for side in (text.left, text.right)]
    columns["left length"], columns["right length"] = lengths[0][found.left], lengths[1][found.right]
    score = {"text": found.text, "graph": found.fields}.get(method, found.score)
    if method != "graph":
        _words(columns, found, text)
        _titles(columns, left, right, found, kept)
    if method != "text":
        kinds = _kinds(fields)
        binary = [_binary(side) for side in (fields.left, fields.right)]
        for kind in dict.fromkeys(SHARED + CONTRADICT):
            _kind(columns, kind, binary, kinds, fields.idf, found)
        _names(columns, left, right, found, text)
        _dates(columns, left, right, found)
        columns["walk"] = walk(fields, found)
        columns["counterpart names"] = flood(fields, found, first_belief(found, score))
    columns |= context(found, score.astype(float))
    names = COLUMNS[method]
    return Compared(names, np.stack([columns[name] for name in names], 1).astype(np.float32))


def _binary(rows: Any) -> Any:
    made = rows.copy()
    made.data = np.ones_like(made.data)
    return made


def _kinds(fields: Vectors) -> dict[str, NDArray[np.int64]]:
    """Kind → its columns."""
    found: dict[str, list[int]] = {}
    for term, column in fields.vocabulary.items():
        found.setdefault(term.partition("=")[0], []).append(column)
    return {kind: np.array(columns, np.int64) for kind, columns in found.items()}


def overlap(
    left: Any, right: Any, weights: NDArray[np.float32], found: Candidates
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Sum and greatest of the weights of the columns that both rows of each pair have."""
    total = np.zeros(len(found.left), np.float32)
    most = np.zeros(len(found.left), np.float32)
    weighed = (right @ sparse.diags(weights)).tocsr()
    for begin in range(0, len(found.left), PAIRS):
        part = slice(begin, begin + PAIRS)
        both = left[found.left[part]].multiply(weighed[found.right[part]]).tocsr()
        total[part] = np.asarray(both.sum(1)).ravel()
        most[part] = both.max(1).toarray().ravel() if both.shape[1] else 0
    return total, most


def _words(columns: dict[str, NDArray[Any]], found: Candidates, text: Vectors) -> None:
    left, right = _binary(text.left), _binary(text.right)
    total, most = overlap(left, right, text.idf, found)
    columns["left text found"] = total / np.maximum(np.asarray(left @ text.idf)[found.left], 1e-6)
    columns["right text found"] = total / np.maximum(np.asarray(right @ text.idf)[found.right], 1e-6)
    columns["rarest word"] = most


def _titles(
    columns: dict[str, NDArray[Any]],
    left: Sequence[Record],
    right: Sequence[Record],
    found: Candidates,
    kept: Keeps | None,
) -> None:
    titles = vectors(left, right, lambda record: text_terms(record.text.partition("\n")[0][:400]), kept, "titles")
    a, b = _binary(titles.left), _binary(titles.right)
    total, _ = overlap(a, b, titles.idf, found)
    sizes = [np.asarray(side @ titles.idf) for side in (a, b)]
    union = sizes[0][found.left] + sizes[1][found.right] - total
    columns["title"] = total / np.maximum(union, 1e-6)
    columns["title found"] = total / np.maximum(sizes[0][found.left], 1e-6)


def _kind(
    columns: dict[str, NDArray[Any]],
    kind: str,
    binary: Sequence[Any],
    kinds: dict[str, NDArray[np.int64]],
    idf: NDArray[np.float32],
    found: Candidates,
) -> None:
    """What both state of a kind, by rarity; and whether both state something without anything in common."""
    at = kinds.get(kind, np.zeros(0, np.int64))
    left, right = binary[0][:, at], binary[1][:, at]
    total, most = overlap(left, right, idf[at], found)
    if kind in SHARED:
        columns[f"same {kind}"] = most + np.log1p(np.maximum(total - most, 0))
    stated = [np.diff(side.indptr) for side in (left, right)]
    if kind in CONTRADICT:
        columns[f"other {kind}"] = (stated[0][found.left] > 0) & (stated[1][found.right] > 0) & (total == 0)
    if kind == "version":
        shared, _ = overlap(left, right, np.ones(len(at), np.float32), found)
        union = stated[0][found.left] + stated[1][found.right] - shared
        columns["share of versions"] = shared / np.maximum(union, 1)


def _names(
    columns: dict[str, NDArray[Any]], left: Sequence[Record], right: Sequence[Record], found: Candidates, text: Vectors
) -> None:
    """How much of the names of one side stands in the text of the other."""
    rows = []
    for side, records in ((text.left, left), (text.right, right)):
        ends, ids = [0], []
        for record in records:
            words = {text.vocabulary.get(w) for name in record.names for w in name_words(name)} - {None}
            ids += sorted(words)  # type: ignore[type-var]
            ends.append(len(ids))
        rows.append(sparse.csr_matrix((np.ones(len(ids), np.float32), ids, ends), shape=(len(records), side.shape[1])))
    whole = [np.asarray(side @ text.idf) for side in rows]
    there, _ = overlap(rows[0], _binary(text.right), text.idf, found)
    back, _ = overlap(_binary(text.left), rows[1], text.idf, found)
    columns["name in text"] = there / np.maximum(whole[0][found.left], 1e-6)
    columns["name of text"] = back / np.maximum(whole[1][found.right], 1e-6)
    columns["left names"] = np.log1p(np.diff(rows[0].indptr))[found.left]


def _dates(
    columns: dict[str, NDArray[Any]], left: Sequence[Record], right: Sequence[Record], found: Candidates
) -> None:
    days = [np.array([record.fields.get("date", np.nan) for record in side], float) for side in (left, right)]
    apart = days[0][found.left] - days[1][found.right]
    columns["undated"] = np.isnan(apart)
    apart = np.nan_to_num(apart)
    columns["days"] = np.log1p(np.abs(apart))
    columns["earlier"], columns["later"] = np.log1p(np.maximum(-apart, 0)), np.log1p(np.maximum(apart, 0))


def context(found: Candidates, score: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
    """How a pair stands among the other candidates of its left record, and among the lefts of its right record."""
    gap, rank = lead(found.left, score)
    over, rivals = lead(found.right, score)
    best = np.full(int(found.left.max(initial=0)) + 1, -np.inf)
    np.maximum.at(best, found.left, score)
    close = np.bincount(found.left, score > best[found.left] - 0.1, minlength=len(best))
    _, where, sharing = np.unique(found.right, return_inverse=True, return_counts=True)
    return {
        "lead": gap,
        "rank": rank,
        "lead over other lefts": over,
        "rivals": rivals,
        "lefts of the same right": np.log1p(sharing[where]),
        "close candidates": np.log1p(close[found.left]),
    }


def lead(group: NDArray[np.int64], score: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """For each member of a group: its score less the best of the others' (0 for none), and ln(1 + its rank)."""
    order = np.lexsort((np.arange(len(score)), -score, group))
    sorted_group, sorted_score = group[order], score[order]
    begins = np.flatnonzero(np.r_[True, sorted_group[1:] != sorted_group[:-1]]) if len(score) else np.zeros(0, int)
    sizes = np.diff(np.r_[begins, len(score)])
    first = np.repeat(begins, sizes)
    second_at = np.minimum(first + 1, len(score) - 1)
    has_second = np.repeat(sizes, sizes) > 1
    position = np.arange(len(score)) - first
    other = np.where(position == 0, np.where(has_second, sorted_score[second_at], 0), sorted_score[first])
    gap, rank = np.empty(len(score)), np.empty(len(score))
    gap[order], rank[order] = sorted_score - other, np.log1p(position)
    return gap, rank
