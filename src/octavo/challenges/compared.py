"""Compared: two ways side by side, on the items of all seeds that both answered, for recommendations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from octavo.challenges.response import Prediction
from octavo.challenges.trial import Trial
from octavo.measures.energy import ratio_per_correct
from octavo.measures.intervals import Interval, paired_bootstrap

Way = Mapping[int, Sequence[Prediction]]
"""What one way gave, by seed; its outputs say whether they are `right`."""
Answerable = Callable[[str], bool]
"""Whether the item of this id has an answer."""


Worth = Callable[[Any], float]
"""What an answer is worth."""


def _right(output: Any) -> float:
    return float(output.right)


def ways(trial: Trial) -> dict[str, Way]:
    """All that were tried, the baseline first."""
    return {trial.baseline: trial.predictions, **{one.response: one.predictions for one in trial.tried}}


def late(trial: Trial) -> int:
    """Answers that the budget left out."""
    return trial.cost.late + sum(one.cost.late for one in trial.tried)


def outputs(way: Way) -> list[Any]:
    """Of all items that were answered."""
    return [one.output for some in way.values() for one in some if one.output is not None]


def share_right(way: Way, answerable: Answerable) -> float:
    """Of the answerable items; a missing answer is not right."""
    asked = [one.output for some in way.values() for one in some if answerable(one.item)]
    return sum(one is not None and one.right for one in asked) / max(1, len(asked))


def gain(before: Way, after: Way, counts: Answerable, worth: Worth = _right) -> Interval:
    """Of what answers are worth on average, after − before, paired; an item's seeds are drawn together."""
    found = [pair for pair in _pairs(before, after) if counts(pair[0])]
    old, new = ([worth(pair[side]) for pair in found] for side in (1, 2))
    return paired_bootstrap(old, new, clusters=[item for item, _, _ in found])


def ratio(before: Way, after: Way, cost: Callable[[Any], float]) -> Interval:
    """Of the cost per correct answer, after / before, paired."""
    found = _pairs(before, after)
    old, new = ([(cost(pair[side]), float(pair[side].right)) for pair in found] for side in (1, 2))
    return ratio_per_correct(old, new, [item for item, _, _ in found])


def _pairs(before: Way, after: Way) -> list[tuple[str, Any, Any]]:
    flat = [[one for some in way.values() for one in some] for way in (before, after)]
    return [
        (one.item, one.output, two.output)
        for one, two in zip(*flat, strict=True)
        if one.output is not None and two.output is not None
    ]
