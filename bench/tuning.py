"""Methods of fine-tuning under one budget: the trial `tuning_cost`, what the learning rate decides, and what a process
holds.

Three parts in one run. The trial, as `octavo try tuning_cost` carries it out. Then each method once more with seed 0 at
half and at twice the rate that its search found, for as many steps. Then the memory of a process of its own for each
method, three steps on a base of 16 million random weights: resident bytes beyond what the process held before it opened
the base, where weights outweigh what the libraries do by the way.

    python bench/tuning.py [--seeds 3] [--only full,lora,…] [--write bench/results/tuning.md]
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
MEMORY_SHAPE = {"width": 384, "depth": 8, "heads": 6, "key_heads": 3, "head_size": 64, "hidden": 1024}


def peak_of(name: str, base: Path) -> dict[str, float]:
    """In a process of its own: the most resident bytes beyond those before the base was opened, and without training
    (`read`) those of reading the same rows."""
    import torch

    from octavo.challenges.response import _forget_peak, _peak
    from octavo.challenges.tuning_cost.footprint import Footprint
    from octavo.challenges.tuning_cost.ground import TINY, on
    from octavo.challenges.tuning_cost.tuning import RATES, Work
    from octavo.model.foreign.load import open_model

    with tempfile.TemporaryDirectory() as scratch:
        ground = on(base, "random weights", Path(scratch), 0, TINY)
        rows = torch.from_numpy(ground.rows.tokens[:1]).long()
        work = Work(ground, "full" if name == "read" else name, (RATES["full" if name == "read" else name][0],))
        open_model(base)(rows, use_cache=False)  # the libraries load what they load at first use
        import peft  # noqa: F401

        def carry_out() -> None:
            if name == "read":
                model = open_model(base)
                with torch.no_grad():
                    for _ in range(3):
                        model(rows, use_cache=False)
            else:
                training = work.training(work.rates[0], steps=3)
                for _ in range(3):
                    training.take_step()

        _forget_peak()
        before = int(next(x for x in Path("/proc/self/status").read_text().splitlines() if "VmRSS" in x).split()[1])
        carry_out()
        peak = (_peak() or 0) - before * 1024
        with Footprint() as footprint:
            carry_out()
    return {"process": peak / 1e6, "tensors": footprint.peak / 1e6}


def memories(names: list[str], base: Path, scratch: Path) -> dict[str, dict[str, float]]:
    """`peak_of` for each, the base being a decoder of 16 million random weights with the tokenizer of `base`."""
    from octavo.challenges.tuning_cost.pretrained import GENERAL
    from octavo.model.checkpoint import write_checkpoint
    from octavo.model.network.decoder import Decoder
    from octavo.model.network.shape import DecoderShape

    large = scratch / "large"
    large.mkdir()
    model = Decoder(DecoderShape(vocabulary=8192, positions=512, **MEMORY_SHAPE))
    model.initialise(0)
    write_checkpoint(large, model, base, [], {})
    (large / GENERAL).write_bytes((base / GENERAL).read_bytes())
    found = {}
    for name in ["read", *names]:
        command = [sys.executable, __file__, "--memory-of", name, "--base", str(large)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found[name] = json.loads(done.stdout.splitlines()[-1])
        print(name, found[name], file=sys.stderr)
    found["parameters"] = {"count": model.shape.parameters}
    return found


def rates_of(ground, names: list[str], found: dict[str, list[tuple[float, int]]]) -> dict[str, dict[float, str]]:
    """Fields right, and bits per byte of the general texts, at half, once and twice the rate that was found with the
    first seed, for as many steps."""
    from octavo.challenges.catalogue import challenge
    from octavo.challenges.tuning_cost.answering import entry_of, fields_right, text_bits
    from octavo.challenges.tuning_cost.tuning import tune_at

    entries = [entry_of(row) for row in challenge("tuning_cost").probe() if row["set"] == "task"]
    told: dict[str, dict[float, str]] = {}
    for name in names:
        rate, steps = found[name][0]
        told[name] = {}
        for factor in (0.5, 1.0, 2.0):
            tuned = tune_at(ground, name, rate * factor, steps)
            right = statistics.fmean(sum(one) / len(one) for one in fields_right(ground, tuned, entries))
            bits = text_bits(ground, tuned, ground.general)
            told[name][factor] = f"{right:.3f}, {sum(one for one, _ in bits) / sum(size for _, size in bits):.3f}"
        print(name, rate, told[name], file=sys.stderr)
    return told


def spread(values) -> str:
    """Mean with the least and the largest."""
    values = list(values)
    middle = statistics.fmean(values)
    return f"{middle:.3f} ({min(values):.3f} … {max(values):.3f})" if len(values) > 1 else f"{middle:.3f}"


def trial_table(trial, modules: dict[str, str]) -> list[str]:
    """A row for the baseline and one a response."""
    head = "| | fields right | records right | bits per byte | forgotten [95 %] | trainable | tensors, MB | s | on disk, MB | rates found | steps | search |"  # fmt: skip # noqa: E501
    lines = [head, "|" + "---|" * 12]
    scores = {one.name: one for one in trial.scores}
    lines.append(
        f"| {trial.baseline} | {scores['fields right'].value:.3f} | {scores['records right'].value:.3f} "
        f"| {scores['bits per byte'].value:.3f} | – | – | {scores['peak memory'].value:.1f} (reading) | – | – | | | |"
    )
    for one in trial.tried:
        effect = {each.measure: each for each in one.effects}
        forgot = effect["bits per byte"]
        spents = [told[0].output.spent for told in one.predictions.values()]
        rates = ", ".join(f"{spent.rate:g}" for spent in spents) if spents[0].steps else ""
        cells = [
            one.response,
            f"{spread(effect['fields right'].by_seed)} {effect['fields right'].verdict}",
            spread(effect["records right"].by_seed),
            spread(forgot.by_seed),
            f"{forgot.difference:+.3f} [{forgot.interval.low:+.3f}, {forgot.interval.high:+.3f}] {forgot.verdict}",
            f"{effect['trainable share'].after.value:.2%}",
            f"{effect['peak memory'].after.value:.1f}",
            spread(effect["seconds"].by_seed),
            f"{effect['size on disk'].after.value:.3f}",
            rates,
            str(spents[0].steps or ""),
            f"{spents[0].search:.0%}" if spents[0].steps else "",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def page(args, trial, rates, memory, modules, seconds: float) -> str:
    """The whole table."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("torch", "transformers", "peft", "bitsandbytes"))  # fmt: skip # noqa: E501
    load = os.getloadavg()[0]
    cores = len(os.sched_getaffinity(0))
    busy = " **The machine was busy**: seconds are those of its processor." if load > cores + 0.5 else ""
    lines = [
        "# Tuning cost",
        "",
        f"{time.strftime('%Y-%m-%d')}, {platform.machine()}, {cores} cores (load {load:.1f}), Python {platform.python_version()}, "  # noqa: E501
        f"{versions}. `python bench/tuning.py --seeds {args.seeds}`, {seconds / 60:.0f} minutes.{busy}",
        "",
        f"{trial.subject}. {trial.items} rows, seeds {', '.join(map(str, trial.seeds))}; mean (least … largest) of the "
        "seeds. Every method computes the same FLOPs, its search included. Verdicts are those of the trial, against "
        "the untouched base, by margins set before.",
        "",
        *trial_table(trial, modules),
    ]
    if rates:
        lines += [
            "",
            "## What the rate decides",
            "",
            "Fields right, and bits per byte of the general texts, with seed 0 at half and twice the rate that the "
            "search found, for as many steps.",
            "",
            "| | rate | half of it | itself | twice |",
            "|---|---|---|---|---|",
        ]
        for name, told in rates.items():
            rate = next(
                told_[0].output.spent.rate
                for one in trial.tried
                if modules[one.response] == name
                for told_ in [one.predictions[trial.seeds[0]]]
            )
            lines.append(f"| {name} | {rate:g} | {told[0.5]} | {told[1.0]} | {told[2.0]} |")
    if memory:
        count = memory["parameters"]["count"]
        lines += [
            "",
            "## Memory of a process",
            "",
            f"A base of {count:,} random weights ({count * 4 / 1e6:.0f} MB in float32), rows of 256 tokens, one a "
            "step; MB beyond what the process held before, and MB of tensors as the trial counts them.",
            "",
            "| | process | over reading | tensors | over reading |",
            "|---|---|---|---|---|",
        ]
        base = memory["read"]
        for name, told in memory.items():
            if name != "parameters":
                lines.append(
                    f"| {name} | {told['process']:.0f} | {told['process'] / base['process']:.2f} "
                    f"| {told['tensors']:.0f} | {told['tensors'] / base['tensors']:.2f} |"
                )
    return "\n".join(lines) + "\n"


