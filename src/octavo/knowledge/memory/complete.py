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
COVERED, TIGHT = 1.0, 0.15
"""What the share of the cue's terms in an episode counts beside the likeness of keys, and the share of the episode's
terms in the cue."""


def likeness(key: NDArray[np.int8], keys: NDArray[np.int8]) -> NDArray[np.float64]:
    """Cosine of a key (D,) with each of some (n, D); 0 where there is no length."""
    numbers, one = keys.astype(np.float32), key.astype(np.float32)
    norms = np.sqrt((numbers * numbers).sum(1) * float(one @ one))
    alike: NDArray[np.float32] = np.divide(numbers @ one, norms, out=np.zeros(len(keys), np.float32), where=norms > 0)
    return alike.astype(np.float64)


def coverage(
    terms: NDArray[np.uint32], weights: NDArray[np.float64], held: NDArray[np.uint32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(share of the cue's weight that each candidate holds, share of its own terms that the cue has).

    `held` (n, TERMS) is filled up with zeros.
    """
    same = held[:, :, None] == terms[None, None, :]
    shared = same.any(1)
    own = np.maximum(1, (held != 0).sum(1))
    return shared @ weights / max(float(weights.sum()), 1e-9), same.any(2).sum(1) / own


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
    out: dict[int, float] = {}
    for one, other, strength in edges:
        out[one] = out.get(one, 0.0) + strength
        out[other] = out.get(other, 0.0) + strength
    active = dict(start)
    for _ in range(STEPS):
        moved: dict[int, float] = {}
        for one, other, strength in edges:
            for a, b in ((one, other), (other, one)):
                if a in active:
                    moved[b] = moved.get(b, 0.0) + active[a] * strength / out[a]
        active = {
            place: (1 - DAMPING) * start.get(place, 0.0) + DAMPING * moved.get(place, 0.0)
            for place in {**start, **moved}
        }
    return active


def _softmax(values: NDArray[np.float64]) -> NDArray[np.float64]:
    raised: NDArray[np.float64] = np.exp(values - values.max())
    return raised / float(raised.sum())
