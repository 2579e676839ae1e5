"""Complete: from a part of a memory to the whole: recurrent completion over candidates, then spreading over edges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

SHARPNESS = 16.0
"""Inverse temperature: high enough that completion ends in one memory, not in a blend."""
STEPS = 3
DAMPING = 0.5
"""Share of the activation that comes over edges in each step."""


def likeness(key: NDArray[np.int8], keys: NDArray[np.int8]) -> NDArray[np.float64]:
    """Cosine of a key (D,) with each of some (n, D); 0 where there is no length."""
    numbers, one = keys.astype(np.float32), key.astype(np.float32)
    norms = np.sqrt((numbers * numbers).sum(1) * float(one @ one))
    alike: NDArray[np.float32] = np.divide(numbers @ one, norms, out=np.zeros(len(keys), np.float32), where=norms > 0)
    return alike.astype(np.float64)


def completed(scores: NDArray[np.float64], keys: NDArray[np.int8]) -> NDArray[np.float64]:
    """Activation of each candidate after one step of a modern Hopfield network (Ramsauer et al. 2020).

    The step moves the cue to the mean of the stored keys, weighted by softmax(β·score); the activation is the softmax
    of the scores with the likeness to that completed pattern, so that a cue between two falls to the nearer one.
    """
    first = _softmax(SHARPNESS * scores)
    patterns = keys.astype(np.float64)
    patterns /= np.maximum(np.sqrt((patterns * patterns).sum(1, keepdims=True)), 1e-9)
    pattern = first @ patterns
    return _softmax(SHARPNESS * (scores + (patterns @ pattern) / max(float(np.sqrt(pattern @ pattern)), 1e-9)) / 2)


def spread(start: Mapping[int, float], edges: Sequence[tuple[int, int, float]]) -> dict[int, float]:
    """Activation after `STEPS` steps a ← (1 − d)·start + d·W·a; `edges` are (one, other, strength), both ways.

    What a place passes on is shared among its edges by their strength, so that a hub passes little to each.
    """
    if not edges:
        return {place: (1 - DAMPING) * active for place, active in start.items()}
    numbers = sorted({*start, *(one for one, _, _ in edges), *(other for _, other, _ in edges)})
    place = {number: at for at, number in enumerate(numbers)}
    begun = np.zeros(len(numbers))
    begun[[place[number] for number in start]] = list(start.values())
    ones, others = ([place[edge[at]] for edge in edges] for at in (0, 1))
    origin, target = np.array([*ones, *others]), np.array([*others, *ones])
    strength = np.array([edge[2] for edge in edges] * 2)
    strength /= np.bincount(origin, weights=strength, minlength=len(numbers))[origin]
    active = begun
    for _ in range(STEPS):
        moved = np.bincount(target, weights=active[origin] * strength, minlength=len(numbers))
        active = (1 - DAMPING) * begun + DAMPING * moved
    return dict(zip(numbers, active.tolist(), strict=True))


def _softmax(values: NDArray[np.float64]) -> NDArray[np.float64]:
    raised: NDArray[np.float64] = np.exp(values - values.max())
    return raised / float(raised.sum())
