"""Trials of challenges as a table: `octavo try NAME --seeds 3 --json` for each, and what it recommends.

    python bench/trials.py [adapt_or_retrieve] [energy] [--seeds 3] [--budget SECONDS] [--write bench/results]

Each writes `bench/results/trial_NAME.md`: a row for each way, a column for each measure, the verdict beside the
baseline. What the budget leaves out is named there.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NAMES = ("adapt_or_retrieve", "energy")
SIGNS = {"better": " ✓", "worse": " ✗", "cannot tell": " ?", "no effect": ""}
NONE = 1e6
"""What stands for a cost where there is no correct answer."""


def tried(name: str, seeds: int, budget: float | None) -> tuple[dict[str, Any], float, float]:
    """The trial as JSON, the seconds that it took, and the load of the machine meanwhile."""
    command = [str(Path(sys.executable).parent / "octavo"), "try", name, "--seeds", str(seeds), "--json"]
    command += ["--budget", str(budget)] if budget else []
    began, before = time.perf_counter(), os.getloadavg()[0]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd="/")
    found: dict[str, Any] = json.loads(done.stdout)
    return found, time.perf_counter() - began, max(before, os.getloadavg()[0])


def row(
    name: str, scores: Mapping[str, Mapping[str, Any]], verdicts: Mapping[str, str], cost: Mapping[str, Any]
) -> str:
    """A way: each measure with its interval and the sign of its verdict, and what all seeds took."""
    cells = [f"{_number(one)}{SIGNS[verdicts[measure]] if verdicts else ''}" for measure, one in scores.items()]
    left = f" ({cost['late']} left out)" if cost["late"] else ""
    return f"| {name} | {' | '.join(cells)} | {cost['cpu_seconds']:.0f}{left} |"


def _number(score: Mapping[str, Any]) -> str:
    low, high = ("–" if end >= NONE else f"{end:.3g}" for end in (score["low"], score["high"]))
    return "none" if score["value"] >= NONE else f"{score['value']:.3g} [{low}, {high}]"


def page(trial: Mapping[str, Any], wall: float, load: float, command: str) -> str:
    """What is written."""
    base, cores = trial["baseline"], len(os.sched_getaffinity(0))
    scores = {one["name"]: one for one in base["scores"]}
    busy = f"; **machine busy** (load {load:.1f}), times are too long" if load > cores + 0.5 else ""
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "numpy"))
    lines = [
        f"# Trial: {trial['challenge'].replace('_', ' ')}",
        "",
        f"`{command}`; {datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {cores} cores, Python "
        f"{platform.python_version()}, {packages}{busy}. {wall / 60:.1f} minutes. {trial['subject']}; "
        f"{trial['items']} rows, seeds {', '.join(map(str, trial['seeds']))}, at most "
        f"{trial['budget_seconds']:g} s a way and seed.",
        "",
        "95 % intervals in brackets; ✓ better and ✗ worse than the baseline (the first row) by a paired interval, ? "
        "cannot tell, no sign: no effect.",
        "",
        f"| | {' | '.join(scores)} | processor s, all seeds |",
        f"|{'---|' * (len(scores) + 2)}",
        row(base["name"], scores, {}, base["cost"]),
    ]
    for one in trial["responses"]:
        after = {effect["measure"]: effect["after"] for effect in one["effects"]}
        lines.append(
            row(one["name"], after, {effect["measure"]: effect["verdict"] for effect in one["effects"]}, one["cost"])
        )
    lines += ["", *(f"Not run: {name}: {why}" for name, why in trial["not_run"].items())]
    lines += [f"- {line.strip()}" for line in trial["recommendation"]]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Carry them out one after another; each page is written as soon as it is known."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("names", nargs="*", default=list(NAMES))
    asked.add_argument("--seeds", type=int, default=3)
    asked.add_argument("--budget", type=float)
    asked.add_argument("--write", type=Path, default=HERE / "results")
    given = asked.parse_args()
    for name in given.names:
        trial, wall, load = tried(name, given.seeds, given.budget)
        command = f"python bench/trials.py {name} --seeds {given.seeds}"
        command += f" --budget {given.budget:g}" if given.budget else ""
        written = page(trial, wall, load, command)
        given.write.mkdir(parents=True, exist_ok=True)
        (given.write / f"trial_{name}.md").write_text(written, encoding="utf-8")
        print(written)


if __name__ == "__main__":
    main()
