"""Time to the same held-out bits per byte: our loop against the Hugging Face `Trainer` with AdamW, each at its best.

Same text (docstrings of the Python environment), tokenizer, packed rows, shape and thread count. The Trainer runs
through `--tokens` tokens; its learning rate and batch are the best of those tried on a part of them. Ours learns as the
size dial says, with budgets that grow until it comes to the Trainer's bits per byte. Evaluation is not in the time; the
text held out is the same for both and is scored by the same code. A run is a process of its own.

    python bench/race.py [--tokens 1000000] [--seeds 3] [--write bench/results/race.md]
    python bench/race.py --averaging [--tokens 1000000] [--seeds 3] [--write bench/results/averaging.md]
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import math
import os
import statistics
import sys
import sysconfig
import tempfile
import time
import warnings
from pathlib import Path

from aside import aside, circumstances, qwen3

SIZE = "small"
TEXT_BYTES = 8_000_000
HELD_OUT = 200
RATES = ((2e-3, 16), (4e-3, 16), (8e-3, 16), (4e-3, 8))
"""(learning rate, rows a step) that the Trainer tries."""
TRIED_SHARE = 0.3
"""Of the tokens, for each of these."""
BUDGETS = (0.1, 0.14, 0.2, 0.28, 0.4, 0.56, 0.8, 1.0)
"""Of the Trainer's tokens, that ours tries in turn."""
DECAYS = (0.9, 0.97, 0.99, 0.995)
LAST_SAVES = (2, 4, 8)


def texts() -> list[str]:
    """Docstrings of the standard library and of what is installed, each once, in an order decided by their digests."""
    paths = sysconfig.get_paths()
    found: dict[str, str] = {}
    size = 0
    for folder in (paths["stdlib"], paths["purelib"]):
        for path in sorted(Path(folder).rglob("*.py")):
            if size > TEXT_BYTES:
                break
            if folder == paths["stdlib"] and "site-packages" in path.parts:
                continue
            for text in docstrings(path):
                digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
                size += 0 if digest in found else len(text)
                found[digest] = text
    return [found[digest] for digest in sorted(found)]


