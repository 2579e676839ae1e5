"""Agreement: how far annotators agree beyond chance: Cohen's and Fleiss's kappa, Krippendorff's alpha.

Each number comes with a bootstrap interval over items. What only one label was ever used for has no chance-corrected
agreement at all: that raises ValueError instead of giving a number.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from octavo.kinds.scores import Score
from octavo.measures.intervals import RESAMPLES, Floats

Level = Literal["nominal", "ordinal", "interval"]
Weights = Literal["none", "linear", "quadratic"]
Label = Hashable

_ITEMS_AT_ONCE = 4_000_000


def cohen(
    first: Sequence[Label], second: Sequence[Label], *, order: Sequence[Label] = (), weights: Weights = "none"
) -> Score:
    """Cohen's kappa of two annotators over the same items (Cohen 1960; weighted: Cohen 1968).

    Weights count a disagreement by its distance, plain or squared, in `order` (default: the sorted labels).
    """
    if len(first) != len(second):
        raise ValueError(f"two annotators of the same items are needed, not {len(first)} and {len(second)} labels")
    known = _order([*first, *second], order)
    places = {label: at for at, label in enumerate(known)}
    k = len(known)
    cells = np.array([places[a] * k + places[b] for a, b in zip(first, second, strict=True)], dtype=np.int64)
    rows = np.zeros((len(cells), k * k))
    rows[np.arange(len(cells)), cells] = 1
    far = np.abs(np.arange(k)[:, None] - np.arange(k)[None, :]).astype(np.float64)
    cost = {"none": (far > 0).astype(np.float64), "linear": far, "quadratic": far**2}[weights]

    def kappa(totals: Floats) -> Floats:
        table = totals.reshape(-1, k, k) / totals.sum(axis=1)[:, None, None]
        expected = table.sum(axis=2)[:, :, None] * table.sum(axis=1)[:, None, :]
        return 1 - _divided((table * cost).sum(axis=(1, 2)), (expected * cost).sum(axis=(1, 2)))

    name = "Cohen's kappa" if weights == "none" else f"Cohen's kappa, {weights} weights"
    return _score(name, rows, kappa)


def fleiss(items: Sequence[Sequence[Label]]) -> Score:
    """Fleiss's kappa (Fleiss 1971): the labels of each item, from equally many annotators, whoever they are.

    Items with another number of labels than most are left out and counted as `unparsed`.
    """
    sizes = [len(labels) for labels in items if len(labels) >= 2]
    if not sizes:
        raise ValueError("no item has two labels")
    most = max(sorted(set(sizes)), key=sizes.count)
    known = _order([label for labels in items for label in labels], ())
    places = {label: at for at, label in enumerate(known)}
    whole = [labels for labels in items if len(labels) == most]
    counts = np.zeros((len(whole), len(known)))
    for at, labels in enumerate(whole):
        for label in labels:
            counts[at, places[label]] += 1
    agreed = ((counts**2).sum(axis=1) - most) / (most * (most - 1))

    def kappa(totals: Floats) -> Floats:
        n = totals[:, -1:]
        chance = ((totals[:, 1:-1] / (n * most)) ** 2).sum(axis=1)
        return 1 - _divided(1 - totals[:, 0] / n[:, 0], 1 - chance)

    rows = np.column_stack([agreed, counts, np.ones(len(whole))])
    return _score("Fleiss's kappa", rows, kappa, unparsed=len(items) - len(whole))


def krippendorff(items: Sequence[Sequence[Label]], *, level: Level = "nominal", order: Sequence[Label] = ()) -> Score:
    """Krippendorff's alpha (Krippendorff 2011) over the labels of each item; any number of annotators, any gaps.

    Items with fewer than two labels have no pair and count nothing; they are given as `unparsed`. `order` ranks the
    labels of the ordinal level (default: sorted); those of the interval level must be numbers.
    """
    paired = [labels for labels in items if len(labels) >= 2]
    if not paired:
        raise ValueError("no item has two labels")
    unparsed = len(items) - len(paired)
    if level == "interval":
        return _score("Krippendorff's alpha, interval", _moments(paired), _interval_alpha, unparsed=unparsed)
    known = _order([label for labels in paired for label in labels], order)
    k = len(known)
    rows = _coincidences(paired, known)

    def alpha(totals: Floats) -> Floats:
        table = totals.reshape(-1, k, k)
        margin = table.sum(axis=2)
        cost = _ordinal_cost(margin) if level == "ordinal" else np.broadcast_to(1 - np.eye(k), table.shape)
        n = margin.sum(axis=1)
        expected = margin[:, :, None] * margin[:, None, :] / (n - 1)[:, None, None]
        return 1 - _divided((table * cost).sum(axis=(1, 2)), (expected * cost).sum(axis=(1, 2)))

    return _score(f"Krippendorff's alpha, {level}", rows, alpha, unparsed=unparsed)


def _order(labels: Sequence[Label], order: Sequence[Label]) -> list[Label]:
    if not labels:
        raise ValueError("no item has a label")
    if order:
        unknown = set(labels) - set(order)
        if unknown:
            raise ValueError(f"labels that are not in the given order: {sorted(map(str, unknown))}")
        return list(order)
    return sorted(set(labels), key=lambda label: (isinstance(label, str), label))


def _coincidences(items: Sequence[Sequence[Label]], known: list[Label]) -> Floats:
    """n × k²: for each item how often each pair of labels occurs, each annotator counting once in all."""
    places = {label: at for at, label in enumerate(known)}
    k = len(known)
    if len(items) * k * k > 50 * _ITEMS_AT_ONCE:
        raise ValueError(f"{k} labels are too many for {len(items)} items: take the level interval")
    rows = np.zeros((len(items), k * k))
    for at, labels in enumerate(items):
        counts = np.zeros(k)
        for label in labels:
            counts[places[label]] += 1
        rows[at] = ((np.outer(counts, counts) - np.diag(counts)) / (len(labels) - 1)).ravel()
    return rows


def _ordinal_cost(margin: Floats) -> Floats:
    """draws × k × k: squared number of labels between two ranks, half of those at both ends (Krippendorff 2011)."""
    below = np.cumsum(margin, axis=1) - margin / 2
    return np.asarray((below[:, :, None] - below[:, None, :]) ** 2, dtype=np.float64)


def _moments(items: Sequence[Sequence[Label]]) -> Floats:
    """n × 4 (disagreement within, count, sum, sum of squares), centred: squared differences need no pairs."""
    try:
        values = [np.array(labels, dtype=np.float64) for labels in items]
    except (TypeError, ValueError):
        raise ValueError("the level interval needs numbers as labels") from None
    middle = float(np.concatenate(values).mean())
    rows = []
    for some in values:
        some = some - middle
        m, total, squares = len(some), float(some.sum()), float((some**2).sum())
        rows.append((2 * (m * squares - total**2) / (m - 1), m, total, squares))
    return np.array(rows)


def _interval_alpha(totals: Floats) -> Floats:
    n, total, squares = totals[:, 1], totals[:, 2], totals[:, 3]
    expected = 2 * (n * squares - total**2) / (n - 1)
    expected[expected < 1e-12 * np.maximum(1.0, n * squares)] = 0.0
    return 1 - _divided(totals[:, 0], expected)


def _divided(top: Floats, bottom: Floats) -> Floats:
    """NaN where nothing can disagree."""
    return np.divide(top, bottom, out=np.full_like(top, np.nan), where=bottom > 1e-12)


def _score(name: str, rows: Floats, statistic: Callable[[Floats], Floats], unparsed: int = 0) -> Score:
    """The statistic of the summed rows (one an item), with its percentile bootstrap over items."""
    value = float(statistic(rows.sum(axis=0, keepdims=True))[0])
    if np.isnan(value):
        raise ValueError("only one label was used: agreement beyond chance is not defined")
    # items that went alike are drawn together: thousands of items have few patterns
    patterns, times = np.unique(rows, axis=0, return_counts=True)
    generator = np.random.default_rng(0)
    draws: list[NDArray[np.float64]] = []
    step = max(1, _ITEMS_AT_ONCE // len(patterns))
    for start in range(0, RESAMPLES, step):
        size = min(step, RESAMPLES - start)
        counts = generator.multinomial(len(rows), times / len(rows), size=size)
        draws.append(statistic(counts.astype(np.float64) @ patterns))
    drawn = np.concatenate(draws)
    defined = drawn[~np.isnan(drawn)]
    low, high = (float(end) for end in np.quantile(defined, (0.025, 0.975))) if len(defined) else (value, value)
    method = f"percentile bootstrap over {len(rows)} items"
    if len(defined) < len(drawn):
        method += f", {1 - len(defined) / len(drawn):.0%} of the draws without any variation left out"
    low, high = min(low, value), max(high, value)
    if len(rows) < 2:
        low, high, method = -1.0, 1.0, "one item: any value is possible"
    return Score(name, value, len(rows), low, high, "higher", range=(-1.0, 1.0), method=method, unparsed=unparsed)
