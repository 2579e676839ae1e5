"""Fairness: what a tokenizer costs one language over another, by formulas that parallel text makes comparable."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from octavo.measures.intervals import Interval, ratio_bootstrap

Ints = Sequence[int] | NDArray[np.int64]
UNKNOWN_LIMIT = 0.1
"""Share of unknown tokens from which a length says nothing (Petrov et al. 2023)."""


def premium(tokens: Ints, base: Ints) -> float:
    """Σ tokens of a language / Σ tokens of the base language over the same sentences: a ratio of sums, never a mean of
    ratios, in which short sentences would count as much as long ones (Petrov et al. 2023)."""
    return _ratio(float(np.sum(tokens)), float(np.sum(base)))


def premium_interval(
    tokens: Ints, base: Ints, clusters: Sequence[Hashable] | None = None, seed: int = 0
) -> Interval | None:
    """Its 95 % interval over other sentences (whole clusters, articles say, drawn together); None for one cluster."""
    if len(set(clusters) if clusters is not None else range(len(tokens))) < 2 or not np.sum(base):
        return None
    return ratio_bootstrap([float(n) for n in tokens], [float(n) for n in base], clusters=clusters, seed=seed)


def parity(premiums: Mapping[str, float]) -> float:
    """How far apart the languages are: the largest premium over the smallest; 1 is perfect parity."""
    values = [value for value in premiums.values() if value > 0]
    return max(values) / min(values) if values else float("nan")


def gini(costs: Sequence[float]) -> float:
    """Gini coefficient of the costs of the languages: 0 all equal, near 1 a few bear all of it."""
    ordered = np.sort(np.asarray(costs, dtype=np.float64))
    if not len(ordered) or ordered.sum() <= 0 or ordered[0] < 0:
        return float("nan")
    ranks = np.arange(1, len(ordered) + 1)
    n = len(ordered)
    return float(2 * (ranks * ordered).sum() / (n * ordered.sum()) - (n + 1) / n)


def fertility(tokens: Ints, words: Ints) -> float:
    """Tokens for each word, where words are what stands between spaces."""
    return _ratio(float(np.sum(tokens)), float(np.sum(words)))


def continued(lengths: Ints, counts: Ints) -> float:
    """Share of the words of a text (types with their counts) that are cut into two or more tokens."""
    cut = np.asarray(lengths) >= 2
    return _ratio(float(np.asarray(counts)[cut].sum()), float(np.sum(counts)))


def single_token_rate(lengths: Ints) -> float:
    """STRR: share of distinct words that are one token (Nayeem et al. 2025, arXiv 2510.09947)."""
    return _ratio(float((np.asarray(lengths) == 1).sum()), float(len(lengths)))


def normalised_length(tokens: Ints, reference: Ints) -> float:
    """NSL: length over that of a reference tokenizer on the same text; below 1 is shorter (Dagan et al. 2024)."""
    return _ratio(float(np.sum(tokens)), float(np.sum(reference)))


def renyi_efficiency(counts: Ints, alpha: float = 2.5) -> float:
    """H_α(p) / ln |V| of the token frequencies: 1 when all tokens are used alike (Zouhar et al. 2023)."""
    used = np.asarray(counts, dtype=np.float64)
    total, size = used.sum(), len(used)
    if total <= 0 or size < 2:
        return float("nan")
    p = used[used > 0] / total
    return float(np.log((p**alpha).sum()) / (1 - alpha) / np.log(size))


def auroc(scores: Sequence[float], positive: Sequence[bool]) -> float:
    """How likely a positive item has a higher score than a negative one, ties half: 0.5 says nothing."""
    from scipy.stats import rankdata  # type: ignore[import-untyped]

    truth = np.asarray(positive, dtype=bool)
    n, m = int(truth.sum()), int((~truth).sum())
    if not n or not m:
        return float("nan")
    ranks = rankdata(np.asarray(scores, dtype=np.float64))
    return float((ranks[truth].sum() - n * (n + 1) / 2) / (n * m))


def _ratio(above: float, below: float) -> float:
    return above / below if below else float("nan")