def docstrings(path: Path) -> list[str]:
    """The longer docstrings of a file; of one that this Python can't parse, none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError, ValueError):
        return []
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    written = (ast.get_docstring(part) for part in ast.walk(tree) if isinstance(part, kinds))
    return [text for text in written if text and len(text) > 120]


def prepare(folder: Path) -> None:
    """The tokenizer, the packed rows and the held-out texts, for all runs."""
    import numpy as np

    from octavo.kinds.documents import Document, write_documents
    from octavo.model.network.dial import dial
    from octavo.model.tokenizer import Tokenizer
    from octavo.model.training.packing import join, pack
    from octavo.tokenizer.train import TokenizerSettings
    from octavo.tokenizer.train import run as train_tokenizer

    all_texts = texts()
    unseen, seen = all_texts[:HELD_OUT], all_texts[HELD_OUT:]
    (folder / "unseen.json").write_text(json.dumps(unseen), encoding="utf-8")
    for name in ("documents", "tokenizer", "scratch"):
        (folder / name).mkdir()
    documents = [Document(f"text.t{number}", text, "function") for number, text in enumerate(seen)]
    write_documents(folder / "documents", documents)
    train_tokenizer(
        TokenizerSettings(size=SIZE), {"documents": folder / "documents"}, folder / "tokenizer", folder / "scratch"
    )
    tokenizer = Tokenizer(folder / "tokenizer")
    tokens = join([tokenizer.document(ids) for ids in tokenizer.encode_all(seen)])
    rows = pack(tokens, dial(SIZE).sequence)
    np.savez(folder / "rows.npz", tokens=rows.tokens, targets=rows.targets, sequences=rows.sequences)


def shape_and_rows(folder: Path):
    """What all runs share: the dial for the tokenizer's vocabulary, and the rows."""
    from dataclasses import replace

    import numpy as np

    from octavo.model.network.dial import dial
    from octavo.model.tokenizer import Tokenizer
    from octavo.model.training.packing import Rows

    turned = replace(dial(SIZE), vocabulary=-(-Tokenizer(folder / "tokenizer").size // 64) * 64)
    with np.load(folder / "rows.npz") as kept:
        rows = Rows(kept["tokens"], kept["targets"], kept["sequences"], np.zeros((0, 2), np.int64))
    return turned, rows


def held_out(folder: Path, model) -> float:
    """Bits per byte of the texts that nobody learnt from."""
    from octavo.model.likelihood import bits_per_byte, score_texts
    from octavo.model.tokenizer import Tokenizer

    unseen = json.loads((folder / "unseen.json").read_text(encoding="utf-8"))
    return bits_per_byte(score_texts(model, Tokenizer(folder / "tokenizer"), unseen))


def our_training(folder: Path, tokens: int, seed: int, scratch: Path):
    """A training as the dial says, not begun."""
    from octavo.model.machine import choose_machine
    from octavo.model.network.decoder import Decoder
    from octavo.model.training.loop import Training
    from octavo.model.training.method import NextToken

    machine = choose_machine()
    turned, rows = shape_and_rows(folder)

    def begin() -> Decoder:
        model = Decoder(turned.shape)
        model.initialise(seed)
        return model

    method = NextToken(begin, rows, batch=turned.batch, micro=turned.micro, seed=seed)
    course = turned.course(tokens, steps=tokens // (turned.batch * turned.sequence))
    return Training(method, course, machine, scratch, 4.0)


def ours(folder: Path, tokens: int, seed: int) -> dict[str, float]:
    """Bits per byte and seconds after so many tokens of ours."""
    with tempfile.TemporaryDirectory() as scratch:
        training = our_training(folder, tokens, seed, Path(scratch))
        began = time.perf_counter(), time.process_time()
        while training.step < training.steps:
            training.take_step()
        took = time.perf_counter() - began[0], time.process_time() - began[1]
        return {"bits": held_out(folder, training.result().model), "seconds": took[0], "processor": took[1]}


def averaged(folder: Path, tokens: int, seed: int) -> dict[str, float]:
    """Bits per byte of the last weights, and of several averages over the weights on the way to them."""
    import torch

    with tempfile.TemporaryDirectory() as scratch:
        training = our_training(folder, tokens, seed, Path(scratch))
        moving = {decay: copy(training.rule.weights()) for decay in DECAYS}
        every = max(1, training.steps // 20)
        saves = []
        while training.step < training.steps:
            training.take_step()
            now = training.rule.weights()
            for decay, mean in moving.items():
                for name, weight in now.items():
                    mean[name].lerp_(weight, 1 - decay)
            if (training.steps - training.step) % every == 0:
                saves.append(copy(now))
                saves = saves[-max(LAST_SAVES) :]
        found = {"the last weights": held_out(folder, training.result().model)}
        for decay, mean in moving.items():
            found[f"moving average, {decay}"] = held_out(folder, training.method.finish(mean))
        for count in LAST_SAVES:
            mean = {name: torch.stack([save[name] for save in saves[-count:]]).mean(0) for name in saves[0]}
            found[f"mean of the last {count} saves"] = held_out(folder, training.method.finish(mean))
        return found


def copy(weights):
    """Weights that the training goes on without."""
    return {name: weight.clone() for name, weight in weights.items()}


def trainer(folder: Path, tokens: int, seed: int, rate: float, batch: int) -> dict[str, float]:
    """The same of `transformers.Trainer`: bfloat16 autocast, fused AdamW, 5 % warm-up, then linear to zero."""
    import torch
    from transformers import Qwen3ForCausalLM, Trainer, TrainingArguments

    from octavo.model.architecture import parts
    from octavo.model.network.decoder import Decoder

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    torch.manual_seed(seed)
    turned, rows = shape_and_rows(folder)
    shape = turned.shape
    config = qwen3(shape, use_cache=False, attn_implementation="eager")
    model = Qwen3ForCausalLM(config)
    assert sum(p.numel() for p in model.parameters()) == shape.parameters, "both sides must train the same model"
    # It compares each place with the label of the next one.
    labels = torch.full(rows.targets.shape, -100)
    labels[:, 1:] = torch.from_numpy(rows.targets[:, :-1]).long()
    labels[labels < 0] = -100
    data = [{"input_ids": torch.from_numpy(row).long(), "labels": label} for row, label in zip(rows.tokens, labels)]
    steps = tokens // (batch * turned.sequence)
    with tempfile.TemporaryDirectory() as out:
        arguments = TrainingArguments(
            output_dir=out,
            max_steps=steps,
            per_device_train_batch_size=batch,
            bf16=True,
            use_cpu=True,
            optim="adamw_torch_fused",
            learning_rate=rate,
            adam_beta2=0.95,
            weight_decay=0.1,
            max_grad_norm=1.0,
            lr_scheduler_type="linear",
            warmup_steps=max(1, steps // 20),
            seed=seed,
            save_strategy="no",
            logging_strategy="no",
            report_to=[],
            disable_tqdm=True,
            dataloader_pin_memory=False,
        )
        runner = Trainer(model=model, args=arguments, train_dataset=data)
        began = time.perf_counter(), time.process_time()
        runner.train()
        took = time.perf_counter() - began[0], time.process_time() - began[1]
    scored = Decoder(shape)
    learnt = model.state_dict()
    with torch.no_grad():
        for name, part in parts(scored):
            part.copy_(learnt[name])
    return {"bits": held_out(folder, scored), "seconds": took[0], "processor": took[1]}


def measure(what: str, folder: Path, *values: float) -> dict[str, float]:
    """One run, in a process of its own."""
    found = aside(__file__, what, folder, *values)
    print(f"{what} {values}: {found}", file=sys.stderr)
    return found


def child(what: str, folder: Path, values: list[str]) -> dict[str, float]:
    """One run, in this process."""
    if what == "ours":
        return ours(folder, int(float(values[0])), int(values[1]))
    if what == "averaged":
        return averaged(folder, int(float(values[0])), int(values[1]))
    return trainer(folder, int(float(values[0])), int(values[1]), float(values[2]), int(values[3]))


def race(folder: Path, tokens: int, seeds: int) -> list[str]:
    """Who comes when to the same bits per byte."""
    tried = {pair: measure("trainer", folder, tokens * TRIED_SHARE, 0, *pair)["bits"] for pair in RATES}
    best = min(tried, key=tried.__getitem__)
    lines = [
        f"Trainer after {tokens * TRIED_SHARE:,.0f} tokens (bits per byte): "
        + ", ".join(f"rate {rate:g}, {batch} rows: {bits:.3f}" for (rate, batch), bits in tried.items())
        + f". It runs with {best[0]:g} and {best[1]} rows.",
        "",
        "| seed | Trainer: bits per byte | its seconds | ours: bits per byte | its tokens of the Trainer's"
        " | its seconds | Trainer / ours | by processor time |",
        "|---|---|---|---|---|---|---|---|",
    ]
    ratios, works = [], []
    for seed in range(seeds):
        theirs = measure("trainer", folder, tokens, seed, *best)
        for share in BUDGETS:
            mine = measure("ours", folder, tokens * share, seed)
            if mine["bits"] <= theirs["bits"]:
                break
        else:
            share = math.nan
        ratio, work = theirs["seconds"] / mine["seconds"], theirs["processor"] / mine["processor"]
        ratios.append(ratio)
        works.append(work)
        reached = f"{share:.0%}" if math.isfinite(share) else "not reached"
        lines.append(
            f"| {seed} | {theirs['bits']:.3f} | {theirs['seconds']:.1f} | {mine['bits']:.3f} | {reached}"
            f" | {mine['seconds']:.1f} | {ratio:.2f} | {work:.2f} |"
        )
    lines += [
        "",
        f"Ours is there in 1/{statistics.geometric_mean(ratios):.1f} of the time"
        f" (least {min(ratios):.2f}, most {max(ratios):.2f}; by processor time {statistics.geometric_mean(works):.2f})."
        " Asked for: 1/3.",
    ]
    return lines


def averaging(folder: Path, tokens: int, seeds: int) -> list[str]:
    """Whether averages of the weights are better than the last ones."""
    found = [measure("averaged", folder, tokens, seed) for seed in range(seeds)]
    lines = ["| weights | bits per byte, mean of the seeds | less the last weights, seed by seed |", "|---|---|---|"]
    for name in found[0]:
        differences = ", ".join(f"{run[name] - run['the last weights']:+.4f}" for run in found)
        lines.append(f"| {name} | {statistics.fmean(run[name] for run in found):.4f} | {differences} |")
    return lines


def main() -> None:
    """Prepare the text, run, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=1_000_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--averaging", action="store_true")
    parser.add_argument("--write", type=Path)
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        what, folder, *values = given.child
        print(json.dumps(child(what, Path(folder), values)))
        return
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        lines = (averaging if given.averaging else race)(Path(folder), given.tokens, given.seeds)
    print("\n".join(lines))
    name = "averaging" if given.averaging else "race"
    write(given.write or Path(__file__).parent / "results" / f"{name}.md", name, given, lines)


def write(path: Path, name: str, given: argparse.Namespace, lines: list[str]) -> None:
    """The table with date, versions, machine and command."""
    title = {"race": "Time to the same bits per byte", "averaging": "Averages of the weights"}[name]
    option = " --averaging" if given.averaging else ""
    command = f"python bench/race.py{option} --tokens {given.tokens} --seeds {given.seeds}"
    head = [f"# {title}", "", circumstances(command, "torch", "transformers"), ""]
    path.write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
