"""Training throughput: our loop against the Hugging Face `Trainer`, side by side in one run.

Same model (Qwen3 of the small dial), same rows, batch, thread count, AdamW, bfloat16; no evaluation, no saving.
Each measurement is a process of its own, so that neither side changes the other's memory or threads; the sides take
turns, and a ratio is made within each turn, so that a machine that is busy now and idle later weighs on both.

    python bench/training.py [--repeats 5] [--steps 12] [--size small] [--write bench/results/training.md]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WARM_UP = 3
PEERS = {
    "Trainer, autocast, sdpa": {"attention": "sdpa", "autocast": True},
    "Trainer, autocast, eager": {"attention": "eager", "autocast": True},
    "Trainer, bfloat16 weights, sdpa": {"attention": "sdpa", "autocast": False},
    "Trainer, bfloat16 weights, eager": {"attention": "eager", "autocast": False},
}
"""`autocast` keeps float32 weights as our loop does; bfloat16 weights round every update and are shown beside it."""


def rows_for(dial, steps: int):
    """The same made-up rows for all: ids with the frequencies of a language (Zipf)."""
    import numpy as np

    chance = np.random.default_rng(0)
    count = (steps + WARM_UP) * dial.batch
    ids = chance.zipf(1.2, size=(count, dial.sequence + 1)) % dial.vocabulary
    return ids.astype(np.int32)


def per_step(ends: list[tuple[float, float]]) -> dict[str, float]:
    """Wall and processor seconds a step, from the clocks at the end of each step; the first ones warm up."""
    first, last = ends[WARM_UP - 1], ends[-1]
    count = len(ends) - WARM_UP
    return {"seconds": (last[0] - first[0]) / count, "processor": (last[1] - first[1]) / count}


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
    rows = Rows(ids[:, :-1], ids[:, 1:], np.zeros_like(ids[:, 1:]))

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
    from transformers import Qwen3Config, Qwen3ForCausalLM, Trainer, TrainerCallback, TrainingArguments

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    shape = dial.shape
    config = Qwen3Config(
        vocab_size=shape.vocabulary,
        hidden_size=shape.width,
        num_hidden_layers=shape.depth,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.key_heads,
        head_dim=shape.head_size,
        intermediate_size=shape.hidden,
        max_position_embeddings=shape.positions,
        tie_word_embeddings=True,
        use_cache=False,
        attn_implementation=attention,
    )
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


def child(what: str, size: str, steps: int) -> dict[str, float]:
    """One measurement, in this process."""
    from octavo.model.network.dial import dial

    if what == "peaks":
        return peaks()
    if what == "ours":
        return ours(dial(size), steps)
    return trainer(dial(size), steps, **PEERS[what])


def measure(what: str, size: str, steps: int) -> dict[str, float]:
    """One measurement, in a process of its own."""
    # For both sides: spinning threads would make every number depend on what else the machine does.
    environment = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}
    command = [sys.executable, "-W", "ignore", __file__, "--child", what, "--size", size, "--steps", str(steps)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, env=environment)
    if done.returncode != 0:
        raise SystemExit(f"{what} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def interval(ratios: list[float]) -> tuple[float, float, float]:
    """Geometric mean of paired ratios and its 95 % interval (Student's t on their logarithms)."""
    from scipy.stats import t

    logs = [math.log(ratio) for ratio in ratios]
    mean = statistics.fmean(logs)
    half = t.ppf(0.975, len(logs) - 1) * statistics.stdev(logs) / math.sqrt(len(logs)) if len(logs) > 1 else math.inf
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)


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
    for name in ("ours", *PEERS):
        speeds = sorted(tokens / r[name]["seconds"] for r in repeats)
        shares = statistics.median(flops * tokens / r[name]["seconds"] / 1e9 / r["peaks"]["bfloat16"] for r in repeats)
        ratio = work = ""
        if name != "ours":
            mean, low, high = interval([r[name]["seconds"] / r["ours"]["seconds"] for r in repeats])
            ratio = f"{mean:.2f} ({low:.2f} … {high:.2f})"
            mean, low, high = interval([r[name]["processor"] / r["ours"]["processor"] for r in repeats])
            work = f"{mean:.2f} ({low:.2f} … {high:.2f})"
        middle = statistics.median(speeds)
        lines.append(
            f"| {name} | {middle:,.0f} ({speeds[0]:,.0f} … {speeds[-1]:,.0f}) | {shares:.0%} | {ratio} | {work} |"
        )
    return [*lines, "", "Processor time hardly depends on what else the machine does, and says less about waiting."]


def main() -> None:
    """Measure in turns and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--size", default="small")
    parser.add_argument("--write", type=Path)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(child(given.child, given.size, given.steps)))
        return
    repeats = []
    for number in range(given.repeats):
        names = ["ours", *PEERS]
        # The order turns, so that nobody always comes first.
        names = names[number % len(names) :] + names[: number % len(names)]
        repeats.append({name: measure(name, given.size, given.steps) for name in ("peaks", *names)})
        print(f"turn {number + 1} of {given.repeats} done", file=sys.stderr)
    lines = table(given.size, repeats)
    print("\n".join(lines))
    if given.write:
        import accelerate
        import torch
        import transformers

        versions = (
            f"torch {torch.__version__}, transformers {transformers.__version__}, accelerate {accelerate.__version__}"
        )
        head = [
            "# Training throughput",
            "",
            f"{time.strftime('%Y-%m-%d')}, {platform.machine()}, {os.cpu_count()} cores, Python"
            f" {platform.python_version()}, {versions}. `python bench/training.py --size {given.size} --repeats"
            f" {given.repeats} --steps {given.steps}`",
            "",
        ]
        given.write.parent.mkdir(parents=True, exist_ok=True)
        given.write.write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
