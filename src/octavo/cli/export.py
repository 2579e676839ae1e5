"""`octavo export`: a model as a Hugging Face folder or a GGUF file, compared with what it was made from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from octavo.cli.options import json_option
from octavo.spine.errors import WRONG_USE, OctavoError

if TYPE_CHECKING:
    from octavo.model.export.publish import Exported

STAGE = "instruct"
"""What is exported of a project unless another stage is named."""


@click.command()
@click.argument("model", default="", metavar="[MODEL]")
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path), help="A new folder, or a new FILE.gguf.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["hf", "gguf"]),
    help="A Hugging Face folder, or one file for llama.cpp (default: by the name of OUT).",
)
@click.option(
    "--dtype",
    type=click.Choice(["f32", "f16", "bf16", "q8_0"]),
    help="Numbers to store the weights in; q8_0 for gguf only (default: those that they are stored in).",
)
@click.option(
    "--base",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The base of an adapter (default: the folder that the adapter names).",
)
@click.option(
    "--project",
    "project",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help=f"Take MODEL as a stage of this project (default stage: {STAGE}).",
)
@json_option
def command(
    model: str, out: Path, form: str | None, dtype: str | None, base: Path | None, project: Path | None, as_json: bool
) -> None:
    """Write MODEL to OUT: the folder of a checkpoint, of a PEFT adapter (merged with its base), seed, or a stage.

    What was written is read again and compared with MODEL by logits and greedy tokens, with tokenizers too for gguf.
    Beyond the tolerance nothing appears; the numbers are in parity.json beside the model. The weights are held in
    memory two or three times.
    """
    import tempfile

    from octavo.cli.talk import answer, answer_json

    source = _source(model, project)
    out.parent.mkdir(parents=True, exist_ok=True)
    from octavo.model.export.adapter import is_adapter, merge
    from octavo.model.export.publish import GGUF, publish

    form = form or ("gguf" if out.suffix == GGUF else "hf")
    if base is not None and not is_adapter(source):
        raise OctavoError(
            "T056", "Only an adapter has a base", where=str(source), do="leave --base out", exit_code=WRONG_USE
        )
    if is_adapter(source):
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.merge-") as scratch:
            folder = Path(scratch) / "merged"
            made = publish(folder, out, form=form, dtype=dtype or "", merged=merge(source, folder, base))
    else:
        made = publish(source, out, form=form, dtype=dtype or "")
    if as_json:
        answer_json(_as_json(made))
    else:
        answer("\n".join(_lines(made)))


def _source(model: str, project: Path | None) -> Path:
    if project is not None:
        from octavo.spine.project import open_project

        return open_project(project).artifact(model or STAGE)
    from octavo.model.reading.place import SEED, checkpoint_named

    if model == SEED:
        return checkpoint_named(model)
    folder = Path(model)
    if not model or not folder.is_dir():
        raise OctavoError(
            "T058",
            f"There is no model {model}" if model else "No model was named",
            do="octavo export FOLDER -o OUT,   octavo export seed -o OUT   or   octavo export --project DIR -o OUT",
            exit_code=WRONG_USE,
        )
    return folder


def _as_json(made: Exported) -> dict[str, Any]:
    comparisons = {name: parity.as_json() for name, parity in made.comparisons.items()}
    return {"out": str(made.path), **made.facts, "comparisons": comparisons}


def _lines(made: Exported) -> list[str]:
    from octavo.cli.talk import size, table
    from octavo.spine.disk import size_of

    rows = [("compared", "largest difference", "divergence", "greedy tokens", "verdict")]
    for name, parity in made.comparisons.items():
        equal = f"{parity.greedy_tokens - parity.greedy_apart} of {parity.greedy_tokens}"
        if parity.greedy_ties:
            equal += f", {parity.greedy_ties} ties"
        verdict = parity.verdict
        if parity.positions_apart:
            verdict += f", but another expert at {parity.positions_apart} of {parity.positions} positions"
        rows.append((name, f"{parity.relative:.1e} of the largest", f"{parity.mean_kl:.1e} nats", equal, verdict))
    facts = made.facts
    lines = [
        f"{made.path}: {facts['architecture']} as {made.form}, weights in {made.dtype}, {size(size_of(made.path))}",
        "",
        table(rows),
    ]
    if facts.get("encodings_compared"):
        lines.append(f"tokenizer   {facts['encodings_compared']} encodings of sample texts are alike")
    if facts.get("kept_in_float16"):
        lines.append(f"float16     {len(facts['kept_in_float16'])} matrices whose rows are not made of blocks of 32")
    lines += [f"unchecked   {note}" for note in facts["not_checked"]]
    if made.form == "gguf":
        file = made.path if made.path.is_file() else next(made.path.glob("*.gguf"))
        lines += ["", f"next   llama-cli -m {file}"]
    return lines
