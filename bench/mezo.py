"""MeZO: its memory beside that of inference, and what it learns, in which numbers.

Memory: the most that a process of its own holds (VmHWM, forgotten by /proc/self/clear_refs once the model is there)
while it computes the loss of the same batches: without gradients (inference), by two MeZO steps with a save and the
finished model handed over, and by two AdamW steps. Inference is taken at its leanest: the loss of the batch, a slice
of logits at a time; whole logits would only raise it. `net` leaves out what Python and torch hold before the model.

Learning: a small model learns successions by AdamW, then other ones by MeZO; the same steps with weights on the grid
(what Octavo does), with plain float32 in place, and with bfloat16 weights in place, rounded to the nearest or by
chance. `drift` is what a measurement leaves behind after it is taken back, in units of the weights' mean size.

    python bench/mezo.py [--size 50M] [--seeds 3] [--steps 1500] [--part memory|learning|both] [--write FILE]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from aside import aside, circumstances, qwen3

SIDES = ("inference", "mezo", "adamw", "inference of transformers", "mezo of LoRA", "adamw of LoRA")
NUMBERS = ("grid", "float32", "bfloat16, nearest", "bfloat16, by chance")


def status(name: str) -> int:
    """Bytes of VmRSS or VmHWM."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise ValueError(name)


def give_back_memory() -> None:
    """Undo `machine.keep_memory`: large tensors go back to the system when they are freed, so that the peak is of what
    is alive and not of how a heap was filled."""
    import ctypes

    mallopt = ctypes.CDLL(None).mallopt
    mmap_threshold, mmap_max, trim_threshold = -3, -4, -1
    mallopt(mmap_max, 65536)
    mallopt(mmap_threshold, 128 * 1024)
    mallopt(trim_threshold, 128 * 1024)


def made_rows(vocabulary: int, length: int, count: int):
    import numpy as np

    from octavo.model.training.packing import join, pack

    ids = np.random.default_rng(0).zipf(1.2, size=(count, length + 1)) % vocabulary
    return pack(join(ids.tolist()), length)


def method_of(side: str, size: str, folder: Path):
    """The method whose loss is computed; the same shape, rows and batch for all."""
    from octavo.model.machine import choose_machine
    from octavo.model.network.decoder import Decoder
    from octavo.model.network.dial import dial
    from octavo.model.training.method import NextToken

    shape = dial(size).shape
    rows = made_rows(shape.vocabulary, shape.positions, 8)
    machine = choose_machine("float32", threads=1)
    if "LoRA" not in side and "transformers" not in side:

        def begin() -> Decoder:
            model = Decoder(shape)
            model.initialise(0)
            return model

        return NextToken(begin, rows, batch=2, micro=2, seed=0), machine
    from transformers import Qwen3ForCausalLM

    from octavo.finetune.methods import method_named
    from octavo.finetune.tuning import Tuning

    if not (folder / "config.json").exists():
        Qwen3ForCausalLM(qwen3(shape)).save_pretrained(folder)
    return Tuning(method_named("lora"), folder, rows, machine, batch=2, micro=2, seed=0), machine


def memory(side: str, size: str, folder: Path) -> dict[str, float]:
    """Peak of one side, in a process of its own."""
    import torch

    from octavo.model.network.shape import Course
    from octavo.model.training.loop import Training
    from octavo.model.training.mezo import ZerothOrder

    if "LoRA" in side or "transformers" in side:
        import peft  # noqa: F401
        import transformers.models.qwen3.modeling_qwen3  # noqa: F401

    bare = status("VmRSS")
    method, machine = method_of(side, size, folder)
    give_back_memory()
    told: dict[str, float] = {"bare": bare}
    with tempfile.TemporaryDirectory() as scratch:
        if side.startswith("inference"):
            model = method.prepare().eval()
            batches = list(method.batches(0))
        else:
            method = ZerothOrder(method) if side.startswith("mezo") else method
            course = Course(2, 1e-4, warmup=1, decay=1, optimizer="adamw")
            training = Training(method, course, machine, Path(scratch), 4.0)
        told["loaded"] = status("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")
        began = time.process_time()
        for _ in range(2):
            if side.startswith("inference"):
                with torch.no_grad():
                    for batch in batches:
                        method.loss(model, batch, 1.0)
            else:
                training.take_step()
        told["processor_seconds"] = (time.process_time() - began) / 2
        if side.startswith("mezo"):
            training.save()
            assert training.result().weights
            if side == "mezo":
                assert training.result().model is training.model
    return {**told, "peak": status("VmHWM")}


def variant(numbers: str):
    """MeZO in these numbers."""
    import torch

    from octavo.model.training.mezo import MeZO

    class Rounded(MeZO):
        def _fit(self, block, unit):
            return 1.0

        @torch.no_grad()
        def _shift(self, index, step, times, stride):
            block = self.blocks[index]
            moved = block.add(self._draw(step, index), alpha=times * self.epsilon + stride)
            if numbers == "bfloat16, nearest":
                moved = moved.bfloat16().float()
            elif numbers == "bfloat16, by chance":
                low = torch.randint(0, 1 << 16, moved.shape, dtype=torch.int32)
                moved = ((moved.view(torch.int32) + low) & ~0xFFFF).view(torch.float32)
            block.copy_(moved)

    return MeZO if numbers == "grid" else Rounded


