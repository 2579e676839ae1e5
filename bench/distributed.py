"""Several processes against one: how far the loss curves are apart, what each process holds, and how fast they are.

The same small decoder, rows and steps (made-up sequences with an order that can be learnt), float32 and bfloat16,
AdamW and Muon: one process with one thread is the reference. One process with two threads shows what another order of
summing does by itself; two processes should be no further away. Seconds a step say something only on a quiet machine.

At the end the stage itself, twenty steps: alone, by torchrun and by Ray Train, as `processes` and `launcher` say.

    python bench/distributed.py [--steps 200] [--size tiny] [--precision float32 bfloat16]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

WAYS = {
    "one process, one thread": (1, "none", 1),
    "one process, two threads": (1, "none", 2),
    "two processes": (2, "none", 1),
    "two processes, optimizer": (2, "optimizer", 1),
    "two processes, fsdp": (2, "fsdp", 1),
}
"""Processes, sharding, threads of each."""


def made_rows(vocabulary: int, length: int):
    """Successions with a little noise."""
    import numpy as np

    from octavo.model.training.packing import join, pack

    chance = np.random.default_rng(0)
    sequences = []
    for i in range(600):
        ids = (i + (1 + i % 7) * np.arange(40 + i % 50)) % (vocabulary // 4)
        noisy = chance.random(len(ids)) < 0.1
        ids[noisy] = chance.integers(vocabulary, size=int(noisy.sum()))
        sequences.append(ids.tolist())
    return pack(join(sequences), length)


def train(rank: int, order: dict) -> dict | None:
    """One process of one way; the first tells."""
    from datetime import timedelta

    import torch
    import torch.distributed as dist

    from octavo.model.distributed.ranks import Ranks
    from octavo.model.machine import choose_machine
    from octavo.model.network.decoder import Decoder
    from octavo.model.network.dial import dial
    from octavo.model.training.loop import Training
    from octavo.model.training.method import NextToken

    machine = choose_machine(order["precision"], order["threads"])
    if order["count"] > 1:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
        meeting = f"file://{order['folder']}/meeting"
        dist.init_process_group(
            "gloo", init_method=meeting, rank=rank, world_size=order["count"], timeout=timedelta(minutes=10)
        )
    turned = dial(order["size"])

    def begin() -> Decoder:
        model = Decoder(turned.shape)
        model.initialise(0)
        return model

    rows = made_rows(turned.vocabulary, turned.sequence)
    method = NextToken(begin, rows, batch=turned.batch, micro=max(1, turned.batch // 2), seed=0)
    from octavo.model.network.shape import Course

    steps = order["steps"]
    rate = turned.learning_rate / order["gentler"]
    course = Course(steps, rate, max(1, steps // 20), steps // 2, optimizer=order["optimizer"])
    ranks = Ranks(rank, order["count"], order["sharding"])
    training = Training(method, course, machine, Path(order["folder"]), 4.0, ranks)
    ends = []
    while training.step < steps:
        training.take_step()
        ends.append(time.perf_counter())
    held = sum(tensor.numel() for tensor in getattr(training.rule, "rule", training.rule).tensors().values())
    if order["count"] > 1:
        dist.destroy_process_group()
    seconds = statistics.median(b - a for a, b in pairwise(ends))
    torch.set_num_threads(1)
    return {"losses": [row["loss"] for row in training.rows], "held": held, "seconds": seconds}


def carried_out(order: dict) -> dict:
    """All processes of one way."""
    with tempfile.TemporaryDirectory() as folder:
        text = json.dumps({**order, "folder": folder})
        command = [sys.executable, "-W", "ignore", __file__, "--rank"]
        processes = [
            subprocess.Popen([*command, str(rank), text], stdout=subprocess.PIPE, text=True)
            for rank in range(order["count"])
        ]
        told = [process.communicate()[0] for process in processes]
    if any(process.returncode for process in processes):
        raise RuntimeError(f"a process failed: {order}")
    return json.loads(told[0].splitlines()[-1])


def apart(losses: list[float], others: list[float], steps: int) -> float:
    """The greatest relative difference within the first steps."""
    return max(abs(a - b) / a for a, b in zip(losses[:steps], others[:steps], strict=True))


def table(arguments: argparse.Namespace, precision: str, optimizer: str, gentler: float) -> list[str]:
    told = {}
    for way, (count, sharding, threads) in WAYS.items():
        order = {"count": count, "sharding": sharding, "threads": threads, "precision": precision}
        order |= {"optimizer": optimizer, "steps": arguments.steps, "size": arguments.size, "gentler": gentler}
        told[way] = carried_out(order)
        print(precision, optimizer, gentler, way, told[way]["losses"][-1], file=sys.stderr, flush=True)
    first = told["one process, one thread"]
    lines = [
        "| | first 10 steps | first 50 | all | mean of the last 10 | held a process | step over the reference's |",
        "|---|---|---|---|---|---|---|",
    ]
    for way, one in told.items():
        distances = [apart(first["losses"], one["losses"], steps) for steps in (10, 50, arguments.steps)]
        cells = [f"{distance:.1e}" for distance in distances]
        cells += [f"{statistics.fmean(one['losses'][-10:]):.4f}", f"{one['held'] / first['held']:.2f}"]
        lines.append(f"| {way} | {' | '.join(cells)} | {one['seconds'] / first['seconds']:.2f} |")
    return lines


def by_launchers(folder: Path) -> list[str]:
    """How far the loss of the stage is from one process's, with two processes begun by each launcher."""
    from octavo.kinds import checkpoint
    from octavo.kinds.documents import Document, write_documents
    from octavo.pretrain.learn import PretrainSettings
    from octavo.pretrain.learn import run as pretrain
    from octavo.tokenizer.train import TokenizerSettings
    from octavo.tokenizer.train import run as tokenize

    inputs = {"documents": folder / "documents", "tokenizer": folder / "tokenizer"}
    for path in inputs.values():
        path.mkdir()
    texts = (f"Return the {i}th pair of the input iterable. " * (1 + i % 3) for i in range(60))
    documents = [Document(f"made.f{i}", text, "function", uses=i) for i, text in enumerate(texts)]
    write_documents(inputs["documents"], documents)
    tokenize(TokenizerSettings(size="tiny"), {"documents": inputs["documents"]}, inputs["tokenizer"], folder)
    losses, lines = {}, ["| | furthest from alone | seconds, all of it |", "|---|---|---|"]
    ways = {"alone": {}, "torchrun": {"launcher": "torchrun"}, "Ray Train": {"launcher": "ray"}}
    for way, said in ways.items():
        out, scratch = folder / way / "out", folder / way / "scratch"
        out.mkdir(parents=True)
        scratch.mkdir()
        began = time.perf_counter()
        settings = {"size": "tiny", "steps": 20, "learning_rate": 5e-4, "precision": "float32"}
        settings |= {**said, "processes": 2} if said else {}
        pretrain(PretrainSettings(**settings), inputs, out, scratch)
        losses[way] = [json.loads(line)["loss"] for line in (out / checkpoint.TRAINING).read_text().splitlines()]
        distance = apart(losses["alone"], losses[way], 20)
        lines.append(f"| {way} | {distance:.1e} | {time.perf_counter() - began:.0f} |")
        print(lines[-1], file=sys.stderr, flush=True)
    return lines


