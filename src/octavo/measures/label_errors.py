"""Label errors: which given labels are probably wrong, by confident learning (Northcutt, Jiang, Chuang 2021).

Needs probabilities that a model gave to items it was not trained on. A class's threshold is the mean probability that
its own items get; an item that passes another class's threshold counts as one of those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from octavo.kinds.scores import Score
from octavo.measures.intervals import RESAMPLES, Floats

Labels = NDArray[np.int64]
Prune = Literal["confident", "class", "noise rate", "both"]
Rank = Literal["self-confidence", "normalised margin"]


@dataclass(frozen=True)
class Suspect:
    """An item whose label is probably wrong: its row, the given and the likely label, and how little is for it."""

    row: int
    given: int
    likely: int
    self_confidence: float
    """Probability of the given label."""
    margin: float
    """Probability of the given label minus that of the likeliest other one, −1 … 1."""


def confident_joint(labels: Sequence[int] | Labels, probabilities: Floats) -> tuple[Floats, Labels]:
    """(k × k joint of given and true labels that sums to 1, for each item the class it confidently is, or −1).

    Calibrated as in the paper: each row sums to the share of items with that label.
    """
    given, p = _checked(labels, probabilities)
    confident = _confident(given, p)
    return _calibrated(_cells(given, confident, p.shape[1])), confident


def noise(labels: Sequence[int] | Labels, probabilities: Floats) -> Score:
    """The estimated share of wrong labels, with a bootstrap interval over items (thresholds as they are)."""
    given, p = _checked(labels, probabilities)
    cells = _cells(given, _confident(given, p), p.shape[1])
    value = float(1 - np.trace(_calibrated(cells)))
    generator = np.random.default_rng(0)
    drawn = generator.multinomial(len(given), (cells / len(given)).ravel(), size=RESAMPLES).reshape(-1, *cells.shape)
    draws = [1 - np.trace(_calibrated(some.astype(np.float64))) for some in drawn]
    low, high = np.quantile(draws, (0.025, 0.975))
    method = f"confident learning, bootstrap over {len(given)} items"
    ends = min(float(low), value), max(float(high), value)
    return Score("share of wrong labels", value, len(given), *ends, "lower", method=method)


def find_label_errors(
    labels: Sequence[int] | Labels, probabilities: Floats, *, prune: Prune = "both", rank: Rank = "self-confidence"
) -> list[Suspect]:
    """The suspected items, most suspected first.

    `prune` "class" takes from each class its least self-confident items, as many as the joint holds beside the
    diagonal; "noise rate" takes for each pair of classes those with the largest margin; "both" what both take;
    "confident" the items counted beside the diagonal. Ties go by row.
    """
    given, p = _checked(labels, probabilities)
    joint, confident = confident_joint(given, p)
    own = p[np.arange(len(given)), given]
    if prune == "confident":
        chosen = (confident >= 0) & (confident != given)
    else:
        by_class, by_rate = _by_class(given, own, joint), _by_rate(given, p, own, joint)
        chosen = {"class": by_class, "noise rate": by_rate, "both": by_class & by_rate}[prune]
    others = p.copy()
    others[np.arange(len(given)), given] = -1.0
    likely = others.argmax(axis=1)
    margin = own - others.max(axis=1)
    # where the model itself believes the given label most, nothing speaks against it
    chosen &= margin < 0
    keys = own if rank == "self-confidence" else margin
    rows = np.flatnonzero(chosen)
    rows = rows[np.lexsort((rows, keys[rows]))]
    return [Suspect(int(r), int(given[r]), int(likely[r]), float(own[r]), float(margin[r])) for r in rows]


def _checked(labels: Sequence[int] | Labels, probabilities: Floats) -> tuple[Labels, Floats]:
    given = np.asarray(labels, dtype=np.int64)
    p = np.asarray(probabilities, dtype=np.float64)
    if p.ndim != 2 or len(given) != len(p) or not len(given) or p.shape[1] < 2:
        raise ValueError(f"n labels and n × k probabilities (k > 1) are needed, not {len(given)} and {p.shape}")
    if given.min() < 0 or given.max() >= p.shape[1]:
        raise ValueError(f"labels must be 0 … {p.shape[1] - 1}")
    if not np.isfinite(p).all() or (p < 0).any():
        raise ValueError("probabilities must be numbers from 0 on")
    return given, p


def _confident(given: Labels, p: Floats) -> Labels:
    k = p.shape[1]
    thresholds = np.array([p[given == c, c].mean() if (given == c).any() else np.inf for c in range(k)])
    above = np.where(p >= thresholds - 1e-12, p, -1.0)
    best = above.argmax(axis=1)
    return np.where(above.max(axis=1) >= 0, best, -1).astype(np.int64)


def _cells(given: Labels, confident: Labels, k: int) -> Floats:
    """k × (k + 1) counts: given label, confident class (the last column: none)."""
    place = given * (k + 1) + np.where(confident < 0, k, confident)
    return np.bincount(place, minlength=k * (k + 1)).reshape(k, k + 1).astype(np.float64)


def _calibrated(cells: Floats) -> Floats:
    counts, totals = cells[:, :-1].copy(), cells.sum(axis=1)
    empty = counts.sum(axis=1) == 0
    counts[empty, np.flatnonzero(empty)] = 1  # nothing is confident of this class: take its labels as right
    joint = counts / counts.sum(axis=1, keepdims=True) * totals[:, None]
    return np.asarray(joint / totals.sum(), dtype=np.float64)


def _by_class(given: Labels, own: Floats, joint: Floats) -> NDArray[np.bool_]:
    chosen = np.zeros(len(given), np.bool_)
    for c in range(len(joint)):
        rows = np.flatnonzero(given == c)
        count = round(len(given) * float(joint[c].sum() - joint[c, c]))
        chosen[rows[np.lexsort((rows, own[rows]))][:count]] = True
    return chosen


def _by_rate(given: Labels, p: Floats, own: Floats, joint: Floats) -> NDArray[np.bool_]:
    chosen = np.zeros(len(given), np.bool_)
    for c in range(len(joint)):
        rows = np.flatnonzero(given == c)
        for other in range(len(joint)):
            count = round(len(given) * float(joint[c, other]))
            if other != c and count:
                margin = p[rows, other] - own[rows]
                chosen[rows[np.lexsort((rows, -margin))][:count]] = True
    return chosen
