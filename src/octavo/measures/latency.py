"""Latency: median and 95th percentile of seconds, with intervals that assume nothing about their distribution."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from octavo.kinds.scores import Score
from octavo.measures.intervals import order_statistics

LONGEST = 86_400.0
"""Upper end of the range: a day."""


def seconds_quantile(seconds: Sequence[float], quantile: float, *, name: str, baseline: float | None = None) -> Score:
    """A quantile of measured seconds with its order-statistic interval; lower is better."""
    interval = order_statistics(seconds, quantile)
    return Score(
        name=name,
        value=float(np.quantile(seconds, quantile)),
        n=len(seconds),
        low=interval.low,
        high=interval.high,
        direction="lower",
        unit="s",
        range=(0.0, LONGEST),
        method=f"quantile {quantile:g}, {interval.method}",
        baseline=baseline,
        baseline_name="" if baseline is None else "before",
    )


def latency(seconds: Sequence[float], name: str = "seconds per answer") -> list[Score]:
    """Median and p95."""
    return [
        seconds_quantile(seconds, 0.5, name=f"{name}, median"),
        seconds_quantile(seconds, 0.95, name=f"{name}, p95"),
    ]
