"""Training throughput: our loop against the Hugging Face `Trainer`, side by side in one run; share of the peak.

Same model (Qwen3 of the small dial), same rows, batch, thread count, AdamW, bfloat16; no evaluation, no saving.
Each measurement is a process of its own, so that neither side changes the other's memory or threads; the sides take
turns, and a ratio is made within each turn, so that a machine that is busy now and idle later weighs on both.

The share of the peak is measured at each of `SHARES`: micro-batches and updates apart, because a step of the largest
takes minutes, and the peak in the same process, by the wall clock and by processor time.

    python bench/training.py [--repeats 3] [--steps 10] [--size small] [--write bench/results/training.md]

What stands in the written file from its first hand-written heading on is kept. `bench/race.py` measures the time to the
same bits per byte.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from aside import WARM_UP, aside, circumstances, in_turns, per_step, qwen3, ratio, spread

PEERS = {
    "Trainer, autocast, sdpa": {"attention": "sdpa", "autocast": True},
    "Trainer, autocast, eager": {"attention": "eager", "autocast": True},
    "Trainer, bfloat16 weights, sdpa": {"attention": "sdpa", "autocast": False},
    "Trainer, bfloat16 weights, eager": {"attention": "eager", "autocast": False},
}
"""`autocast` keeps float32 weights as our loop does; bfloat16 weights round every update and are shown beside it."""
LARGER = {"8M": ("Trainer, autocast, sdpa", "Trainer, autocast, eager")}
"""Sizes that are raced besides, against whom."""
SHARES = ("small", "8M", "50M")
KEPT = "## Choosing the small size"


def rows_for(dial, steps: int):
    """The same made-up rows for all: ids with the frequencies of a language (Zipf)."""
    import numpy as np

    chance = np.random.default_rng(0)
    count = (steps + WARM_UP) * dial.batch
    ids = chance.zipf(1.2, size=(count, dial.sequence + 1)) % dial.vocabulary
    return ids.astype(np.int32)


def ours(dial, steps: int) -> dict[str, float]:
    """Seconds a step of the loop that pretrain and instruct use."""
    import numpy as np
    import torch

    from octavo.model.machine import choose_machine
    from octavo.model.network.decoder import Decoder
    from octavo.model.network.shape import Course
    from octavo.model.training.loop import Training
    from octavo.model.training.method import NextToken
    from octavo.model.training.packing import Rows

    machine = choose_machine("bfloat16")
    ids = rows_for(dial, steps)
    rows = Rows(ids[:, :-1], ids[:, 1:], np.zeros_like(ids[:, 1:]), np.zeros((0, 2), np.int64))

    def begin() -> Decoder:
        model = Decoder(dial.shape)
        model.initialise(0)
        return model

    method = NextToken(begin, rows, batch=dial.batch, micro=dial.micro, seed=0)
    course = Course(steps + WARM_UP, 1e-3, warmup=1, decay=1, optimizer="adamw")
    with tempfile.TemporaryDirectory() as scratch:
        training = Training(method, course, machine, Path(scratch), 4.0)
        ends = []
        for _ in range(steps + WARM_UP):
            training.take_step()
            ends.append((time.perf_counter(), time.process_time()))
    return {**per_step(ends), "threads": torch.get_num_threads()}


def trainer(dial, steps: int, attention: str, autocast: bool) -> dict[str, float]:
    """Seconds a step of `transformers.Trainer`."""
    import torch
    from transformers import Qwen3ForCausalLM, Trainer, TrainerCallback, TrainingArguments

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    shape = dial.shape
    config = qwen3(shape, use_cache=False, attn_implementation=attention)
    model = Qwen3ForCausalLM(config)
    assert sum(p.numel() for p in model.parameters()) == shape.parameters, "both sides must train the same model"
    if not autocast:
        model = model.to(torch.bfloat16)
    ids = [torch.from_numpy(row[:-1]).long() for row in rows_for(dial, steps)]
    data = [{"input_ids": row, "labels": row} for row in ids]
    ends: list[tuple[float, float]] = []

    class Clock(TrainerCallback):
        def on_step_end(self, *args, **kwargs):
            ends.append((time.perf_counter(), time.process_time()))

    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            max_steps=steps + WARM_UP,
            per_device_train_batch_size=dial.batch,
            bf16=autocast,
            use_cpu=True,
            optim="adamw_torch_fused",
            learning_rate=1e-3,
            weight_decay=0.1,
            max_grad_norm=1.0,
            save_strategy="no",
            logging_strategy="no",
            report_to=[],
            disable_tqdm=True,
            dataloader_num_workers=0,
            dataloader_pin_memory=False,
        )
        Trainer(model=model, args=arguments, train_dataset=data, callbacks=[Clock()]).train()
    return {**per_step(ends), "threads": torch.get_num_threads()}


def peaks() -> dict[str, float]:
    """The best large square matrix products of the machine, in GFLOP/s, in both number formats."""
    import torch

    from octavo.model.machine import Machine, choose_machine, measured_peak

    threads = choose_machine().threads
    found = {}
    for precision in ("bfloat16", "float32"):
        machine = Machine("cpu", threads, precision, "")
        found[precision] = measured_peak(machine, size=2048 if precision == "float32" else 4096) / 1e9
    return {**found, "torch": torch.__version__}


def shares(dial, packed: int) -> dict[str, float]:
    """Share of the peak of a whole step (its micro-batches and one update), in rows of `packed` sequences each."""
    import numpy as np

    from octavo.model.machine import choose_machine, memory_in_use
    from octavo.model.network.attention import document_sight
    from octavo.model.network.decoder import Decoder
    from octavo.model.network.shape import Course
    from octavo.model.training.loop import Training
    from octavo.model.training.method import NextToken
    from octavo.model.training.packing import Rows

    machine = choose_machine("bfloat16")
    shape, micros = dial.shape, dial.batch // dial.micro
    ids = rows_for(dial, 1)[: 2 * dial.micro]
    numbers = np.arange(dial.sequence) * packed // dial.sequence
    rows = Rows(ids[:, :-1], ids[:, 1:], np.broadcast_to(numbers, ids[:, 1:].shape).astype(np.int32).copy(), ids[:0])

    def begin() -> Decoder:
        model = Decoder(shape)
        model.initialise(0)
        return model

    method = NextToken(begin, rows, batch=dial.micro, micro=dial.micro, seed=0)
    with tempfile.TemporaryDirectory() as scratch:
        training = Training(method, Course(9, 1e-3, warmup=1, decay=1), machine, Path(scratch), 4.0)
        times = []
        for step in range(4):
            marks = [clocks()]
            batch = next(method.batches(step))
            training.rule.measure(lambda batch: method.loss(training.model, batch, 1e-4), [batch])
            marks.append(clocks())
            training.rule.clip(1.0)
            training.rule.step(1e-3)
            marks.append(clocks())
            times.append([[b - a for a, b in zip(*pair, strict=True)] for pair in itertools.pairwise(marks)])
        peak = [best(clock, machine) for clock in (time.perf_counter, time.process_time)]
    compute, update = np.median(np.array(times[1:]), 0)
    seconds = micros * compute + update
    tokens = dial.batch * dial.sequence
    per_token = shape.flops_per_token(dial.sequence)
    whole = 12 * shape.depth * shape.heads * shape.head_size * dial.sequence
    seen = document_sight(batch.sequences, training.model.embedding).scores / (dial.micro * dial.sequence**2)
    return {
        "parameters": shape.parameters,
        "tokens": tokens / seconds[0],
        "wall": tokens * per_token / seconds[0] / peak[0],
        "processor": tokens * per_token / seconds[1] / peak[1],
        "computed": tokens * (per_token - whole * (1 - seen)) / seconds[0] / peak[0],
        "peak": peak[0] / 1e9,
        "update": update[0] / seconds[0],
        "memory": memory_in_use(),
        "threads": machine.threads,
    }


def clocks() -> tuple[float, float]:
    """Wall and processor time now."""
    return time.perf_counter(), time.process_time()


def best(clock: Callable[[], float], machine) -> float:
    """Operations a second by a clock, of the best of some large square products in bfloat16."""
    import torch

    found = 0.0
    for size in (2048, 4096):
        a, b = (torch.randn(size, size).to(machine.dtype) for _ in range(2))
        for _ in range(4):
            began = clock()
            torch.mm(a, b)
            found = max(found, 2 * size**3 / (clock() - began))
    return found


def child(what: str, size: str, steps: int) -> dict[str, float]:
    """One measurement, in this process."""
    from octavo.model.network.dial import dial

    if what == "peaks":
        return peaks()
    if what.startswith("shares"):
        return shares(dial(size), int(what.split()[1]))
    if what == "ours":
        return ours(dial(size), steps)
    return trainer(dial(size), steps, **PEERS[what])


def measure(what: str, size: str, steps: int) -> dict[str, float]:
    """One measurement, in a process of its own."""
    return aside(__file__, what, "--size", size, "--steps", steps, timeout=900)


def share_table(repeats: int) -> list[str]:
    """The share of the peak at each size: medians over processes."""
    lines = [
        "## Share of the peak",
        "",
        "Model operations (6 a weight and token, attention over the whole row) a second, of those of the best square"
        " product in the same process. *Computed* counts only the scores that are computed: what lies ahead or belongs"
        " to another sequence is skipped. Micro-batches of about 4,096 tokens; a step is so many of them and an update"
        " (Muon). Asked for: 45 % at 8M, 60 % at 50M.",
        "",
        "| size | parameters | rows × tokens, sequences a row | tokens/s | share of peak (least … most)"
        " | by processor time | computed | update's part | peak GFLOP/s | memory GB |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    from octavo.model.network.dial import dial

    for size in SHARES:
        for packed in (1, 4):
            found = [measure(f"shares {packed}", size, 0) for _ in range(repeats)]
            middle = {name: statistics.median(run[name] for run in found) for name in found[0]}
            walls = sorted(run["wall"] for run in found)
            lines.append(
                f"| {size} | {middle['parameters']:,.0f} | {dial(size).batch} × {dial(size).sequence}, {packed}"
                f" | {middle['tokens']:,.0f} | {middle['wall']:.0%} ({walls[0]:.0%} … {walls[-1]:.0%})"
                f" | {middle['processor']:.0%} | {middle['computed']:.0%} | {middle['update']:.1%}"
                f" | {middle['peak']:,.0f} | {middle['memory']:.1f} |"
            )
    return lines


def table(size: str, repeats: list[dict[str, dict[str, float]]]) -> list[str]:
    """The results as Markdown."""
    from octavo.model.network.dial import dial

    setting = dial(size)
    tokens = setting.batch * setting.sequence
    flops = setting.shape.flops_per_token(setting.sequence)
    peak = statistics.median(r["peaks"]["bfloat16"] for r in repeats)
    slow = statistics.median(r["peaks"]["float32"] for r in repeats)
    lines = [
        f"Model `{size}`: {setting.shape.parameters:,} parameters, {setting.batch} rows × {setting.sequence} tokens,"
        f" vocabulary {setting.vocabulary:,}, {int(repeats[0]['ours']['threads'])} threads.",
        f"Peak of square matrix products: {peak:,.0f} GFLOP/s in bfloat16, {slow:,.0f} in float32 (medians).",
        "",
        "| | tokens/s, median (least … most) | share of peak | ours / it (95 % interval) | by processor time |",
        "|---|---|---|---|---|",
    ]
    for name in (name for name in repeats[0] if name != "peaks"):
        speeds = [tokens / r[name]["seconds"] for r in repeats]
        shares = statistics.median(flops * tokens / r[name]["seconds"] / 1e9 / r["peaks"]["bfloat16"] for r in repeats)
        times = work = ""
        if name != "ours":
            times, work = ratio(repeats, name, "seconds"), ratio(repeats, name, "processor")
        lines.append(f"| {name} | {spread(speeds)} | {shares:.0%} | {times} | {work} |")
    return [*lines, "", "Processor time hardly depends on what else the machine does, and says less about waiting."]


def race(size: str, peers: tuple[str, ...], turns: int, steps: int) -> list[str]:
    """Ours and the peers in turns, as a table."""
    measured = {"peaks": [measure("peaks", size, steps) for _ in range(turns)]}
    repeats = in_turns(["ours", *peers], turns, lambda name: measure(name, size, steps), size)
    repeats = [{"peaks": peak, **turn} for peak, turn in zip(measured["peaks"], repeats, strict=True)]
    return table(size, repeats)


def main() -> None:
    """Measure in turns and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--size", default="small")
    parser.add_argument("--write", type=Path, default=Path(__file__).parent / "results" / "training.md")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(child(given.child, given.size, given.steps)))
        return
    lines = race(given.size, tuple(PEERS), given.repeats, given.steps)
    for size, peers in LARGER.items():
        lines += ["", *race(size, peers, min(2, given.repeats), min(3, given.steps))]
    lines += ["", *share_table(min(3, given.repeats))]
    print("\n".join(lines))
    if given.write is not None:
        command = f"python bench/training.py --size {given.size} --repeats {given.repeats} --steps {given.steps}"
        head = ["# Training throughput", "", circumstances(command, "torch", "transformers", "accelerate"), ""]
        given.write.parent.mkdir(parents=True, exist_ok=True)
        before = given.write.read_text(encoding="utf-8") if given.write.exists() else ""
        kept = ["", before[before.index(KEPT) :].rstrip()] if KEPT in before else []
        given.write.write_text("\n".join([*head, *lines, *kept]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
