"""`octavo train`: teach a model from files: conversations or text, by any method, from any local checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from octavo.cli.options import json_option
from octavo.cli.talk import answer, answer_json, following, say, size, span, table
from octavo.spine.errors import WRONG_USE, OctavoError

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option(
    "--base",
    default="seed",
    show_default=True,
    help="What to begin with: the folder of a local checkpoint, seed (the model that comes along), or scratch.",
)
@click.option("--method", default="", help="How the base is changed (default: lora; full for scratch).")
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path), help="The new folder.")
@click.option("--epochs", default=3.0, show_default=True, help="How many times through the files.")
@click.option("--steps", default=0, help="How many optimizer steps (default: as many as the epochs need).")
@click.option("--batch", default=0, help="Rows in a step (default: up to 8).")
@click.option("--length", default=0, help="Tokens in a row (default: the longest conversation).")
@click.option("--learning-rate", default=0.0, help="The highest learning rate (default: what the method needs).")
@click.option("--rank", default=16, show_default=True, help="Of low-rank methods and bottleneck adapters.")
@click.option("--alpha", default=0.0, help="Strength of low-rank methods (default: twice the rank).")
@click.option("--virtual", default=16, show_default=True, help="Virtual tokens of prefix and prompt tuning.")
@click.option("--target", "targets", multiple=True, help="Matrices to adapt, by the end of their names (default: all).")
@click.option("--template", default="", help="For a base without a chat template: plain or chatml.")
@click.option(
    "--too-long",
    type=click.Choice(["refuse", "drop"]),
    default="refuse",
    show_default=True,
    help="Conversations longer than the base reads: refuse them all, or leave them out.",
)
@click.option(
    "--bad",
    type=click.Choice(["refuse", "drop"]),
    default="refuse",
    show_default=True,
    help="Rows that can't be learnt from: refuse them all, or leave them out.",
)
@click.option("--held-out", default=0.05, show_default=True, help="Share of the rows that only measures the result.")
@click.option("--replay", multiple=True, type=FILE, help="General text to mix in, against forgetting.")
@click.option("--replay-share", default=0.1, show_default=True, help="Share of it among what is learnt.")
@click.option("--general", multiple=True, type=FILE, help="General text on which forgetting is measured.")
@click.option("--merge", is_flag=True, help="Write one model instead of an adapter.")
@click.option("--size", "dial", default="tiny", show_default=True, help="With scratch: the size of the model.")
@click.option("--precision", type=click.Choice(["auto", "bfloat16", "float32"]), default="auto", show_default=True)
@click.option("--seed", default=0, show_default=True, help="Decides first values and order.")
@json_option
def command(files: tuple[Path, ...], base: str, method: str, out: Path, as_json: bool, **options: Any) -> None:
    """Teach a model from FILES: conversations (messages, Alpaca, ShareGPT, prompt and completion) or plain text.

    \b
    Methods:
      full                     every weight
      lora, rslora, dora       low-rank changes of the matrices
      qlora8, qlora4           lora on a base held in 8 or 4 bits
      ia3                      factors on keys, values and hidden units
      prefix, prompt           virtual tokens before the text
      adapter                  small layers behind attention and MLP
      mezo                     every weight, without gradients, in the memory of inference

    The same command goes on where a killed one was. What is written is read again and compared before it appears.
    """
    from octavo.finetune.settings import FinetuneSettings
    from octavo.kinds.records import check_outputs
    from octavo.model.foreign.folder import check_folder
    from octavo.model.reading.place import SEED, SHIPPED
    from octavo.spine.settings import read_settings
    from octavo.spine.shards import file_state, kept_scratch

    replay, general = options.pop("replay"), options.pop("general")
    merge, dial = options.pop("merge"), options.pop("dial")
    if out.exists():
        raise OctavoError(
            "T081",
            "There is something at the place of the output already",
            where=str(out),
            do="name another folder: nothing is overwritten",
            exit_code=WRONG_USE,
        )
    check_outputs([out], [*files, *replay, *general])
    if base == "scratch":
        _from_scratch(files, method, out, dial, options, as_json)
        return
    options["targets"] = list(options["targets"])
    options["replay_share"] = options["replay_share"] if replay else 0.0
    settings = read_settings(FinetuneSettings, {**options, "method": method or "lora"}, where="the options")
    _check(settings, merge)
    folder = SHIPPED if base == SEED else Path(base)
    check_folder(folder)
    states = [file_state(path) for path in (folder, *files, *replay, *general)]
    with following(), kept_scratch(out, {"train": settings.as_json(), "of": states, "merge": merge}) as scratch:
        report = _tuned(folder, files, replay, general, settings, out, scratch, merge)
    _tell(report, base, out, as_json)


def _check(settings: Any, merge: bool) -> None:
    from octavo.finetune.deliver import check_mergeable
    from octavo.finetune.methods import method_named

    method_named(settings.method)
    if merge:
        check_mergeable(settings.method)
    wrong = [name for name in ("steps", "batch", "length", "learning_rate") if getattr(settings, name) < 0]
    wrong += [name for name in ("held_out", "replay_share") if not 0 <= getattr(settings, name) < 1]
    wrong += ["epochs"] if settings.epochs <= 0 else []
    if wrong:
        raise OctavoError(
            "T073",
            f"These options are out of range: {', '.join('--' + name.replace('_', '-') for name in wrong)}",
            do="counts and rates cannot be negative, epochs must be positive, shares lie between 0 and 1",
            exit_code=WRONG_USE,
        )


def _tuned(
    folder: Path,
    files: tuple[Path, ...],
    replay: tuple[Path, ...],
    general: tuple[Path, ...],
    settings: Any,
    out: Path,
    scratch: Path,
    merge: bool,
) -> dict[str, Any]:
    import time

    from octavo.finetune.deliver import deliver
    from octavo.finetune.rows import read_examples, read_texts
    from octavo.finetune.tune import tune
    from octavo.kinds.records import Bad
    from octavo.model.machine import memory_in_use

    began = time.monotonic()
    bad: list[Bad] = []
    outcome = tune(
        folder,
        read_examples(files, bad),
        settings,
        scratch,
        bad=bad,
        replayed=read_texts(replay),
        general=list(read_texts(general)),
    )
    deliver(outcome, out, scratch, merge=merge)
    return {
        **outcome.facts,
        "left_out": [vars(one) for one in (*outcome.corpus.refused, *outcome.corpus.too_long)],
        "seconds": round(time.monotonic() - began, 2),
        "peak_memory_gb": round(memory_in_use(), 3),
        "bytes_on_disk": sum(path.stat().st_size for path in out.rglob("*") if path.is_file()),
        "out": str(out),
        "kind": "model" if merge or outcome.adaptation.whole else "adapter",
    }


def _from_scratch(
    files: tuple[Path, ...], method: str, out: Path, dial: str, options: dict[str, Any], as_json: bool
) -> None:
    from octavo.apps.from_text import train_from_text
    from octavo.spine.shards import file_state, kept_scratch

    if method not in ("", "full"):
        raise OctavoError(
            "T079",
            f"A model from scratch has nothing that {method} could change",
            do="leave --method out, then run octavo train again with the new model as --base",
            exit_code=WRONG_USE,
        )
    chosen = {name: options[name] for name in ("steps", "batch", "learning_rate", "precision", "seed")}
    recipe = {"train": "scratch", "size": dial, **chosen, "of": [file_state(path) for path in files]}
    with following(), kept_scratch(out, recipe) as scratch:
        report = train_from_text(files, out, scratch, size=dial, **chosen)
    _tell(report, "scratch", out, as_json)


def _tell(report: dict[str, Any], base: str, out: Path, as_json: bool) -> None:
    if as_json:
        answer_json(report)
        return
    trainable = report.get("trainable", report["parameters"])
    rows = [
        ("method", f"{report['method']}, {trainable:,} of {report['parameters']:,} numbers learn"),
        ("learnt from", f"{report['tokens']:,} tokens in {report['steps']:,} steps"),
        ("learning rate", f"{report['learning_rate']:.3g} at its highest"),
        ("final loss", f"{report['final_loss']:.3f} nats a token"),
    ]
    for name, what in (("held_out", "held-out rows"), ("general", "general text")):
        before, after = (report.get(side, {}).get(f"{name}_bits_per_byte") for side in ("before", "after"))
        if before is not None and after is not None:
            rows.append((what, f"{before:.3f} bits per byte before, {after:.3f} after"))
    rows += [
        ("time", f"{span(report['seconds'])}, {report['peak_memory_gb']:.2f} GB of memory"),
        ("written", f"{out}, {report['kind']}, {size(report['bytes_on_disk'])}"),
    ]
    answer(table([list(row) for row in rows]))
    left = len(report.get("left_out", ()))
    if left:
        say(f"{left:,} rows were left out; --json lists them with the reasons")
    if report["kind"] == "adapter":
        say(f"next: octavo export {out} -o MODEL" + ("" if base == "seed" else f" --base {base}"))
    else:
        say(f"next: octavo export {out} -o MODEL.gguf")
