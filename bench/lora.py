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
import os
import tempfile
import time
from functools import partial
from pathlib import Path

from aside import WARM_UP, aside, circumstances, in_turns, per_step, qwen3, ratio, spread

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
    from transformers import Qwen3ForCausalLM

    from octavo.model.network.dial import dial

    shape = dial("medium").shape
    torch.manual_seed(0)
    config = qwen3(shape, use_cache=False, bos_token_id=0, eos_token_id=0, pad_token_id=0)
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
    numbers = ["--steps", given.steps, "--threads", given.threads]
    return aside(__file__, what, "--kind", kind, "--base", base, *numbers, TRANSFORMERS_VERBOSITY="error")


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
        speeds = [tokens / r[name]["seconds"] for r in repeats]
        times = work = ""
        if name != "ours":
            times, work = ratio(repeats, name, "seconds"), ratio(repeats, name, "processor")
        lines.append(f"| {name} | {spread(speeds)} | {times} | {work} | {repeats[0][name]['loss']:.3f} |")
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
            names = ["ours", *PEERS]
            repeats = in_turns(names, given.repeats, partial(measure, kind=kind, base=base, given=given), kind)
            lines += table(kind, given.steps, repeats)
    print("\n".join(lines))
    given.write.write_text("\n".join([*head(given), *lines]), encoding="utf-8")


def head(given: argparse.Namespace) -> list[str]:
    """When, where and with what it was measured."""
    command = f"python bench/lora.py --repeats {given.repeats} --steps {given.steps}"
    note = f" {given.note}" if given.note else ""
    return [
        "# LoRA tuning throughput",
        "",
        circumstances(command, "torch", "transformers", "peft", "trl", "accelerate") + note,
        "",
        "Processor time hardly depends on what else the machine does, and says less about waiting. The first loss shows"
        " that both sides learn the same thing.",
        "",
    ]


if __name__ == "__main__":
    main()
