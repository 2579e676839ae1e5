"""Recommendation: which way a trial speaks for, what that rests on, and when it would flip."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from octavo.challenges.adapt_or_retrieve.ground import DEFAULT
from octavo.challenges.adapt_or_retrieve.measure import ANSWERABLE
from octavo.challenges.compared import Way, bolder, gain, late, net, outputs, ways, worth
from octavo.challenges.trial import Trial
from octavo.measures.energy import WATTS, break_even

UPDATED = ("retrieve", "fine-tune again")
"""The ways that take news in by one means alone."""


def recommend(tried: Trial) -> list[str]:
    """Lines for the end of the table: the choice, what the others did, what it rests on, when it would flip."""
    trial = tried.as_json()
    told = ways(tried)
    scores = {one["name"]: _values(one["effects"]) for one in trial["responses"]}
    scores[tried.baseline] = {one["name"]: one for one in trial["baseline"]["scores"]}
    seconds = {tried.baseline: tried.cost.cpu_seconds, **{one.response: one.cost.cpu_seconds for one in tried.tried}}
    best = max(told, key=lambda name: net(told[name], _asked))
    # What paired intervals can't tell from the best, and takes the least work, is the choice.
    level = [name for name in told if name == best or gain(told[best], told[name], _asked, worth).high >= 0]
    choice = min(level, key=lambda name: (seconds[name], name))
    mine = scores[choice]
    low, high = (seconds[choice] * busy for _, busy in WATTS)
    lines = [
        f"Recommended, where a false answer costs what a right one is worth: {choice}: {_said(mine['right'])} of the "
        f"questions right, {_said(mine['right, changed'])} where "
        f"documents changed, {mine['false answers']['value']:.2f} false answers, {seconds[choice]:.1f} s of the "
        f"processor, measuring included (some {low:.0f} to {high:.0f} J; no meter read)."
    ]
    for name in sorted((one for one in told if one != choice), key=lambda one: -scores[one]["right"]["value"]):
        lines.append(_beside(name, scores[name], mine, seconds[name] / max(1e-9, seconds[choice])))
    if choice != best:
        lines.append(f"  {best} is ahead by that, but {choice} can't be told from it in pairs, for less.")
    lines += bolder(told, choice, _asked)
    missing = late(tried)
    return [
        *lines,
        _flips(told, scores),
        f"It rests on {trial['items']} rows, seeds {', '.join(map(str, tried.seeds))}, invented short documents of two "
        f"facts, a model of 7 million parameters, BM25, and training on {DEFAULT.tokens:,} tokens at a rate chosen on "
        "other seeds. It does not tell: larger models or budgets, documents that must be understood rather than looked "
        "up, style and skills (what tuning is for), or questions that share no word with the document."
        + (f" {missing} answers were left out by the budget and count as wrong: give more." if missing else ""),
    ]


def _beside(name: str, one: Mapping[str, Any], mine: Mapping[str, Any], ratio: float) -> str:
    forgot = 100 * (one["bits per byte"]["value"] / max(mine["bits per byte"]["value"], 1e-9) - 1)
    seen, changed, new = (one[f"right, {part}"]["value"] for part in ANSWERABLE)
    return (
        f"  {name}: {_said(one['right'])} right (seen {seen:.2f}, changed {changed:.2f}, never seen {new:.2f}), "
        f"{one['false answers']['value']:.2f} false, {ratio:.1f}× its processor time, "
        f"{one['update seconds']['value']:.2g} s for news, {forgot:+.1f} % bits of other texts."
    )


def _flips(told: Mapping[str, Way], scores: Mapping[str, Mapping[str, Any]]) -> str:
    """From how many questions an update on what was learnt is cheaper to answer from than what is looked up."""
    if not all(name in told and outputs(told[name]) for name in UPDATED):
        return "When it flips can't be said without " + " and ".join(UPDATED) + "."
    costs = [_update_and_each(told[name]) for name in UPDATED]
    found = break_even(*costs[0], *costs[1])
    looked, learnt = (f"{name} {update:.2g} s and {each * 1000:.0f} ms" for name, (update, each) in zip(UPDATED, costs))
    shares = " against ".join(f"{scores[name]['right']['value']:.2f}" for name in reversed(UPDATED))
    if math.isinf(found.flips):
        when = f"{UPDATED[0] if found.first_for_few else UPDATED[1]} takes less however much is asked"
    else:
        few, many = UPDATED if found.first_for_few else UPDATED[::-1]
        when = f"{many} takes less from {found.flips:,.0f} questions an update, {few} below"
    return (
        f"When it flips: an update and a question take {looked}, {learnt} of the processor; {when}. That is a reason "
        f"only where it is right as often (here {shares}), as when documents stay and the same is asked in many ways."
    )


def _asked(item: str) -> bool:
    return _answerable(item) or item.startswith("nowhere-")


def _update_and_each(way: Way) -> tuple[float, float]:
    """Processor seconds of an update, and of a question, over all seeds."""
    firsts = [next((one.output for one in some if one.output is not None), None) for some in way.values()]
    updates = [one.update_seconds for one in firsts if one is not None]
    asked = [one.seconds for one in outputs(way) if not one.bytes]
    return sum(updates) / max(1, len(updates)), sum(asked) / max(1, len(asked))


def _answerable(item: str) -> bool:
    return item.rpartition("-")[0].replace("-", " ") in ANSWERABLE


def _values(effects: list[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {one["measure"]: one["after"] for one in effects}


def _said(score: Mapping[str, Any]) -> str:
    return f"{score['value']:.2f} [{score['low']:.2f}, {score['high']:.2f}]"
