"""Recommendation: what each way takes beside the others, paired, and what that rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from octavo.challenges.energy.measure import BUSY
from octavo.challenges.response import Prediction
from octavo.challenges.trial import Trial
from octavo.measures.energy import WATTS, per_correct, ratio_per_correct
from octavo.measures.intervals import Interval

Told = Mapping[int, Sequence[Prediction]]
"""What one way gave, by seed."""
MARGIN = 0.02
"""By which the share of right answers may be lower for a saving to be one."""


def recommend(trial: Trial) -> list[str]:
    """Lines for the end of the table: ratios of memory to each other way, the cheapest way, and what it rests on."""
    told = {one.response: one.predictions for one in trial.tried}
    lines = []
    if "memory" in told:
        lines += [_beside(name, told["memory"], other) for name, other in told.items() if name != "memory"]
    able = {name: _cost(one) for name, one in told.items() if _right(one)}
    if able:
        most = max(_right(told[name]) for name in able)
        level = [name for name in able if _right(told[name]) >= most - MARGIN]
        best = min(level, key=lambda name: able[name])
        cheapest = min(able, key=lambda name: able[name])
        lines.insert(
            0,
            f"Recommended: {best}: {_right(told[best]):.2f} right, as many as any, at {able[best] / 1e9:.3g} GFLOPs a "
            f"correct answer"
            + (
                "."
                if best == cheapest
                else f"; {cheapest} takes less ({able[cheapest] / 1e9:.3g}), and is right less often."
            ),
        )
    ends = f"{WATTS[0][1] / BUSY:.2f} to {WATTS[1][1] / BUSY:.2f} times"
    lines += [
        f"It rests on {trial.items} questions, {len(trial.seeds)} seeds, {trial.subject}; joules are processor time at "
        f"{BUSY:.1f} W, no meter read: the true ones may be {ends} as many. Ratios don't depend on that.",
        "FLOPs count the model and the likeness of keys; an index is counted in time only. Loading a model is nobody's "
        "cost. The number of passages and the learning rate were not searched for.",
    ]
    return lines


def _beside(name: str, mine: Told, other: Told) -> str:
    if not _right(other) or not _right(mine):
        return f"  memory / {name}: no ratio, since one of them has no correct answer."
    flops, seconds = _ratio(other, mine, "flops"), _ratio(other, mine, "cpu")
    sure = flops.high < 1 and _right(mine) >= _right(other) - MARGIN
    judged = "a saving" if sure else "no saving: it wins" if flops.low > 1 else "cannot tell, or right less often"
    return (
        f"  memory / {name}, per correct answer: FLOPs [{flops.low:.3g}, {flops.high:.3g}], processor time "
        f"[{seconds.low:.3g}, {seconds.high:.3g}]; right {_right(mine):.2f} against {_right(other):.2f}: {judged}."
    )


def _items(told: Told) -> list[Prediction]:
    return [one for predictions in told.values() for one in predictions]


def _ratio(before: Told, after: Told, cost: str) -> Interval:
    """Of the items that both answered, in pairs."""
    both = [
        pair
        for pair in zip(_items(before), _items(after), strict=True)
        if pair[0].output is not None and pair[1].output
    ]
    old, new = (
        [(getattr(one.output, cost), float(one.output.right)) for one in side] for side in zip(*both, strict=True)
    )
    return ratio_per_correct(old, new, [one.item for one, _ in both])


def _right(told: Told) -> float:
    asked = [one for one in _items(told) if one.output is not None and not one.item.startswith("never")]
    return float(sum(one.output.right for one in asked)) / max(1, len(asked))


def _cost(told: Told) -> float:
    items = [one.output for one in _items(told) if one.output is not None]
    return per_correct([one.flops for one in items], [float(one.right) for one in items])
