"""Intervals: how far a measured number may be from the true one, for shares, means, ratios, ranks and differences."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats  # type: ignore[import-untyped]

Floats = NDArray[np.float64]
RESAMPLES = 2000
"""Enough that the ends of a 95 % interval move by about a tenth of its half-width from seed to seed."""


@dataclass(frozen=True)
class Interval:
    """`low` to `high` at the stated confidence, and the name of the method that made it."""

    low: float
    high: float
    method: str
    confidence: float = 0.95


def wilson(right: int, n: int, confidence: float = 0.95) -> Interval:
    """Interval of a share of independent items; good from n = 5 on and never outside 0 … 1 (Wilson 1927)."""
    _check_share(right, n)
    z = float(stats.norm.ppf(0.5 + confidence / 2))
    share = right / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Interval(max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share)), "Wilson", confidence)


def clopper_pearson(right: int, n: int, confidence: float = 0.95) -> Interval:
    """Exact (conservative) interval of a share: for rates near 0 that must not be understated."""
    _check_share(right, n)
    tail = (1 - confidence) / 2
    low = 0.0 if right == 0 else float(stats.beta.ppf(tail, right, n - right + 1))
    high = 1.0 if right == n else float(stats.beta.ppf(1 - tail, right + 1, n - right))
    return Interval(low, high, "Clopper-Pearson", confidence)


def _check_share(right: int, n: int) -> None:
    if n < 1 or not 0 <= right <= n:
        raise ValueError(f"a share needs 0 <= right <= n and n >= 1, not {right} of {n}")


def bootstrap(
    rows: Sequence[Sequence[float]],
    statistic: Callable[[Floats], float],
    *,
    clusters: Sequence[Hashable] | None = None,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
    bca: bool = False,
) -> Interval:
    """Interval of any statistic of `rows` (n × d), whole clusters drawn with replacement.

    Percentile, or bias-corrected and accelerated with `bca` (Efron 1987). The order of the rows does not matter. The
    interval is widened to hold the statistic of the data itself, which a percentile interval of few rows may miss.
    """
    groups = _groups(rows, clusters)
    if len(groups) < 2:
        raise ValueError("a bootstrap needs at least two clusters")
    value = statistic(np.concatenate(groups))
    generator = np.random.default_rng(seed)
    draws = np.empty(resamples)
    for i in range(resamples):
        chosen = generator.integers(0, len(groups), len(groups))
        draws[i] = statistic(np.concatenate([groups[j] for j in chosen]))
    tails = (_bca_tails(groups, statistic, value, draws, confidence)) if bca else _tails(confidence)
    low, high = np.quantile(draws, tails)
    method = f"{'BCa' if bca else 'percentile'} bootstrap over {len(groups)} clusters"
    return Interval(min(float(low), value), max(float(high), value), method, confidence)


def ratio_bootstrap(
    numerators: Sequence[float],
    denominators: Sequence[float],
    *,
    clusters: Sequence[Hashable] | None = None,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Percentile interval of Σ numerators / Σ denominators with whole clusters drawn; a mean has denominators of 1.

    The same as `bootstrap` with a ratio, but in one matrix product: thousands of documents in milliseconds.
    """
    groups = _groups(list(zip(numerators, denominators, strict=True)), clusters)
    if len(groups) < 2:
        raise ValueError("a bootstrap needs at least two clusters")
    sums = np.array([group.sum(axis=0) for group in groups])
    value = float(sums[:, 0].sum() / sums[:, 1].sum())
    generator = np.random.default_rng(seed)
    draws: list[float] = []
    step = max(1, 4_000_000 // len(groups))
    while len(draws) < resamples:
        some = min(step, resamples - len(draws))
        counts = generator.multinomial(len(groups), np.full(len(groups), 1 / len(groups)), size=some)
        totals = counts @ sums
        defined = totals[:, 1] > 0
        draws.extend((totals[defined, 0] / totals[defined, 1]).tolist() + [value] * int((~defined).sum()))
    low, high = np.quantile(draws, _tails(confidence))
    method = f"bootstrap over {len(groups)} clusters"
    return Interval(min(float(low), value), max(float(high), value), method, confidence)


def paired_bootstrap(
    before: Sequence[float],
    after: Sequence[float],
    *,
    clusters: Sequence[Hashable] | None = None,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Interval of mean(after − before) over the same items, whole clusters (the same probe item) drawn together."""
    differences = [b - a for a, b in zip(before, after, strict=True)]
    return ratio_bootstrap(
        differences,
        [1.0] * len(differences),
        clusters=clusters,
        confidence=confidence,
        resamples=resamples,
        seed=seed,
    )


def over_items(
    before: Sequence[Floats],
    after: Sequence[Floats],
    statistic: Callable[[Floats], float],
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
    draw_seeds: bool = False,
) -> Interval:
    """Interval of statistic(after) − statistic(before), both over the same drawn items, averaged over the seeds.

    `before[s]` and `after[s]` hold what was measured with seed s, one row an item, in the same order; without `before`
    it is the interval of statistic(after) itself. The order of the items does not matter for the value, but decides
    (with `seed`) what is drawn: give them sorted. With `draw_seeds` seeds are drawn as well, for what luck decides
    anew with each; of few seeds that shows too little of it (of three four fifths of the deviation).
    """
    items = len(after[0])
    if items < 2 or any(len(rows) != items for rows in (*before, *after)):
        raise ValueError("the same two or more items are needed before and after, for each seed")

    def difference(chosen: NDArray[np.intp], seeds: Sequence[int]) -> float:
        told = float(np.mean([statistic(after[s][chosen]) for s in seeds]))
        return told - float(np.mean([statistic(before[s][chosen]) for s in seeds])) if before else told

    every = range(len(after))
    method = f"{'paired ' if before else ''}bootstrap over {items} items"
    if draw_seeds:
        method += f" and {len(after)} seeds"
    if len(before) == len(after) and all(map(np.array_equal, before, after)):
        return Interval(0.0, 0.0, method, confidence)  # what every draw would give
    generator = np.random.default_rng(seed)
    draws = []
    for _ in range(resamples):
        seeds = generator.integers(0, len(after), len(after)).tolist() if draw_seeds else every
        draws.append(difference(generator.integers(0, items, items), seeds))
    value = difference(np.arange(items), every)
    low, high = np.quantile(draws, _tails(confidence))
    return Interval(min(float(low), value), max(float(high), value), method, confidence)


def over_seeds(before: Sequence[float], after: Sequence[float], *, confidence: float = 0.95) -> Interval:
    """Student's interval of mean(after − before), one number a seed, or of mean(after) without `before`. With one seed
    there is nothing to judge by, and the interval has no width; the method says so."""
    values = np.array(after, dtype=np.float64) - (np.array(before, dtype=np.float64) if before else 0.0)
    middle = float(values.mean())
    if len(values) < 2:
        return Interval(middle, middle, "one seed, so no interval", confidence)
    half = float(stats.t.ppf(0.5 + confidence / 2, len(values) - 1) * values.std(ddof=1) / math.sqrt(len(values)))
    return Interval(middle - half, middle + half, f"Student over {len(values)} seeds", confidence)


def mcnemar(before: Sequence[bool], after: Sequence[bool]) -> float:
    """Exact two-sided p that two yes/no outcomes of the same items differ by chance (McNemar 1947, binomial form)."""
    only_before = sum(b and not a for b, a in zip(before, after, strict=True))
    only_after = sum(a and not b for b, a in zip(before, after, strict=True))
    changed = only_before + only_after
    return 1.0 if changed == 0 else float(stats.binomtest(only_before, changed, 0.5).pvalue)


def order_statistics(values: Sequence[float], quantile: float, confidence: float = 0.95) -> Interval:
    """Interval of a quantile from two order statistics: no assumption about the distribution.

    With too few values for the wanted confidence the ends are the smallest and the largest value, and the method
    says which confidence they really have.
    """
    if not values:
        raise ValueError("a quantile needs at least one value")
    ordered, n = sorted(values), len(values)
    low = int(stats.binom.ppf((1 - confidence) / 2, n, quantile))
    high = int(stats.binom.ppf((1 + confidence) / 2, n, quantile)) + 1
    first, last = max(low, 1), min(high, n)
    reached = float(stats.binom.cdf(last - 1, n, quantile) - stats.binom.cdf(first - 1, n, quantile))
    middle = float(np.quantile(ordered, quantile))
    reached_text = "" if reached >= confidence - 0.005 else f", only {reached:.0%} confident with n = {n}"
    method = f"order statistics{reached_text}"
    return Interval(min(ordered[first - 1], middle), max(ordered[last - 1], middle), method, confidence)


def _tails(confidence: float) -> tuple[float, float]:
    return (1 - confidence) / 2, (1 + confidence) / 2


def _groups(rows: Sequence[Sequence[float]], clusters: Sequence[Hashable] | None) -> list[Floats]:
    """The rows of each cluster, in an order that depends on the values only."""
    if clusters is not None and len(clusters) != len(rows):
        raise ValueError(f"{len(rows)} rows but {len(clusters)} cluster names")
    if clusters is None:
        return [np.array([row], dtype=np.float64) for row in sorted(tuple(row) for row in rows)]
    members: dict[Hashable, list[tuple[float, ...]]] = {}
    for row, name in zip(rows, clusters, strict=True):
        members.setdefault(name, []).append(tuple(row))
    return [np.array(group, dtype=np.float64) for group in sorted(sorted(group) for group in members.values())]


def _bca_tails(
    groups: list[Floats], statistic: Callable[[Floats], float], value: float, draws: Floats, confidence: float
) -> tuple[float, float]:
    below = (np.sum(draws < value) + 0.5 * np.sum(draws == value)) / len(draws)
    bias = float(stats.norm.ppf(min(max(below, 0.5 / len(draws)), 1 - 0.5 / len(draws))))
    without = np.array(
        [statistic(np.concatenate([g for j, g in enumerate(groups) if j != i])) for i in range(len(groups))]
    )
    spread = without.mean() - without
    total = float((spread**2).sum()) ** 1.5
    acceleration = float((spread**3).sum()) / (6 * total) if total > 0 else 0.0
    ends = []
    for tail in _tails(confidence):
        z = bias + float(stats.norm.ppf(tail))
        ends.append(float(stats.norm.cdf(bias + z / (1 - acceleration * z))))
    return ends[0], ends[1]
