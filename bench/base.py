"""What training begins from, how far it goes on and how much is read again: one project, one setting changed at a time.

    python bench/base.py PROJECT [--only NAME…]

PROJECT is a folder that `octavo new` made (`make run` leaves one in `demo`). Every variant is `octavo run` with other
settings, so that only what depends on them is made, as a user would make it; what the store has is kept and says what
it took. Writes `bench/results/base.md`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import torch

from octavo.kinds.checkpoint import SUMMARY
from octavo.model.machine import usable_cores
from octavo.pretrain.foundation import BaseSettings

HERE = Path(__file__).parent
STAGES = ("tokenizer", "audit", "pretrain", "instruct", "evaluate")
SCORES = {
    "base as it came": "bits per byte, base as it came",
    "base model": "bits per byte, base model",
    "uncontaminated": "bits per byte, base model, uncontaminated",
    "after instruction": "bits per byte, after instruction",
    "forgetting by instruction": "forgetting by instruction",
    "unsupported, generate": "unsupported claims, generate",
    "risk–coverage area, generate": "risk–coverage area, generate",
}


@dataclass(frozen=True)
class Variant:
    """One way to train: a name, and the settings that differ from the defaults."""

    name: str
    settings: tuple[str, ...]


VARIANTS = (
    Variant("seed", ("base.model=seed",)),
    Variant("scratch", ("base.model=scratch",)),
    Variant("seed, nothing read again", ("base.model=seed", "instruct.replay=0.0")),
    Variant("seed, 5 % read again", ("base.model=seed", "instruct.replay=0.05")),
    Variant("seed, instructed at half the rate", ("base.model=seed", "instruct.learning_rate={talk}*0.5")),
    Variant("seed, pretrained at half the rate", ("base.model=seed", "pretrain.learning_rate={rate}*0.5")),
    Variant("seed, pretrained at twice the rate", ("base.model=seed", "pretrain.learning_rate={rate}*2")),
)


def rates() -> dict[str, float]:
    """The learning rates that the seed is trained with by default: of pretraining and of instruction."""
    from octavo.align.instruct import RATE_SHARE
    from octavo.model.checkpoint import read_shape
    from octavo.model.network.dial import learning_rate
    from octavo.pretrain.foundation import folder_of
    from octavo.pretrain.onward import onward

    folder = folder_of("seed")
    assert folder is not None
    shape = read_shape(folder)
    return {"rate": onward("seed", shape).learning_rate, "talk": RATE_SHARE * learning_rate(shape.width)}


def settled(setting: str) -> str:
    """A setting with its rate worked out: `pretrain.learning_rate={rate}*0.5` → `pretrain.learning_rate=0.0009`."""
    name, _, value = setting.partition("=")
    if not value.startswith("{"):
        return setting
    known, _, factor = value[1:].partition("}*")
    return f"{name}={rates()[known] * float(factor):.6g}"


def carried_out(project: Path, variant: Variant) -> dict[str, Any]:
    """Seconds of the stages that training decides, and the scores of the variant."""
    words = [word for setting in variant.settings for word in ("--set", settled(setting))]
    command = [sys.executable, "-m", "octavo", "run", "--project", str(project), "--until", "evaluate", "--json"]
    print(f"… {variant.name}", file=sys.stderr, flush=True)
    done = subprocess.run([*command, "--show", "nothing", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{variant.name}: {done.stderr}")
    stages = {stage["stage"]: stage for stage in json.loads(done.stdout)["stages"]}
    objects = project / ".octavo" / "objects"
    document = json.loads((objects / stages["evaluate"]["artifact"] / "scores.json").read_text(encoding="utf-8"))
    scores = {score["name"]: score for score in document["scores"]}
    summaries = {
        name: json.loads((objects / stages[name]["artifact"] / SUMMARY).read_text(encoding="utf-8"))
        for name in ("pretrain", "instruct")
    }
    return {
        "seconds": {name: stages[name]["seconds"] for name in STAGES},
        "memory": max(stages[name]["peak_memory"] for name in ("pretrain", "instruct")),
        "scores": scores,
        "tokens": {name: summary["tokens"] for name, summary in summaries.items()},
        "parameters": summaries["pretrain"]["parameters"],
        "replay": summaries["instruct"].get("replay", 0.0),
    }


def shown(score: dict[str, Any] | None) -> str:
    """Value and interval."""
    return "–" if score is None else f"{score['value']:.3f} [{score['low']:.3f}, {score['high']:.3f}]"


def table(found: dict[str, dict[str, Any]]) -> list[str]:
    """Two tables: what came out, and what it took."""
    lines = [
        f"| variant | {' | '.join(SCORES)} |",
        f"|---|{'---:|' * len(SCORES)}",
    ]
    lines += [
        f"| {name} | {' | '.join(shown(one['scores'].get(score)) for score in SCORES.values())} |"
        for name, one in found.items()
    ]
    lines += [
        "",
        f"| variant | parameters | tokens, pretrain | tokens that count, instruct | read again | memory, GB | "
        f"{' | '.join(f'{stage}, s' for stage in STAGES)} | together, s |",
        f"|---|{'---:|' * (len(STAGES) + 6)}",
    ]
    for name, one in found.items():
        took = [one["seconds"][stage] for stage in STAGES]
        lines.append(
            f"| {name} | {one['parameters']:,} | {one['tokens']['pretrain']:,} | {one['tokens']['instruct']:,} | "
            f"{one['replay']:.1%} | {one['memory'] / 1e9:.2f} | {' | '.join(f'{s:.0f}' for s in took)} | "
            f"{sum(took):.0f} |"
        )
    return lines


def main() -> None:
    """Measure the variants one after the other and write the table."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    arguments.add_argument("project", type=Path)
    arguments.add_argument("--only", nargs="*", default=[], help="names of variants")
    given = arguments.parse_args()
    chosen = [one for one in VARIANTS if not given.only or one.name in given.only]
    found = {one.name: carried_out(given.project, one) for one in chosen}
    busy = " (machine busy)" if os.getloadavg()[0] > usable_cores() + 1 else ""
    lines = [
        "# What training begins from",
        "",
        f"`python bench/base.py PROJECT` on {date.today().isoformat()}: Python {platform.python_version()}, torch "
        f"{torch.__version__}, {usable_cores()} cores{busy}. Bits per byte of held-out documents; forgetting in "
        "percent of the bits before; intervals are 95 % bootstraps over documents or answers. One training each: "
        f"differences inside the intervals are none. The default of `octavo new` is `{BaseSettings().model}`.",
        "",
        *table(found),
        "",
    ]
    (HERE / "results" / "base.md").write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
