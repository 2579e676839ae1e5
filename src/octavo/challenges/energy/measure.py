"""Measures of energy: what is answered, and what each correct answer took, by processor time and by operations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from octavo.challenges.invented import false_in, right_in, share_of
from octavo.challenges.measure import Measure
from octavo.challenges.response import WATTS_PER_CORE, Prediction, Row
from octavo.measures.energy import per_correct
from octavo.measures.intervals import Floats

MOST = 1e6
"""What there is no correct answer for."""


def cost_rows(take: Callable[[Any], float]) -> Callable[[Any, Sequence[Row], Sequence[Prediction]], Any]:
    """(right, cost) of each row; nothing for a missing answer, which is not right either."""

    def rows(ground: Any, probe: Sequence[Row], predictions: Sequence[Prediction]) -> list[tuple[float, ...]]:
        return [
            (0.0, 0.0) if one.output is None else (float(one.output.right), take(one.output)) for one in predictions
        ]

    return rows


def taking_rows(ground: Any, probe: Sequence[Row], predictions: Sequence[Prediction]) -> list[tuple[float, ...]]:
    """(statements, processor seconds that they took), the same in all rows; no statement where nothing was told."""
    rows: list[tuple[float, ...]] = []
    for one in predictions:
        facts = 0 if one.output is None else sum(count for count, _ in one.output.taking_in)
        rows.append((float(facts), one.output.build.cpu if facts else 0.0))
    return rows


def each_correct(table: Floats) -> float:
    """Σ cost of all rows / correct rows."""
    return min(MOST, per_correct(table[:, 1].tolist(), table[:, 0].tolist()))


def each_fact(table: Floats) -> float:
    """Joules of taking in / statements."""
    return float(WATTS_PER_CORE * table[:, 1].sum() / table[:, 0].sum()) if table[:, 0].any() else MOST


def _cost(take: Callable[[Any], float]) -> Measure:
    return Measure(cost_rows(take), each_correct, "Σ cost of all / correct answers", over="items and seeds")


MEASURES = {
    "right": share_of(right_in("told", "updated")),
    "right, updated": share_of(right_in("updated")),
    "false answers": share_of(false_in("told", "updated", "never seen")),
    "GFLOPs per correct answer": _cost(lambda told: told.cost.flops / 1e9),
    "joules per correct answer": _cost(lambda told: told.cost.cpu * WATTS_PER_CORE),
    "seconds per correct answer": _cost(lambda told: told.cost.cpu),
    "joules per new fact": Measure(taking_rows, each_fact, "joules of taking in / statements", over="seeds"),
}
