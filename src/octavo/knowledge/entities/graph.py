"""Graph: what matches of other records say about a pair, through the packages, versions and references they hang on.

Records and what they state are a graph with two kinds of corners. `flood` is similarity flooding (Melnik et al. 2002)
with one-to-one competition: pairs that are likely teach which names of one database belong to which of the other, and
that speaks for the other pairs with these names. `walk` is PageRank from the left record (Page et al. 1999), among it
and its candidates: what is reached over many rare statements ranks high, also by way of another candidate.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from octavo.knowledge.entities.candidates import Candidates
from octavo.knowledge.entities.choice.trees import choose
from octavo.knowledge.entities.vectors import Vectors

NAMES = ("package", "vendor", "repository", "owner")
"""Kinds of statements that name what a record is about."""
ROUNDS = 2
SHARPNESS = 12.0
"""How decided the first belief in a pair is: its score less the usual one of a match, times this."""
USUAL = 0.9
RESTART = 0.4
STEPS = 6


def flood(fields: Vectors, found: Candidates, belief: NDArray[np.float64]) -> NDArray[np.float32]:
    """For each pair the share of other matches of the left's names that went to the right's names, 0–1.

    `belief` is the first belief in each pair (a probability); a pair never supports itself.
    """
    at = np.array([c for term, c in fields.vocabulary.items() if term.partition("=")[0] in NAMES], np.int64)
    left, right = _ones(fields.left[:, at]), _ones(fields.right[:, at])
    many = [np.maximum(np.diff(side.indptr), 1) for side in (left, right)]
    own_left, own_right = left[found.left], right[found.right]
    support = np.zeros(len(found.left))
    for _ in range(ROUNDS):
        weight = belief * (1 + support) / 2
        likely = np.flatnonzero(weight > 0.05)
        held = sparse.diags(weight[likely])
        together = (own_left[likely].T @ held @ own_right[likely]).tocsr()
        mass = np.asarray(own_left[likely].T @ weight[likely]).ravel()
        weight = np.where(weight > 0.05, weight, 0)
        joint = _through(own_left, together, own_right) / (many[0][found.left] * many[1][found.right]) - weight
        whole = np.asarray(own_left @ mass).ravel() / many[0][found.left] - weight
        support = np.clip(joint / (whole + 0.5), 0, 1)
    return np.asarray(support, np.float32)


def walk(fields: Vectors, found: Candidates) -> NDArray[np.float32]:
    """For each pair the PageRank of the right record as seen from the left one, relative to an even share."""
    out = np.zeros(len(found.left), np.float32)
    if not len(out):
        return out
    begins = np.flatnonzero(np.r_[True, found.left[1:] != found.left[:-1]])
    for begin, end in zip(begins, [*begins[1:], len(out)], strict=True):
        around = found.right[begin:end]
        rows = sparse.vstack([fields.left[found.left[begin]], fields.right[around]]).tocsr()
        near = (rows @ rows.T).toarray()
        np.fill_diagonal(near, 0)
        near /= np.maximum(near.sum(1, keepdims=True), 1e-9)
        home = np.zeros(len(near))
        home[0] = 1
        rank = home
        for _ in range(STEPS):
            rank = RESTART * home + (1 - RESTART) * (rank @ near)
        out[begin:end] = rank[1:] * len(around)
    return out


def first_belief(found: Candidates, score: NDArray[np.float32], usual: float = USUAL) -> NDArray[np.float64]:
    """Belief in each pair by its score alone, in competition with the other candidates of its left and right record."""
    utility = SHARPNESS * (score.astype(float) - usual)
    return choose(found.left, utility) * choose(found.right, utility)


def _ones(rows: Any) -> Any:
    made = rows.tocsr().copy()
    made.data = np.ones(len(made.data))
    return made


def _through(left: Any, middle: Any, right: Any) -> NDArray[np.float64]:
    """Row by row: left · middle · rightᵀ."""
    out = np.zeros(left.shape[0])
    for begin in range(0, left.shape[0], 40_000):
        part = slice(begin, begin + 40_000)
        out[part] = np.asarray((left[part] @ middle).multiply(right[part]).sum(1)).ravel()
    return out
