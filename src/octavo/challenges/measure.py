"""Measure: how predictions become numbers, one row an item, so that before and after can be compared in pairs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from octavo.challenges.card import MeasureCard
from octavo.challenges.response import Prediction, Row
from octavo.kinds.scores import Score
from octavo.measures.intervals import Floats, over_items, wilson


@dataclass(frozen=True)
class Measure:
    """`rows` gives one row of numbers an item (in the probe's order), `statistic` the value of all of them."""

    rows: Callable[[Any, Sequence[Row], Sequence[Prediction]], Sequence[Sequence[float]]]
    """(ground, probe, predictions) → rows. What can't be parsed must count against the subject."""
    statistic: Callable[[Floats], float]
    method: str
    concerned: Callable[[Floats], int] = len
    """How many rows the statistic is really about, where a probe has rows for several measures."""

    def table(self, ground: Any, probe: Sequence[Row], predictions: Sequence[Prediction]) -> Floats:
        """The rows as an array (items × numbers)."""
        rows = np.array(self.rows(ground, probe, predictions), dtype=np.float64)
        assert rows.shape[:1] == (len(probe),), "one row an item"
        return rows


def score(card: MeasureCard, measure: Measure, tables: Sequence[Floats]) -> Score:
    """The value, averaged over the seeds (one table each), with an interval over the items."""
    value = float(np.mean([measure.statistic(table) for table in tables]))
    interval = over_items([], tables, measure.statistic, resamples=1000)
    low, high = interval.low, interval.high
    if low == high and card.range == (0.0, 1.0):
        # Equal items leave a bootstrap without width; the share of that many items still has one.
        n = measure.concerned(tables[0])
        share = wilson(round(value * n), n)
        low, high = min(share.low, value), max(share.high, value)
    return Score(
        name=card.name,
        value=value,
        n=len(tables[0]),
        low=low,
        high=high,
        direction=card.direction,
        range=card.range,
        method=f"{measure.method}; {interval.method}, mean of {len(tables)} seeds",
    )
