"""Contamination: a score with all items and without those that the training texts hold, and the difference."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from octavo.kinds.scores import Direction, Score
from octavo.measures.intervals import Floats, over_items, wilson


def with_and_without(
    scores: Mapping[str, float], found: Collection[str], *, name: str = "score", direction: Direction = "higher"
) -> list[Score]:
    """Item → score, and the ids of the items found in the training texts → four scores.

    The mean over all items, over those not found, over those found, and the inflation: the first minus the second,
    with an interval over items drawn together, so that its two sides stay paired. Means that no item is left for are
    not given; an inflation without found items is 0. Raises ValueError for fewer than two items.
    """
    if len(scores) < 2:
        raise ValueError("a score with and without some items needs at least two items")
    rows = np.array([(scores[item], float(item in found)) for item in sorted(scores)], dtype=np.float64)
    low, high = float(min(0.0, rows[:, 0].min())), float(max(1.0, rows[:, 0].max()))
    hit = rows[:, 1] > 0
    groups = [("all items", rows), ("items not found", rows[~hit]), ("items found", rows[hit])]
    result = [_mean(f"{name}, {about}", some, (low, high), direction) for about, some in groups if len(some)]
    if hit.all():
        return result
    change = _inflation(rows)
    if hit.any():
        interval = over_items([], [rows], _inflation)
        ends, method = (interval.low, interval.high), f"all minus not found, paired {interval.method}"
    else:
        ends, method = (0.0, 0.0), "no item was found"
    inflation = Score(
        name=f"{name}, inflation",
        value=change,
        n=len(rows),
        low=ends[0],
        high=ends[1],
        direction="lower" if direction == "higher" else "higher",
        range=(low - high, high - low),
        method=method,
        baseline=0.0,
        baseline_name="no contamination",
    )
    return [*result, inflation]


def _mean(name: str, rows: Floats, bounds: tuple[float, float], direction: Direction) -> Score:
    value = float(rows[:, 0].mean())
    if len(rows) < 2:
        return Score(name, value, 1, *bounds, direction, range=bounds, method="one item: any value is possible")
    if np.isin(rows[:, 0], (0, 1)).all():  # a bootstrap of items that all went alike has no width, a share has one
        interval = wilson(int(rows[:, 0].sum()), len(rows))
    else:
        interval = over_items([], [rows], lambda some: float(some[:, 0].mean()))
    return Score(name, value, len(rows), interval.low, interval.high, direction, range=bounds, method=interval.method)


def _inflation(rows: Floats) -> float:
    """Mean of all rows (score, found) minus mean of those not found; 0 where a draw holds only found ones."""
    rest = rows[rows[:, 1] == 0, 0]
    return float(rows[:, 0].mean() - rest.mean()) if len(rest) else 0.0
