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


def is_right(output: Any) -> float:
    """1 for a right answer, a right refusal too."""
    return float(output.right)


def worth(output: Any, price: float = 1.0) -> float:
    """1 for a right answer, −`price` for a false one; what is declined is worth nothing, also where that is right."""
    return 0.0 if output.declined else 1.0 if output.right else -price


def net(way: Way, counts: Answerable, price: float = 1.0) -> float:
    """What an answer is worth on average, over all items that count, those without an answer too."""
    asked = [one.output for some in way.values() for one in some if counts(one.item)]
    return sum(worth(one, price) for one in asked if one is not None) / max(1, len(asked))


def bolder(told: Mapping[str, Way], choice: str, counts: Answerable) -> list[str]:
    """A line on which way is ahead of the choice where false answers cost little, and up to what they may cost."""
    right = {name: net(way, counts, 0.0) for name, way in told.items()}
    false = {name: right[name] - net(way, counts) for name, way in told.items()}
    bold = max(right, key=lambda name: (right[name], -false[name]))
    if bold == choice or false[bold] <= false[choice]:
        return []
    price = (right[bold] - right[choice]) / (false[bold] - false[choice])
    return [f"  {bold} is ahead of it where a false answer costs less than {price:.2f} of what a right one is worth."]


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


def gain(before: Way, after: Way, counts: Answerable, each: Worth = is_right) -> Interval:
    """Of what answers are worth on average, after − before, paired; an item's seeds are drawn together."""
    found = [pair for pair in _pairs(before, after) if counts(pair[0])]
    old, new = ([each(pair[side]) for pair in found] for side in (1, 2))
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
