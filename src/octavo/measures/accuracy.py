"""Accuracy: the share of questions whose right document is cited first, or among the first k."""

from __future__ import annotations

from collections.abc import Sequence

from octavo.kinds.scores import Direction, Score
from octavo.measures.intervals import clopper_pearson, wilson


def share(
    name: str,
    outcomes: Sequence[bool],
    *,
    direction: Direction = "higher",
    exact: bool = False,
    unparsed: int = 0,
    baseline: float | None = None,
    baseline_name: str = "",
) -> Score:
    """The share of True among independent `outcomes` with its Wilson (or exact Clopper-Pearson) interval."""
    right, n = sum(outcomes), len(outcomes)
    interval = (clopper_pearson if exact else wilson)(right, n)
    return Score(
        name=name,
        value=right / n,
        n=n,
        low=interval.low,
        high=interval.high,
        direction=direction,
        method=f"share, {interval.method}",
        unparsed=unparsed,
        baseline=baseline,
        baseline_name=baseline_name,
    )


def rank_of(cited: Sequence[str], accepted: Sequence[str]) -> int | None:
    """Position (from 1) of the first cited document that is accepted, or None."""
    wanted = set(accepted)
    return next((place for place, document in enumerate(cited, 1) if document in wanted), None)


def right_within(name: str, ranks: Sequence[int | None], k: int, candidates: int) -> Score:
    """The share of questions with a right citation among the first `k`; the baseline cites at random."""
    outcomes = [rank is not None and rank <= k for rank in ranks]
    chance = min(1.0, k / candidates) if candidates else 0.0
    return share(name, outcomes, baseline=chance, baseline_name=f"{k} of {candidates} at random")
