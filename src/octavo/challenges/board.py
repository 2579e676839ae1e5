"""Board: a trial as a table for a terminal, and the trials that a project has kept."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from octavo.challenges.response import ENERGY_ASSUMPTION

FOLDER = "trials"


def keep(store: Path, document: Mapping[str, Any]) -> Path:
    """Write a trial into `<store>/trials`, whole or not at all; returns where it lies."""
    when = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S%fZ")
    folder = store / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{document['challenge']}-{when}.json"
    part = path.with_suffix(".part")
    part.write_text(json.dumps({**document, "when": when}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    part.rename(path)
    return path


def kept(store: Path) -> tuple[list[dict[str, Any]], list[Path]]:
    """The newest trial of each challenge, by name, and the files that can't be read (the trial can be run again)."""
    newest: dict[str, dict[str, Any]] = {}
    damaged = []
    for path in sorted((store / FOLDER).glob("*.json")):
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            newest[document["challenge"]] = document
        except (OSError, ValueError, KeyError, TypeError):
            damaged.append(path)
    return [newest[name] for name in sorted(newest)], damaged


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
    rows = [("response", "measure", "before", "after", "change [95 %]", "verdict")]
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
    lines += ["", *_aligned(costs), "", f"Energy: {ENERGY_ASSUMPTION}. No effect: the interval lies within the margin."]
    return "\n".join(lines)


def _scored(score: Mapping[str, Any]) -> str:
    return f"{score['value']:.3f} [{score['low']:.3f}, {score['high']:.3f}]"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