def learning(seed: int, steps: int) -> dict[str, dict[str, float]]:
    """Loss on the new task before and after, and the drift, by the numbers the weights are kept in."""
    import torch

    from octavo.model.machine import choose_machine
    from octavo.model.network.decoder import Decoder
    from octavo.model.network.shape import Course, DecoderShape
    from octavo.model.training.loop import Training
    from octavo.model.training.method import NextToken, put_weights
    from octavo.model.training.packing import join, pack

    machine = choose_machine("float32", threads=1)
    shape = DecoderShape(64, width=32, depth=2, heads=2, key_heads=1, head_size=16, hidden=64, positions=32)

    def rows(factor: int, count: int, first: int = 0):
        return pack(join([[(i + factor * k) % 64 for k in range(33)] for i in range(first, first + count)]), 32)

    def begin() -> Decoder:
        model = Decoder(shape)
        model.initialise(seed)
        return model

    with tempfile.TemporaryDirectory() as scratch:
        base = NextToken(
            begin,
            pack(join([[(i + f * k) % 64 for k in range(33)] for i in range(64) for f in (1, 3, 5)]), 32),
            batch=8,
            micro=8,
            seed=seed,
        )
        weights = (
            Training(base, Course(300, 3e-3, 10, 100, optimizer="adamw"), machine, Path(scratch), 4.0).run().weights
        )
    task = NextToken(begin, rows(7, 48), batch=16, micro=16, seed=seed)
    unseen = next(iter(NextToken(begin, rows(7, 16, 48), batch=16, micro=16, seed=seed).batches(0)))
    told = {}
    for numbers in NUMBERS:
        torch.manual_seed(seed)
        model = begin()
        put_weights(model, weights)
        rule = variant(numbers)(model, seed=seed)
        with torch.no_grad():
            before = float(task.loss(model, unseen, 1 / unseen.counted))
        size = statistics.fmean(float(w.abs().mean()) for w in rule.weights().values())
        kept = {name: w.clone() for name, w in rule.weights().items()}

        def loss_of(batch, model=model):
            return task.loss(model, batch, 1 / batch.counted)

        for _ in range(20):
            rule.measure(loss_of, list(task.batches(0)))
            rule.forget()
        drift = statistics.fmean(float((w - kept[n]).abs().mean()) for n, w in rule.weights().items()) / size
        for name, weight in rule.weights().items():
            weight.copy_(kept[name])
        for step in range(steps):
            rule.measure(loss_of, list(task.batches(step)))
            rule.clip(10.0)
            rule.step(2e-4)
        with torch.no_grad():
            after = float(task.loss(model, unseen, 1 / unseen.counted))
        told[numbers] = {"before": before, "after": after, "drift": drift}
    return told


def memory_table(size: str) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        measured = {}
        for side in SIDES:
            measured[side] = aside(__file__, "memory", side, size, folder)
            print(side, measured[side], file=sys.stderr, flush=True)
    lines = [
        "| | peak, MB | over inference | net of Python and torch | processor seconds a step |",
        "|---|---|---|---|---|",
    ]
    for side in SIDES:
        one = measured[side]
        base = measured["inference of transformers" if "LoRA" in side or "transformers" in side else "inference"]
        net = (one["peak"] - one["bare"]) / (base["peak"] - base["bare"])
        seconds = one["processor_seconds"]
        lines.append(
            f"| {side} | {one['peak'] / 1e6:.0f} | {one['peak'] / base['peak']:.3f} | {net:.3f} | {seconds:.1f} |"
        )
    return lines


def learning_table(seeds: int, steps: int) -> list[str]:
    runs = [aside(__file__, "learning", seed, steps) for seed in range(seeds)]
    lines = [
        "| weights | loss before | loss after | drift after 20 measurements |",
        "|---|---|---|---|",
    ]
    for numbers in NUMBERS:
        columns = {key: [run[numbers][key] for run in runs] for key in ("before", "after", "drift")}
        spread = {key: f"{statistics.fmean(v):.3f} ({min(v):.3f}–{max(v):.3f})" for key, v in columns.items()}
        drift = statistics.fmean(columns["drift"])
        lines.append(f"| {numbers} | {spread['before']} | {spread['after']} | {drift:.1e} |")
    return lines


def main() -> None:
    if sys.argv[1:2] == ["--child"]:
        kind, *rest = sys.argv[2:]
        told = memory(rest[0], rest[1], Path(rest[2])) if kind == "memory" else learning(int(rest[0]), int(rest[1]))
        print(json.dumps(told))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="50M")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--part", choices=("memory", "learning", "both"), default="both")
    parser.add_argument("--write", type=Path, default=Path(__file__).parent / "results" / "mezo.md")
    arguments = parser.parse_args()
    from octavo.model.network.dial import dial

    shape = dial(arguments.size).shape
    command = f"python bench/mezo.py --size {arguments.size} --seeds {arguments.seeds} --steps {arguments.steps}"
    lines = [
        "# MeZO",
        "",
        circumstances(command, "torch", "transformers", "peft") + " One thread, float32.",
    ]
    if arguments.part != "learning":
        lines += [
            "",
            f"## Memory at {shape.parameters / 1e6:.1f} million parameters, 2 rows of {shape.positions} tokens",
            "",
        ]
        lines += memory_table(arguments.size)
        lines += ["", "Target: at most 1.1 times inference. A MeZO side includes a save and the finished model."]
    if arguments.part != "memory":
        lines += [
            "",
            f"## Learning: {arguments.steps} steps on a new task, {arguments.seeds} seeds (lowest–highest)",
            "",
        ]
        lines += learning_table(arguments.seeds, arguments.steps)
    text = "\n".join(lines) + "\n"
    print(text)
    arguments.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
