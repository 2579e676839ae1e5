"""Recommendation: what each way takes beside the others, paired, what that rests on, and when it would flip."""

from __future__ import annotations

import math
from collections.abc import Mapping

from octavo.challenges.compared import Way, bolder, gain, late, net, outputs, ratio, share_right, ways
from octavo.challenges.energy.answering import NOTHING, Cost, Told
from octavo.challenges.response import WATTS_PER_CORE
from octavo.challenges.trial import Trial
from octavo.measures.energy import WATTS, break_even, per_correct, ratio_per_correct
from octavo.measures.intervals import Interval

MARGIN = 0.02
"""By which the share of right answers may be lower for a saving to be one."""
MINE, CONTROL = "memory", "memory again"
LEARNT = "fine-tune"


def recommend(trial: Trial) -> list[str]:
    """Lines for the end of the table: the choice, ratios of memory to each other way, what they rest on, the flip."""
    told = ways(trial)
    lines = _choice({name: way for name, way in told.items() if name != CONTROL and _right(way)})
    if MINE in told:
        lines += [_beside(name, told[MINE], way) for name, way in told.items() if name not in (MINE, CONTROL)]
        if CONTROL in told:
            noise = ratio(told[MINE], told[CONTROL], _cpu)
            lines.append(
                f"  Control: memory a second time / the first: processor time {_said(noise)}; so much is noise."
            )
        lines += [_each_fact(told[MINE], told[LEARNT])] if LEARNT in told else []
        lines.append(_flips(told))
    missing = late(trial)
    ends = f"{WATTS[0][1] / WATTS_PER_CORE:.2f} to {WATTS[1][1] / WATTS_PER_CORE:.2f} times"
    return [
        *lines,
        f"It rests on {trial.items} questions, seeds {', '.join(map(str, trial.seeds))}, {trial.subject}; joules are "
        f"processor time at {WATTS_PER_CORE:.1f} W, no meter read: the true ones may be {ends} as many. Ratios don't "
        "depend on that. FLOPs are those of the model; an index is counted in time only, loading a model is nobody's "
        "cost."
        + (f" {missing} answers were left out by the budget and are in no ratio: give more." if missing else ""),
    ]


def _choice(able: Mapping[str, Way]) -> list[str]:
    """The cheapest of those whose answers are worth as much as any's."""
    if not able:
        return ["Recommended: none; nothing gave a correct answer."]
    value = {name: net(way, _all) for name, way in able.items()}
    level = [name for name in able if value[name] >= max(value.values()) - MARGIN]
    best, cheapest = (min(some, key=lambda name: _cost(able[name]).cpu) for some in (level, able))
    less = f"; {cheapest} takes less ({_cost(able[cheapest]).cpu * WATTS_PER_CORE:.3g} J), and is worth less"
    cost = _cost(able[best])
    return [
        f"Recommended, where a false answer costs what a right one is worth: {best}: {_right(able[best]):.2f} right, "
        f"at {cost.cpu * WATTS_PER_CORE:.3g} J and {cost.flops / 1e9:.3g} GFLOPs a correct answer"
        f"{'' if best == cheapest else less}.",
        *bolder(able, best, _all),
    ]


def _beside(name: str, mine: Way, other: Way) -> str:
    if not _right(other) or not _right(mine):
        return f"  memory / {name}: no ratio, since one of them has no correct answer."
    flops, seconds = ratio(other, mine, lambda one: float(one.cost.flops)), ratio(other, mine, _cpu)
    more = gain(other, mine, _answerable)
    if seconds.high < 1 and more.low >= -MARGIN:
        judged = "a saving"
    elif seconds.high < 1:
        judged = f"it takes less, but may be right less often by more than {MARGIN:.0%}"
    else:
        judged = f"no saving: {name} takes less" if seconds.low > 1 else "cannot tell"
    return (
        f"  memory / {name}, per correct answer: processor time {_said(seconds)}, FLOPs {_said(flops)}; right "
        f"{_right(mine):.2f} against {_right(other):.2f} ({more.low:+.2f} to {more.high:+.2f}): {judged}."
    )


def _each_fact(mine: Way, learnt: Way) -> str:
    """Energy of a new fact: the parts of the streams in pairs, whole seeds' parts drawn."""
    old, new = _parts(learnt), _parts(mine)
    if not old or len(old) != len(new):
        return "  A new fact: no ratio, since not both took all in."
    ratio = ratio_per_correct(
        [(cost.cpu, facts) for facts, cost in new], [(cost.cpu, facts) for facts, cost in old], list(range(len(old)))
    )
    each = [WATTS_PER_CORE * sum(cost.cpu for _, cost in some) / sum(facts for facts, _ in some) for some in (new, old)]
    return (
        f"  A new fact: memory writes it for {each[0] * 1000:.3g} mJ, fine-tuning learns it for {each[1]:.3g} J: "
        f"{_said(ratio)} times as much, over {len(old)} parts of the streams."
    )


def _flips(told: Mapping[str, Way]) -> str:
    """When another way would be cheaper than memory, by questions a statement that comes in."""
    mine, said = _fixed_and_each(told[MINE]), []
    for name, way in told.items():
        if name in (MINE, CONTROL, "neither") or not _right(way):
            continue
        found = break_even(*mine, *_fixed_and_each(way))
        few, many = (MINE, name) if found.first_for_few else (name, MINE)
        if math.isinf(found.flips):
            said.append(f"against {name} never ({few} takes less however much is asked)")
        else:
            said.append(f"against {name} at {found.flips:.2g} questions a statement ({few} below, {many} above)")
    return (
        "When it flips, by processor time of taking in and of a question, whether right or not: "
        f"{'; '.join(said) or 'nothing to compare with'}. It would too for a reader whom more text does not confuse, "
        "or where one fact follows from several."
    )


def _fixed_and_each(way: Way) -> tuple[float, float]:
    """Seconds of taking in a statement, and of a question."""
    parts, items = _parts(way), outputs(way)
    taken = sum(cost.cpu for _, cost in parts) / max(1, sum(facts for facts, _ in parts))
    return taken, sum(one.answering.cpu for one in items) / max(1, len(items))


def _parts(way: Way) -> list[tuple[int, Cost]]:
    """Of all seeds."""
    firsts = [next((one.output for one in some if one.output is not None), None) for some in way.values()]
    return [part for first in firsts if first is not None for part in first.taking_in]


def _cpu(one: Told) -> float:
    return one.cost.cpu


def _answerable(item: str) -> bool:
    return not item.startswith("never")


def _all(item: str) -> bool:
    return True


def _right(way: Way) -> float:
    return share_right(way, _answerable)


def _said(interval: Interval) -> str:
    return f"[{interval.low:.3g}, {interval.high:.3g}]"


def _cost(way: Way) -> Cost:
    """Of a correct answer."""
    items = outputs(way)
    total = sum((one.cost for one in items), NOTHING)
    return total * per_correct([1.0], [float(sum(one.right for one in items))])
