"""Measure: how predictions become numbers, one row an item, so that before and after can be compared in pairs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from octavo.challenges.card import MeasureCard
from octavo.challenges.response import Prediction, Row
from octavo.kinds.scores import Score
from octavo.measures.intervals import RESAMPLES, Floats, Interval, over_items, over_seeds, wilson


@dataclass(frozen=True)
class Measure:
    """`rows` gives one row of numbers an item (in the probe's order), `statistic` the value of all of them."""

    rows: Callable[[Any, Sequence[Row], Sequence[Prediction]], Sequence[Sequence[float]]]
    """(ground, probe, predictions) → rows. What can't be parsed must count against the subject."""
    statistic: Callable[[Floats], float]
    method: str
    concerned: Callable[[Floats], int] = len
    """How many rows the statistic is really about, where a probe has rows for several measures."""
    over: Literal["items", "items and seeds", "seeds"] = "items"
    """What an interval is drawn over: the rows; both, where what a seed decides is learnt anew; or the seeds alone,
    where all rows of a seed have one number."""

    def table(self, ground: Any, probe: Sequence[Row], predictions: Sequence[Prediction]) -> Floats:
        """The rows as an array (items × numbers)."""
        rows = np.array(self.rows(ground, probe, predictions), dtype=np.float64)
        assert rows.shape[:1] == (len(probe),), "one row an item"
        return rows

    def interval(self, before: Sequence[Floats], after: Sequence[Floats], resamples: int = RESAMPLES) -> Interval:
        """Of statistic(after) − statistic(before), or of statistic(after) itself."""
        if self.over == "seeds":
            return over_seeds([self.statistic(rows) for rows in before], [self.statistic(rows) for rows in after])
        both = self.over == "items and seeds"
        return over_items(before, after, self.statistic, resamples=resamples, draw_seeds=both)


def score(card: MeasureCard, measure: Measure, tables: Sequence[Floats]) -> Score:
    """The value, averaged over the seeds (one table each), with an interval over the items."""
    value = float(np.mean([measure.statistic(table) for table in tables]))
    interval = measure.interval([], tables, 1000)
    low, high = max(card.range[0], interval.low), min(card.range[1], interval.high)
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
