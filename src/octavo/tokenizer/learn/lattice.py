"""Lattice: all ways to put words together from pieces, for many words of one length at a time.

`n` words of `t` bytes make a lattice of edges: `edges_NTL[i, s, l - 1]` is the piece that covers the `l` bytes of word
`i` from `s` on, or -1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

LONGEST_PIECE = 16
"""Bytes."""
FACTOR = np.uint64(0x9E3779B97F4A7C15)
MIX = np.uint64(0xBF58476D1CE4E5B9)


def grown(hashes: Array, following: Array) -> Array:
    """The hashes of byte strings that are one byte longer: uint64, alike for equal strings of one length."""
    with np.errstate(over="ignore"):
        mixed = (hashes ^ (hashes >> np.uint64(29))) * MIX
        return np.asarray((mixed + following.astype(np.uint64) + np.uint64(1)) * FACTOR)


def edges_of(bytes_NT: Array, hashes: Array, ids: Array) -> Array:
    """The edges of words: `hashes` are those of all pieces in ascending order, `ids` their numbers; int32 [n, t, l]."""
    n, t = bytes_NT.shape
    edges = np.full((n, t, min(t, LONGEST_PIECE)), -1, np.int32)
    current = np.zeros((n, t), np.uint64)
    for length in range(1, edges.shape[2] + 1):
        current = grown(current[:, : t - length + 1], bytes_NT[:, length - 1 :])
        flat = current.ravel()
        at = np.minimum(np.searchsorted(hashes, flat), len(hashes) - 1)
        edges[:, : t - length + 1, length - 1] = np.where(hashes[at] == flat, ids[at], -1).reshape(current.shape)
    return edges


def expected(edges_NTL: Array, scores: Array, weights: Array) -> tuple[Array, float]:
    """How often each piece is expected over all segmentations, and the log-likelihood of the words."""
    n, t, most = edges_NTL.shape
    costs = np.where(edges_NTL >= 0, scores[edges_NTL], -np.inf)
    ahead = np.full((n, t + 1), -np.inf)
    behind = np.full((n, t + 1), -np.inf)
    ahead[:, 0] = behind[:, t] = 0
    for end in range(1, t + 1):
        spans = range(1, min(end, most) + 1)
        ahead[:, end] = _log_sum(np.stack([ahead[:, end - span] + costs[:, end - span, span - 1] for span in spans]))
    for start in range(t - 1, -1, -1):
        spans = range(1, min(t - start, most) + 1)
        behind[:, start] = _log_sum(np.stack([costs[:, start, span - 1] + behind[:, start + span] for span in spans]))
    whole = ahead[:, t]
    totals = np.zeros(len(scores))
    for span in range(1, most + 1):
        ids = edges_NTL[:, : t - span + 1, span - 1]
        share = np.exp(
            ahead[:, : t - span + 1] + costs[:, : t - span + 1, span - 1] + behind[:, span:] - whole[:, None]
        )
        there = ids >= 0
        totals += np.bincount(ids[there], (share * weights[:, None])[there], len(scores))
    return totals, float((whole * weights).sum())


def _log_sum(values: Array) -> Array:
    top = values.max(0)
    found: Array = top + np.log(np.exp(values - top).sum(0))
    return found


def best_paths(edges_NTL: Array, scores: Array, *, whole: bool = True) -> tuple[Array, Array]:
    """The best segmentation of each word: pieces int32 [n, t] from the end, padded with -1, and its score. Without
    `whole` a word may not be a single piece."""
    n, t, most = edges_NTL.shape
    costs = np.where(edges_NTL >= 0, scores[edges_NTL], -np.inf)
    if not whole and t <= most:
        costs[:, 0, t - 1] = -np.inf
    best = np.full((n, t + 1), -np.inf)
    best[:, 0] = 0
    span_to = np.zeros((n, t + 1), np.int64)
    for end in range(1, t + 1):
        spans = range(1, min(end, most) + 1)
        values = np.stack([best[:, end - span] + costs[:, end - span, span - 1] for span in spans])
        span_to[:, end] = values.argmax(0) + 1
        best[:, end] = values.max(0)
    pieces = np.full((n, t), -1, np.int32)
    at = np.full(n, t)
    rows = np.arange(n)
    for step in range(t):
        rows = rows[at[rows] > 0]
        if not len(rows):
            break
        span = span_to[rows, at[rows]]
        at[rows] -= span
        pieces[rows, step] = edges_NTL[rows, at[rows], span - 1]
    return pieces, best[:, t]
