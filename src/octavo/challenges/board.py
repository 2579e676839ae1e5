"""Board: a trial as a table for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from octavo.challenges.response import ENERGY_ASSUMPTION


def table(trial: Mapping[str, Any]) -> str:
    """Before and after with paired intervals, cost and verdict; the same from a trial just run or from a kept one."""
    base = trial["baseline"]
    seeds = ", ".join(str(seed) for seed in trial["seeds"])
    lines = [
        f"{trial['challenge']}: {trial['subject']}",
        f"{trial['items']} items, seeds {seeds}, at most {trial['budget_seconds']:g} s a seed",
        f"baseline: {base['name']}",
        "",
    ]
    rows = [("response", "measure", "before", "after", "by seed", "change [95 %]", "verdict")]
    for response in trial["responses"]:
        for number, effect in enumerate(response["effects"]):
            low, high = effect["interval"]["low"], effect["interval"]["high"]
            p = "" if effect["p"] is None else f", p = {effect['p']:.2g}"
            rows.append(
                (
                    response["name"] if number == 0 else "",
                    effect["measure"] + (" ↓" if effect["direction"] == "lower" else " ↑"),
                    _scored(effect["before"]),
                    _scored(effect["after"]),
                    _spread(effect.get("by_seed", ())),
                    f"{effect['difference']:+.3f} [{low:+.3f}, {high:+.3f}]{p}",
                    effect["verdict"],
                )
            )
    lines += _aligned(rows)
    costs = [("cost, all seeds", "seconds", "peak memory", "FLOPs", "energy (estimate)", "left unanswered")]
    for name, cost in [(base["name"], base["cost"]), *((one["name"], one["cost"]) for one in trial["responses"])]:
        memory = "unknown" if cost["peak_memory"] is None else f"{cost['peak_memory'] / 2**20:,.0f} MiB"
        flops = "unknown" if cost["flops"] is None else f"{cost['flops']:.2g}"
        costs.append((name, f"{cost['seconds']:.2f}", memory, flops, f"{cost['joules']:.1f} J", f"{cost['late']}"))
    lines += ["", *_aligned(costs), ""]
    lines += [
        f"left out: {name}: {cost['late']} answers came after {trial['budget_seconds']:g} s and count as missing; "
        "--budget gives more"
        for name, cost in [(base["name"], base["cost"]), *((one["name"], one["cost"]) for one in trial["responses"])]
        if cost["late"]
    ]
    lines += [f"not run: {name}: {why}" for name, why in trial.get("not_run", {}).items()]
    lines += [f"Energy: {ENERGY_ASSUMPTION}. No effect: the interval lies within the margin."]
    lines += ["", *trial["recommendation"]] if trial.get("recommendation") else []
    return "\n".join(lines)


def _scored(score: Mapping[str, Any]) -> str:
    return f"{score['value']:.3f} [{score['low']:.3f}, {score['high']:.3f}]"


def _spread(values: Sequence[float]) -> str:
    """The least and the largest of the seeds."""
    return f"{min(values):.3f} … {max(values):.3f}" if len(values) > 1 and min(values) < max(values) else ""


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
