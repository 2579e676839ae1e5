"""Probabilities: what a model that never saw a text says of its label, from the texts and labels alone.

Logistic regression on hashed words and pairs of words, trained on all other parts of the data in turn. Equal texts are
always in the same part, or the model would know the label of a copy.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import xxhash
from numpy.typing import NDArray
from scipy import optimize, sparse
from scipy.special import log_softmax, softmax

Floats = NDArray[np.float64]

_WORD = re.compile(r"\w+|[^\w\s]")
_BITS = 18
PARTS = 5
PENALTY = 1.0
"""How strongly weights are held near 0, against the summed loss (the usual C = 1)."""


def out_of_sample(texts: Sequence[str], labels: Sequence[int], classes: int, parts: int = PARTS) -> Floats:
    """n × classes probabilities, each from a model that was trained without that text (and without its copies)."""
    features = featurise(texts)
    given = np.asarray(labels, dtype=np.int64)
    part = _parts(texts, parts)
    result = np.zeros((len(texts), classes))
    for held in range(parts):
        inside = part == held
        if not inside.any():
            continue
        weights = fit(features[~inside], given[~inside], classes)
        result[inside] = predict(features[inside], weights)
    return result


def featurise(texts: Sequence[str]) -> sparse.csr_matrix:
    """n × 2¹⁸: hashed words and pairs of words, log counts weighted by rarity, each row of length 1."""
    columns: list[int] = []
    values: list[float] = []
    ends = [0]
    for text in texts:
        words = _WORD.findall(text.lower())
        found = Counter([*words, *(f"{a} {b}" for a, b in pairwise(words))])
        counts: Counter[int] = Counter()
        for term, count in found.items():
            counts[xxhash.xxh3_64_intdigest(term.encode("utf-8", "replace")) >> (64 - _BITS)] += count
        columns += counts
        values += counts.values()
        ends.append(len(columns))
    matrix = sparse.csr_matrix(
        (1 + np.log(np.array(values or [1.0])[: len(columns)]), columns, ends), (len(texts), 2**_BITS)
    )
    seen = np.bincount(matrix.indices, minlength=2**_BITS)
    matrix.data *= np.log((1 + len(texts)) / (1 + seen))[matrix.indices] + 1
    lengths = np.sqrt(np.add.reduceat(np.append(matrix.data**2, 0), matrix.indptr[:-1])) if len(texts) else np.ones(0)
    lengths[np.diff(matrix.indptr) == 0] = 1
    matrix.data /= np.repeat(lengths, np.diff(matrix.indptr))
    return matrix


def fit(features: sparse.csr_matrix, labels: NDArray[np.int64], classes: int) -> Floats:
    """(features + 1) × classes weights, the last row the bias, by L-BFGS from zero."""
    used = np.unique(features.indices)
    small = features[:, used]
    wanted = np.eye(classes)[labels]

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights = flat.reshape(-1, classes)
        scores = small @ weights[:-1] + weights[-1]
        logs = log_softmax(scores, axis=1)
        error = np.exp(logs) - wanted
        slope = np.vstack([small.T @ error + PENALTY * weights[:-1], error.sum(axis=0)])
        return float(-(logs * wanted).sum() + PENALTY / 2 * (weights[:-1] ** 2).sum()), slope.ravel()

    start = np.zeros((len(used) + 1) * classes)
    found = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 200}).x.reshape(-1, classes)
    weights = np.zeros((2**_BITS + 1, classes))
    weights[used], weights[-1] = found[:-1], found[-1]
    return weights


def predict(features: sparse.csr_matrix, weights: Floats) -> Floats:
    """n × classes probabilities."""
    return np.asarray(softmax(features @ weights[:-1] + weights[-1], axis=1))


def _parts(texts: Sequence[str], parts: int) -> NDArray[np.int64]:
    """Which part each text is in: by its content alone, parts of nearly equal size."""
    keys = [hashlib.sha256(" ".join(text.lower().split()).encode("utf-8", "replace")).digest() for text in texts]
    rank = {key: at for at, key in enumerate(sorted(set(keys)))}
    return np.array([rank[key] % parts for key in keys], dtype=np.int64)
