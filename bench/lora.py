"""LoRA tuning throughput: our loop against TRL's `SFTTrainer` with PEFT, side by side in one run.

Same checkpoint (a random Qwen3 of the medium dial, written once), same sequences, as many a step, same adapter (rank 16
on all matrices of the blocks, α 32), bfloat16 base, AdamW; no evaluation, no saving, no recomputation of activations.
Two kinds of data: `rows`, where every sequence fills its row and all tokens are learnt (nothing can be won by packing),
and `answers`, conversations of unequal length of which only the answer is learnt: the peer pads each batch to its
longest, we pack. Tokens are those of the data; padding does not count.
Each measurement is a process of its own; the sides take turns, and a ratio is made within each turn.

    python bench/lora.py [--repeats 5] [--steps 10] [--threads 0] [--write bench/results/lora.md]
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

WARM_UP = 2
BATCH = 8
LENGTH = 256
PEERS = {
    "SFTTrainer, bfloat16 base, sdpa": {"attention": "sdpa", "half": True},
    "SFTTrainer, bfloat16 base, eager": {"attention": "eager", "half": True},
    "SFTTrainer, float32 base, autocast, sdpa": {"attention": "sdpa", "half": False},
}
"""All with `bf16=True`, that is autocast; a float32 base is what `SFTTrainer` loads when nothing is said."""


def write_base(folder: Path) -> None:
    """A random checkpoint that both sides read."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    from octavo.model.network.dial import dial

    shape = dial("medium").shape
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=shape.vocabulary,
        hidden_size=shape.width,
        num_hidden_layers=shape.depth,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.key_heads,
        head_dim=shape.head_size,
        intermediate_size=shape.hidden,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        use_cache=False,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
    )
    Qwen3ForCausalLM(config).save_pretrained(folder)


