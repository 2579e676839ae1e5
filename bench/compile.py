"""Whether `torch.compile` pays on this machine: gradients of our decoder and of transformers' Qwen3, with and without.

Same shape (a size of the dial), rows and threads, bfloat16; a measurement is one micro-batch forwards and backwards,
in a process of its own; the sides take turns. What compiling itself takes, once a process and shape, stands beside.

    python bench/compile.py [--size small] [--repeats 3] [--steps 6] [--write bench/results/compile.md]
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path

from aside import WARM_UP, aside, circumstances, in_turns, qwen3, ratio, spread
from training import rows_for

SIDES = ("ours", "ours, compiled", "transformers", "transformers, compiled")


def gradients(side: str, size: str):
    """What computes the gradients of one micro-batch, and how many tokens that are."""
    import numpy as np
    import torch

    from octavo.model.machine import choose_machine
    from octavo.model.network.decoder import Decoder
    from octavo.model.network.dial import dial
    from octavo.model.training.method import NextToken
    from octavo.model.training.packing import Rows

    machine = choose_machine("bfloat16")
    turned = dial(size)
    ids = rows_for(turned, 1)[: turned.micro]
    tokens = turned.micro * turned.sequence
    if side.startswith("ours"):
        rows = Rows(ids[:, :-1], ids[:, 1:], np.zeros_like(ids[:, 1:]), np.zeros((0, 2), np.int64))
        method = NextToken(lambda: Decoder(turned.shape), rows, batch=turned.micro, micro=turned.micro, seed=0)
        model = method.prepare()
        model.initialise(0)
        model = model.to(machine.dtype)
        batch = next(iter(method.batches(0)))
        return partial(method.loss, model, batch, 1 / tokens), model, tokens
    from transformers import Qwen3ForCausalLM

    shape = turned.shape
    config = qwen3(shape, use_cache=False)
    model = Qwen3ForCausalLM(config).to(machine.dtype)
    row = torch.from_numpy(ids[:, :-1]).long()
    return (lambda: model(input_ids=row, labels=row).loss), model, tokens


def measured(side: str, size: str, steps: int) -> dict[str, float]:
    """Seconds of a micro-batch, after those that warm up, and what the first one took."""
    import torch

    loss, model, tokens = gradients(side, size)
    compute = torch.compile(loss) if side.endswith("compiled") else loss
    times = []
    for _ in range(WARM_UP + steps):
        began = time.perf_counter()
        compute().backward()
        times.append(time.perf_counter() - began)
        model.zero_grad()
    return {"seconds": statistics.median(times[WARM_UP:]), "first": times[0], "tokens": tokens}


def main() -> None:
    """Measure in turns, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="small")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--write", type=Path, default=Path(__file__).parent / "results" / "compile.md")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(measured(given.child, given.size, given.steps)))
        return
    with tempfile.TemporaryDirectory() as cache:

        def measure(side: str) -> dict:
            numbers = ["--size", given.size, "--steps", given.steps]
            return aside(__file__, side, *numbers, TORCHINDUCTOR_CACHE_DIR=f"{cache}/{SIDES.index(side)}")

        repeats = in_turns(SIDES, given.repeats, measure)
    command = f"python bench/compile.py --size {given.size} --repeats {given.repeats} --steps {given.steps}"
    lines = ["# Compiling", "", circumstances(command, "torch", "transformers"), ""]
    lines += [
        "Seconds of the first micro-batch hold the compiling; of the later processes it finds what the first one kept.",
        "",
        "| | tokens/s, median (least … most) | ours / it (95 % interval) | first micro-batch, seconds |",
        "|---|---|---|---|",
    ]
    for side in SIDES:
        speeds = [turn[side]["tokens"] / turn[side]["seconds"] for turn in repeats]
        firsts = ", ".join(f"{turn[side]['first']:.1f}" for turn in repeats)
        times = "" if side == "ours" else ratio(repeats, side, "seconds")
        lines.append(f"| {side} | {spread(speeds)} | {times} | {firsts} |")
    text = "\n".join(lines) + "\n"
    print(text)
    given.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
