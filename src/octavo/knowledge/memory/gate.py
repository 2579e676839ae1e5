"""Gate: recognise or skip: whether what a cue brought back is what it is about, or memory had better stay silent."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIGNS = ("one", "share of votes", "margin of votes", "coverage", "names held", "likeness", "margin of scores")
"""What speaks for a recognition, in the order of the weights: the share of the cue's firing units that the best episode
has too, by how much that exceeds the next one's, the share of the cue's weight in its words, the share of what the cue
names, the cosine of the keys, and by how much the score before completion exceeds the next one's."""
WEIGHTS = (-2.091, -3.665, 3.403, 0.422, -0.133, 4.013, 6.156)
THRESHOLD = 0.718
"""Both fitted by `python bench/memory.py --fit` on invented facts, so that of cues about unknown things 1 in 100
passes, and of questions about a known thing that nothing answers 1 in 10. What names only unknown things is skipped."""


@dataclass(frozen=True)
class Gate:
    """A logistic regression over `SIGNS`; what is less certain than `threshold` is skipped."""

    weights: tuple[float, ...] = WEIGHTS
    threshold: float = THRESHOLD

    def certainty(self, signs: tuple[float, ...]) -> float:
        """How likely the best episode is what the cue is about."""
        logit = sum(weight * sign for weight, sign in zip(self.weights, signs, strict=True))
        return 1 / (1 + math.exp(-max(-40.0, min(40.0, logit))))


def fitted(
    signs: NDArray[np.float64],
    right: NDArray[np.float64],
    strange: NDArray[np.bool_],
    near: NDArray[np.bool_],
    *,
    false_at_most: float = 0.01,
    near_at_most: float = 0.1,
) -> Gate:
    """The gate that fits: `signs` (n, len(SIGNS)) of recalls, whether each was `right` (n,), which cues are `strange`
    to the memory (n,), about nothing that it holds, and which are `near` (n,): about something that it does not know
    of a thing that it knows.

    Weights by Newton's method with a little ridge; the threshold is the lowest that at most a share `false_at_most` of
    the strange ones passes and `near_at_most` of the near ones.
    """
    ridge, weights = 1e-2, np.zeros(signs.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(signs @ weights, -40, 40)))
        slope = signs.T @ (right - p) - ridge * weights
        bend = (signs * (p * (1 - p))[:, None]).T @ signs + ridge * np.eye(len(weights))
        weights = weights + np.linalg.solve(bend, slope)
    weights = np.round(weights, 3)
    threshold = 0.05
    for some, at_most in ((strange, false_at_most), (near, near_at_most)):
        certain = np.sort(1 / (1 + np.exp(-np.clip(signs[some] @ weights, -40, 40))))[::-1]
        threshold = max(threshold, float(certain[int(at_most * len(certain))]))
    return Gate(tuple(float(weight) for weight in weights), round(min(threshold + 1e-4, 0.999), 4))