def sequences(kind: str, steps: int) -> list[tuple[list[int], list[bool]]]:
    """Made-up ids with the frequencies of a language (Zipf), and which of them are learnt."""
    import numpy as np

    chance = np.random.default_rng(0)
    found = []
    for _ in range((steps + WARM_UP) * BATCH):
        length = LENGTH if kind == "rows" else int(np.clip(chance.lognormal(4.6, 0.6), 24, LENGTH))
        ids = (chance.zipf(1.2, size=length) % 8191 + 1).tolist()
        answer = length if kind == "rows" else max(8, length // 3)
        found.append((ids, [False] * (length - answer) + [True] * answer))
    return found


def per_step(ends: list[tuple[float, float]]) -> dict[str, float]:
    """Wall and processor seconds a step, from the clocks at the end of each step; the first ones warm up."""
    first, last = ends[WARM_UP - 1], ends[-1]
    count = len(ends) - WARM_UP
    return {"seconds": (last[0] - first[0]) / count, "processor": (last[1] - first[1]) / count}


def ours(kind: str, base: Path, steps: int, threads: int) -> dict[str, float]:
    """Seconds a step of the loop, each step with the sequences that the peer's step has."""
    import torch

    from octavo.finetune.methods import METHODS
    from octavo.finetune.tuning import Tuning
    from octavo.model.machine import choose_machine
    from octavo.model.network.shape import Course
    from octavo.model.training.loop import Training
    from octavo.model.training.method import Batch
    from octavo.model.training.packing import join, pack

    machine = choose_machine("bfloat16", threads)
    data = sequences(kind, steps)
    packed = []
    for start in range(0, len(data), BATCH):
        chosen = data[start : start + BATCH]
        packed.append(pack(join([ids for ids, _ in chosen], [learnt for _, learnt in chosen]), LENGTH))

    class SameSteps(Tuning):
        """The step's own sequences, packed among themselves, as a peer that shuffles nothing takes them."""

        def batches(self, step):
            rows = packed[step % len(packed)]
            tokens, targets, sequences = (
                torch.from_numpy(a).long() for a in (rows.tokens, rows.targets, rows.sequences)
            )
            yield Batch(tokens, targets, sequences, int((targets >= 0).sum()))

    method = SameSteps(METHODS["lora"], base, packed[0], machine, batch=BATCH)
    course = Course(steps + WARM_UP, 1e-3, warmup=1, decay=1, weight_decay=0.0, optimizer="adamw")
    with tempfile.TemporaryDirectory() as scratch:
        training = Training(method, course, machine, Path(scratch), 4.0)
        ends, losses = [], []
        for _ in range(steps + WARM_UP):
            losses.append(training.take_step()[0]["loss"])
            ends.append((time.perf_counter(), time.process_time()))
    return {**per_step(ends), "threads": torch.get_num_threads(), "loss": losses[0], "size": training.size.trainable}


def peer(kind: str, base: Path, steps: int, threads: int, attention: str, half: bool) -> dict[str, float]:
    """Seconds a step of `SFTTrainer`."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    torch.set_num_threads(threads or len(os.sched_getaffinity(0)))
    dtype = torch.bfloat16 if half else torch.float32
    model = AutoModelForCausalLM.from_pretrained(base, dtype=dtype, attn_implementation=attention)
    data = Dataset.from_list(
        [
            {"input_ids": ids, "labels": [i if one else -100 for i, one in zip(ids, learnt, strict=True)]}
            for ids, learnt in sequences(kind, steps)
        ]
    )
    ends: list[tuple[float, float]] = []
    losses: list[float] = []

    class Clock(TrainerCallback):
        def on_step_end(self, *args, **kwargs):
            ends.append((time.perf_counter(), time.process_time()))

        def on_log(self, args, state, control, logs=None, **kwargs):
            if "loss" in (logs or {}):
                losses.append(float(logs["loss"]))

    from tokenizers import Tokenizer, models

    words = {f"w{i}": i for i in range(8192)}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.WordLevel(words, unk_token="w1")))
    tokenizer.pad_token, tokenizer.eos_token, tokenizer.bos_token = "w0", "w0", "w0"
    adapter = LoraConfig(task_type="CAUSAL_LM", r=16, lora_alpha=32, lora_dropout=0.0, target_modules="all-linear")
    with tempfile.TemporaryDirectory() as folder:
        arguments = SFTConfig(
            output_dir=folder,
            max_steps=steps + WARM_UP,
            per_device_train_batch_size=BATCH,
            max_length=LENGTH,
            bf16=True,
            use_cpu=True,
            gradient_checkpointing=False,
            optim="adamw_torch_fused",
            learning_rate=1e-3,
            weight_decay=0.0,
            max_grad_norm=1.0,
            save_strategy="no",
            logging_strategy="steps",
            logging_steps=1 if steps == 0 else steps + WARM_UP,
            logging_first_step=True,
            report_to=[],
            disable_tqdm=True,
            train_sampling_strategy="sequential",
            dataloader_pin_memory=False,
            dataset_kwargs={"skip_prepare_dataset": True},
        )
        trainer = SFTTrainer(
            model=model,
            args=arguments,
            train_dataset=data,
            peft_config=adapter,
            processing_class=tokenizer,
            callbacks=[Clock()],
        )
        size = sum(p.numel() for p in trainer.model.parameters() if p.requires_grad)
        trainer.train()
    return {**per_step(ends), "threads": torch.get_num_threads(), "loss": losses[0], "size": size}


def child(what: str, kind: str, base: Path, steps: int, threads: int) -> dict[str, float]:
    """One measurement, in this process."""
    if what == "ours":
        return ours(kind, base, steps, threads)
    return peer(kind, base, steps, threads, **PEERS[what])


def measure(what: str, kind: str, base: Path, given: argparse.Namespace) -> dict[str, float]:
    """One measurement, in a process of its own."""
    environment = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error"}
    numbers = ["--steps", str(given.steps), "--threads", str(given.threads)]
    command = [sys.executable, "-W", "ignore", __file__, "--child", what, "--kind", kind, "--base", str(base), *numbers]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False, env=environment)
    if done.returncode != 0:
        raise SystemExit(f"{what} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def interval(ratios: list[float]) -> tuple[float, float, float]:
    """Geometric mean of paired ratios and its 95 % interval (Student's t on their logarithms)."""
    from scipy.stats import t

    logs = [math.log(ratio) for ratio in ratios]
    mean = statistics.fmean(logs)
    half = t.ppf(0.975, len(logs) - 1) * statistics.stdev(logs) / math.sqrt(len(logs)) if len(logs) > 1 else math.inf
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)


def table(kind: str, steps: int, repeats: list[dict[str, dict[str, float]]]) -> list[str]:
    """The results of one kind of data as Markdown."""
    data = sequences(kind, steps)[WARM_UP * BATCH :]
    tokens = sum(len(ids) for ids, _ in data) / steps
    first = repeats[0]["ours"]
    lines = [
        f"## {'Full rows, all tokens learnt' if kind == 'rows' else 'Conversations, answers learnt'}",
        "",
        f"{BATCH} sequences and {tokens:,.0f} tokens a step, {int(first['size']):,} numbers learn,"
        f" {int(first['threads'])} threads.",
        "",
        "| | tokens/s, median (least … most) | ours / it (95 % interval) | by processor time | first loss |",
        "|---|---|---|---|---|",
    ]
    for name in ("ours", *PEERS):
        speeds = sorted(tokens / r[name]["seconds"] for r in repeats)
        ratio = work = ""
        if name != "ours":
            mean, low, high = interval([r[name]["seconds"] / r["ours"]["seconds"] for r in repeats])
            ratio = f"{mean:.2f} ({low:.2f} … {high:.2f})"
            mean, low, high = interval([r[name]["processor"] / r["ours"]["processor"] for r in repeats])
            work = f"{mean:.2f} ({low:.2f} … {high:.2f})"
        spread = f"{statistics.median(speeds):,.0f} ({speeds[0]:,.0f} … {speeds[-1]:,.0f})"
        lines.append(f"| {name} | {spread} | {ratio} | {work} | {repeats[0][name]['loss']:.3f} |")
    return [*lines, ""]


def main() -> None:
    """Measure in turns and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--note", default="", help="What should be known of the machine, such as that it was busy.")
    parser.add_argument("--write", type=Path, default=Path(__file__).parent / "results" / "lora.md")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--kind", help=argparse.SUPPRESS)
    parser.add_argument("--base", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(child(given.child, given.kind, given.base, given.steps, given.threads)))
        return
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder) / "base"
        write_base(base)
        for kind in ("rows", "answers"):
            repeats = []
            for number in range(given.repeats):
                names = ["ours", *PEERS]
                # The order turns, so that nobody always comes first.
                names = names[number % len(names) :] + names[: number % len(names)]
                repeats.append({name: measure(name, kind, base, given) for name in names})
                print(f"{kind}: turn {number + 1} of {given.repeats} done", file=sys.stderr)
            lines += table(kind, given.steps, repeats)
    print("\n".join(lines))
    given.write.write_text("\n".join([*head(given), *lines]), encoding="utf-8")


def head(given: argparse.Namespace) -> list[str]:
    """When, where and with what it was measured."""
    from importlib.metadata import version

    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "transformers", "peft", "trl", "accelerate"))
    return [
        "# LoRA tuning throughput",
        "",
        f"{time.strftime('%Y-%m-%d')}, {platform.machine()}, {os.cpu_count()} cores, Python"
        f" {platform.python_version()}, {versions}. `python bench/lora.py --repeats {given.repeats} --steps"
        f" {given.steps}`{'. ' + given.note if given.note else ''}",
        "",
        "Processor time hardly depends on what else the machine does, and says less about waiting. The first loss shows"
        " that both sides learn the same thing.",
        "",
    ]


if __name__ == "__main__":
    main()
