"""Candidates: for each left record the few right records that it could be, found by rare words and rare statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from octavo.knowledge.entities.record import Record
from octavo.knowledge.entities.vectors import Vectors, statements_of, text_of, vectors
from octavo.spine.progress import progress

POSTINGS = 150_000
"""Right records that the terms of one left record may bring up, rarest terms first: the work for a left record is
bounded whatever the size of the right side. Terms beyond do not propose a candidate; they still count in its score."""
ROWS = 256
"""Left records that are multiplied at once."""
EACH = 5
"""So many best of the text alone, and of the fields alone, are always candidates, a quarter of all at most."""


@dataclass(frozen=True)
class Candidates:
    """Pairs worth a look, sorted by left record, best first."""

    left: NDArray[np.int64]
    """Position of the left record of each pair."""
    right: NDArray[np.int64]
    score: NDArray[np.float32]
    """`text` + `fields`."""
    text: NDArray[np.float32]
    """Cosine of the texts, 0–1."""
    fields: NDArray[np.float32]
    """Cosine of the statements, 0–1."""

    def of(self, left: int) -> slice:
        """Where the pairs of one left record are."""
        begin, end = np.searchsorted(self.left, (left, left + 1))
        return slice(int(begin), int(end))


def block(left: Sequence[Record], right: Sequence[Record], k: int = 50) -> Candidates:
    """At most `k` candidates for each left record; one that shares no term with any right record has none."""
    return nearest(vectors(left, right, text_of), vectors(left, right, statements_of), k)


def nearest(text: Vectors, fields: Vectors, k: int = 50) -> Candidates:
    """The `k` right rows nearest to each left row by the sum of both cosines, and the `EACH` nearest by either."""
    bar = progress("candidates", text.left.shape[0], "records")
    turned = [(side, _pruned(side), side.right.T.tocsr()) for side in (text, fields)]
    found: list[tuple[NDArray[Any], ...]] = []
    for begin in range(0, text.left.shape[0], ROWS):
        end = min(begin + ROWS, text.left.shape[0])
        scores = [(rows[begin:end] @ columns).tocsr() for _, rows, columns in turned]
        for row in range(end - begin):
            picked = _best(scores[0], scores[1], row, k)
            found.append((np.full(len(picked), begin + row, np.int64), picked))
        bar.advance(end - begin)
    lefts = np.concatenate([np.zeros(0, np.int64), *(pair[0] for pair in found)])
    rights = np.concatenate([np.zeros(0, np.int64), *(pair[1] for pair in found)])
    cosines = [cosine(side, lefts, rights) for side in (text, fields)]
    total = cosines[0] + cosines[1]
    order = np.lexsort((rights, -total, lefts))
    return Candidates(lefts[order], rights[order], total[order], cosines[0][order], cosines[1][order])


def cosine(side: Vectors, lefts: NDArray[np.int64], rights: NDArray[np.int64]) -> NDArray[np.float32]:
    """Cosines of given pairs, in bounded blocks."""
    out = np.zeros(len(lefts), np.float32)
    for begin in range(0, len(lefts), 50_000):
        part = slice(begin, begin + 50_000)
        out[part] = np.asarray(side.left[lefts[part]].multiply(side.right[rights[part]]).sum(1)).ravel()
    return out


def _pruned(side: Vectors) -> Any:
    """The left rows with only the terms that may propose: the rarest, as far as `POSTINGS` go."""
    rows = side.left
    counts = side.counts_right[rows.indices]
    owner = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    order = np.lexsort((rows.indices, counts, owner))
    sums = np.r_[0, np.cumsum(counts[order])]
    before = sums[rows.indptr[:-1]]
    keep = np.zeros(len(counts), bool)
    keep[order] = (sums[1:] - np.repeat(before, np.diff(rows.indptr))) <= POSTINGS
    data = np.where(keep & (counts > 0), rows.data, 0).astype(np.float32)
    pruned = sparse.csr_matrix((data, rows.indices.copy(), rows.indptr.copy()), shape=rows.shape)
    pruned.eliminate_zeros()
    return pruned


def _best(text: Any, fields: Any, row: int, k: int) -> NDArray[np.int64]:
    """Right rows for one left row: the best by the sum, with the best by either in any case."""
    parts = []
    for scores in (text, fields):
        part = slice(scores.indptr[row], scores.indptr[row + 1])
        parts.append((scores.indices[part], scores.data[part]))
    columns, where = np.unique(np.concatenate([parts[0][0], parts[1][0]]), return_inverse=True)
    total = np.bincount(where, np.concatenate([parts[0][1], parts[1][1]]), minlength=len(columns))
    if len(columns) <= k:
        return columns.astype(np.int64)
    sure = np.unique(np.concatenate([p[0][_top(p[1], min(EACH, k // 4))] for p in parts]))
    total[np.searchsorted(columns, sure)] = np.inf
    return np.sort(columns[_top(total, k)]).astype(np.int64)


def _top(values: NDArray[Any], k: int) -> NDArray[np.int64]:
    """Positions of the `k` greatest, the first of equals."""
    if len(values) > 4 * k > 0:
        edge = np.partition(values, len(values) - k)[len(values) - k]
        above = np.flatnonzero(values >= edge)
    else:
        above = np.arange(len(values))
    return above[np.lexsort((above, -values[above]))][:k]
