"""Measures of entity alignment: is the right record first, is it linked and nothing else, and what does it cost?"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from octavo.challenges.entity_alignment.told import Told
from octavo.challenges.measure import Measure
from octavo.challenges.response import Prediction, Row
from octavo.measures.intervals import Floats

MOST_SECONDS, MOST_JOULES, MOST_MONEY = 1e6, 1e7, 1e10
"""What a missing answer counts as, and any more than that."""
Rows = Callable[[Any, Sequence[Row], Sequence[Prediction]], list[tuple[float, ...]]]


def decided_rows(ground: Any, probe: Sequence[Row], predictions: Sequence[Prediction]) -> list[tuple[float, ...]]:
    """(has a counterpart, is hard, the best is right, is linked, rightly); a missing answer is a wrong link."""
    rows = []
    for row, prediction in zip(probe, predictions, strict=True):
        has, hard, told = row["truth"] is not None, bool(row["hard"]), prediction.output
        if not isinstance(told, Told) or not math.isfinite(told.score):
            rows.append((float(has), float(hard), 0.0, 1.0, 0.0))
        else:
            right = has and told.best == row["truth"]
            rows.append((float(has), float(hard), float(right), float(told.linked), float(told.linked and right)))
    return rows


def first(table: Floats) -> float:
    """R@1 over the advisories that have a counterpart."""
    return float(table[:, 2].sum() / max(1.0, table[:, 0].sum()))


def first_hard(table: Floats) -> float:
    """R@1 over the hard ones of them."""
    return float((table[:, 2] * table[:, 1]).sum() / max(1.0, table[:, 1].sum()))


def no_match_f1(table: Floats) -> float:
    """2 · right links / (links + advisories with a counterpart)."""
    return float(2 * table[:, 4].sum() / max(1.0, table[:, 3].sum() + table[:, 0].sum()))


def cost_rows(which: int, most: float) -> Rows:
    """One number of `Spent.per_thousand` in every row."""

    def rows(ground: Any, probe: Sequence[Row], predictions: Sequence[Prediction]) -> list[tuple[float, ...]]:
        outputs = [prediction.output for prediction in predictions]
        return [(min(most, one.spent.per_thousand()[which]) if isinstance(one, Told) else most,) for one in outputs]

    return rows


def mean(table: Floats) -> float:
    """Of the only column."""
    return float(table[:, 0].mean())


def _with_counterpart(table: Floats) -> int:
    return int(table[:, 0].sum())


def _hard(table: Floats) -> int:
    return max(1, int(table[:, 1].sum()))


def _cost(which: int, most: float, method: str) -> Measure:
    return Measure(cost_rows(which, most), mean, method, over="seeds")


MEASURES = {
    "R@1": Measure(decided_rows, first, "share of those with a counterpart", _with_counterpart),
    "R@1, hard": Measure(decided_rows, first_hard, "share of the hard ones with a counterpart", _hard),
    "no-match F1": Measure(decided_rows, no_match_f1, "2 · right / (linked + with a counterpart)", _with_counterpart),
    "seconds": _cost(0, MOST_SECONDS, "wall seconds for 1,000 decisions"),
    "joules": _cost(1, MOST_JOULES, "estimated joules for 1,000 decisions"),
    "millionths of money": _cost(2, MOST_MONEY, "millionths of money for 1,000 decisions"),
}
