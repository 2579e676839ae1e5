"""Gate: recognise or skip: whether what a cue brought back is what it is about, or memory had better stay silent."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIGNS = (
    "one",
    "names held",
    "names something",
    "same words",
    "other words",
    "says something",
    "nothing of it",
    "all names",
    "coverage",
    "fits the kind",
    "cannot be of the kind",
    "tight",
    "likeness",
    "margin of scores",
    "the same up to .25",
    "the same up to .1",
    "asked and all names",
    "asked and a name",
)
"""What speaks for a recognition, in the order of the weights: the share of what the cue names that the best episode
holds, whether it names anything; the shares of what it says beside that the episode says in the same and in other
words, whether it says anything, but nothing that the episode says; whether all of the names are held; the share of all
words; whether there is an answer of the wanted kind, or surely none; the share of the episode in the cue, the cosine of
the keys; by how much the score before completion exceeds the next one's, which tells most where it is small; and the
share of what it says where all names are held, and where it names anything."""
WEIGHTS = (
    -4.154,
    7.855,
    -4.927,
    1.242,
    0.836,
    0.048,
    -1.493,
    -1.511,
    0.77,
    -0.493,
    -2.83,
    1.98,
    1.42,
    -0.859,
    9.828,
    7.495,
    0.382,
    -0.981,
)
THRESHOLD = 0.6974
"""Both fitted by `python bench/memory.py --fit` on invented facts and scenes, so that of cues about unknown things 1 in
50 passes at most, and of questions about a known thing that nothing answers 1 in 10. What names only unknown things is
skipped."""


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
    false_at_most: float = 0.02,
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