def main() -> None:
    """See the top."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="", help="methods, joined by commas")
    parser.add_argument("--parts", default="trial,rates,memory")
    parser.add_argument("--scratch", type=Path, help="keeps the base from run to run")
    parser.add_argument("--write", type=Path, default=HERE / "results" / "tuning.md")
    parser.add_argument("--memory-of", help=argparse.SUPPRESS)
    parser.add_argument("--base", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.memory_of:
        print(json.dumps(peak_of(args.memory_of, args.base)))
        return
    from octavo.challenges.catalogue import challenge
    from octavo.challenges.trial import run_trial
    from octavo.challenges.tuning_cost.ground import prepare

    began = time.monotonic()
    wanted = challenge("tuning_cost")
    modules = {one.name: one.module.rsplit(".", 1)[-1] for one in wanted.card.responses}
    only = [name for name in args.only.split(",") if name] or list(modules.values())
    responses = [one for one in wanted.card.responses if modules[one.name] in only]
    methods = [modules[one.name] for one in responses if modules[one.name] != "most_frequent"]
    with tempfile.TemporaryDirectory() as temporary:
        scratch = args.scratch or Path(temporary)
        grounds = {}
        for seed in range(args.seeds):
            place = scratch / f"seed-{seed}"
            place.mkdir(parents=True, exist_ok=True)
            grounds[seed] = prepare(None, place, seed)
        parts = args.parts.split(",")
        trial = run_trial(
            wanted, scratch=scratch, responses=responses, seeds=range(args.seeds), budget=1e9, grounds=grounds
        )
        found = {
            modules[one.response]: [(told[0].output.spent.rate, told[0].output.spent.steps) for told in one.predictions.values()]  # noqa: E501
            for one in trial.tried
        }  # fmt: skip
        rates = rates_of(grounds[0], methods, found) if "rates" in parts else {}
        memory = memories(methods, grounds[0].base, Path(temporary)) if "memory" in parts else {}
    text = page(args, trial, rates, memory, modules, time.monotonic() - began)
    args.write.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
