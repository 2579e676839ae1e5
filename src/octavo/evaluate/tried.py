"""Tried: the challenges a project has tried, before and after with intervals, verdict and cost, as a section."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from octavo.evaluate.charts import interval_bar
from octavo.evaluate.markup import duration, listed, memory, note, section, table
from octavo.evaluate.scorecard import ARROWS

TONES = {"better": "good", "worse": "bad"}
NONE = "No challenge has been tried in this project yet: octavo try lists them, octavo try NAME runs one."


def tried(trials: Sequence[Mapping[str, Any]], unreadable: Sequence[str]) -> str:
    """The section: each kept trial, and the files that can't be read."""
    damaged = [f"{name} can't be read and is left out; the trial can be run again" for name in unreadable]
    lead = (
        "Each response against the baseline of its challenge, on the same items, seeds and budget. Band: where the "
        "change lies with 95 % confidence; tick: no change. No effect: the band lies within the margin that the "
        "challenge sets."
    )
    shown = note(lead) + "".join(map(_trial, trials)) if trials else f"<p>{escape(NONE)}</p>"
    return section("trials", "Trials", shown + listed(damaged))


def _trial(trial: Mapping[str, Any]) -> str:
    base = trial["baseline"]
    seeds = ("seed " if len(trial["seeds"]) == 1 else "seeds ") + ", ".join(str(seed) for seed in trial["seeds"])
    when = str(trial.get("when", ""))[:8]
    day = f", on {when[:4]}-{when[4:6]}-{when[6:]}" if len(when) == 8 and when.isdigit() else ""
    about = (
        f"{trial['subject']}. {trial['items']:,} items, {seeds}, at most {trial['budget_seconds']:g} s a "
        f"seed{day}. Baseline: {base['name']}."
    )
    rows = [_row(one["name"], effect) for one in trial["responses"] for effect in one["effects"]]
    body = "".join(rows) or "".join(_alone(score) for score in base["scores"])
    return (
        f'<h3 class="trial">{escape(trial["challenge"])}</h3>{note(about)}'
        '<table class="scores"><thead><tr><th scope="col">response</th><th scope="col">measure</th>'
        '<th scope="col" class="n">before</th><th scope="col" class="n">after</th><th scope="col">change</th>'
        f'<th scope="col">verdict</th></tr></thead><tbody>{body}</tbody></table>{_cost(trial)}'
    )


def _row(response: str, effect: Mapping[str, Any]) -> str:
    low, high = effect["interval"]["low"], effect["interval"]["high"]
    widest = max(abs(low), abs(high), abs(effect["margin"])) * 1.1 or 1.0
    bar = ""
    if all(map(math.isfinite, (low, high, effect["difference"]))):
        bar = interval_bar(
            title=f"{response}: change of {effect['measure']}",
            value=effect["difference"],
            low=low,
            high=high,
            baseline=0.0,
            domain=(-widest, widest),
        )
    p = "" if effect["p"] is None else f", p = {effect['p']:.2g}"
    tone = TONES.get(effect["verdict"], "open")
    return (
        f'<tr><th scope="row">{escape(response)}</th><td data-name="measure">{_measure(effect)}</td>'
        f'<td class="n" data-name="before">{_scored(effect["before"])}</td>'
        f'<td class="n" data-name="after">{_scored(effect["after"])}</td>'
        f'<td class="bar change">{bar}<small>{effect["difference"]:+.3f} ({low:+.3f} to {high:+.3f}{p})</small></td>'
        f'<td data-name="verdict"><span class="verdict {tone}">{escape(effect["verdict"])}</span></td></tr>'
    )


def _alone(score: Mapping[str, Any]) -> str:
    return (
        f'<tr><th scope="row">the baseline</th><td data-name="measure">{escape(score["name"])}</td>'
        f'<td class="n" data-name="before">{_scored(score)}</td><td>–</td><td>–</td><td>–</td></tr>'
    )


def _measure(effect: Mapping[str, Any]) -> str:
    arrow = ARROWS.get(effect["direction"], "")
    return f'{escape(effect["measure"])}&nbsp;<span class="arrow">{arrow}</span>'


def _scored(score: Mapping[str, Any]) -> str:
    return f"<b>{score['value']:.3f}</b> <small>{score['low']:.3f} – {score['high']:.3f}</small>"


def _cost(trial: Mapping[str, Any]) -> str:
    rows = []
    for one in (trial["baseline"], *trial["responses"]):
        cost = one["cost"]
        held = "unknown" if cost["peak_memory"] is None else memory(cost["peak_memory"])
        flops = "unknown" if cost["flops"] is None else f"{cost['flops']:.2g}"
        rows.append(
            [one["name"], duration(cost["seconds"]), held, flops, f"{cost['joules']:.1f} J", f"{cost['late']:,}"]
        )
    head = ["all seeds together", "time", "peak memory", "FLOPs", "energy, estimated", "left unanswered"]
    assumed = trial["baseline"]["cost"].get("energy_assumption")
    said = note(f"Energy: {assumed}.") if assumed else ""
    inside = table(head, rows, numbers=(1, 2, 3, 4, 5)) + said
    return f"<details><summary>What it cost</summary>{inside}</details>"