def main() -> None:
    if sys.argv[1:2] == ["--rank"]:
        print(json.dumps(train(int(sys.argv[2]), json.loads(sys.argv[3]))), flush=True)
        os._exit(0)  # as a rank of the package ends: threads of gloo may abort an ordinary end
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--size", default="tiny")
    parser.add_argument("--precision", nargs="+", default=["float32", "bfloat16"])
    parser.add_argument("--write", type=Path, default=Path(__file__).parent / "results" / "distributed.md")
    arguments = parser.parse_args()
    import torch

    lines = ["# Several processes against one", ""]
    cores = len(os.sched_getaffinity(0))
    lines += [
        f"{time.strftime('%Y-%m-%d')}, torch {torch.__version__}, gloo, {platform.machine()}, {cores} usable cores,"
    ]
    lines += [f"load {os.getloadavg()[0]:.1f} at the start. `python bench/distributed.py --steps {arguments.steps} "]
    lines[-1] += f"--size {arguments.size} --precision {' '.join(arguments.precision)}`."
    lines += ["", "Columns 1 to 3: the greatest relative difference of a step's loss from the reference's."]
    for precision in arguments.precision:
        for optimizer in ("adamw", "muon"):
            for gentler, said in ((1.0, "the dial's rate"), (8.0, "an eighth of the dial's rate")):
                lines += ["", f"## {optimizer}, {precision}, {said}", ""]
                lines += table(arguments, precision, optimizer, gentler)
    with tempfile.TemporaryDirectory() as folder:
        lines += ["", "## The stage by its launchers, float32, two processes", "", *by_launchers(Path(folder))]
    text = "\n".join(lines) + "\n"
    print(text)
    arguments.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
