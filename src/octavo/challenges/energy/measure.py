"""Measures of energy: what is answered, and what each correct answer took, by processor time and by operations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from octavo.challenges.measure import Measure
from octavo.challenges.response import Prediction, Row
from octavo.measures.energy import WATTS, per_correct
from octavo.measures.intervals import Floats

MOST = 1e9
"""What there is no correct answer for."""
BUSY = sum(busy for _, busy in WATTS) / len(WATTS)
"""Watts of a busy virtual processor, in the middle of what servers need; see the recommendation for the ends."""


def right_in(*sets: str) -> Callable[[Any, Sequence[Row], Sequence[Prediction]], list[tuple[float, ...]]]:
    """(is of these sets, answered right)."""

    def rows(ground: Any, probe: Sequence[Row], predictions: Sequence[Prediction]) -> list[tuple[float, ...]]:
        return [
            (float(row["set"] in sets), float(row["set"] in sets and told.output is not None and told.output.right))
            for row, told in zip(probe, predictions, strict=True)
        ]

    return rows


def false_rows(ground: Any, probe: Sequence[Row], predictions: Sequence[Prediction]) -> list[tuple[float, ...]]:
    """(1, got an answer that is not right); a missing answer counts as one."""
    return [(1.0, float(one.output is None or not (one.output.right or one.output.declined))) for one in predictions]


def cost_rows(take: Callable[[Any], float]) -> Callable[[Any, Sequence[Row], Sequence[Prediction]], Any]:
    """(right, cost) of each row; nothing for a missing answer, which is not right either."""

    def rows(ground: Any, probe: Sequence[Row], predictions: Sequence[Prediction]) -> list[tuple[float, ...]]:
        return [
            (0.0, 0.0) if one.output is None else (float(one.output.right), take(one.output)) for one in predictions
        ]

    return rows


def share(table: Floats) -> float:
    """The mean of the second column over the rows that are concerned."""
    return float(table[:, 1].sum() / max(1.0, table[:, 0].sum()))


def each_correct(table: Floats) -> float:
    """Σ cost of all rows / correct rows."""
    return min(MOST, per_correct(table[:, 1].tolist(), table[:, 0].tolist()))


def _share(*sets: str) -> Measure:
    return Measure(right_in(*sets), share, "share of questions", lambda t: int(t[:, 0].sum()), over="items and seeds")


def _cost(take: Callable[[Any], float]) -> Measure:
    return Measure(cost_rows(take), each_correct, "Σ cost of all / correct answers", over="items and seeds")


MEASURES = {
    "right": _share("told", "updated"),
    "right, updated": _share("updated"),
    "false answers": Measure(false_rows, share, "share of questions", over="items and seeds"),
    "GFLOPs per correct answer": _cost(lambda told: told.flops / 1e9),
    "joules per correct answer": _cost(lambda told: told.cpu * BUSY),
    "seconds per correct answer": _cost(lambda told: told.cpu),
}
