"""Instruct stage: teach a base model to answer from passages, by the words of the answers only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from octavo.kinds.checkpoint import SUMMARY
from octavo.kinds.dialogues import Dialogue, read_dialogues
from octavo.kinds.documents import held_out
from octavo.model.machine import choose_machine
from octavo.spine.errors import WRONG_USE, OctavoError
from octavo.spine.progress import reading
from octavo.spine.settings import Settings
from octavo.spine.stage import Inputs, Stage

if TYPE_CHECKING:
    from octavo.model.tokenizer import Tokenizer
    from octavo.model.training.packing import Tokens


class InstructSettings(Settings):
    """Budget of the instruction training. Zero means: computed from the dialogues and the model."""

    epochs: float = 1.0
    """How many times through the dialogues."""
    steps: int = 0
    """How many optimizer steps; 0: as many as the epochs need."""
    batch: int = 8
    """Rows in a step, each as long as the model's positions."""
    learning_rate: float = 0.0
    """The highest learning rate; 0: a quarter of what the size dial says for the model's width: a higher one learns the
    answers better and forgets more of ordinary text."""
    precision: Literal["auto", "bfloat16", "float32"] = "auto"
    """Numbers to compute with; auto: bfloat16 where the processor multiplies in it."""
    seed: int = 0
    """Decides the order of the dialogues."""


def run(settings: InstructSettings, inputs: Inputs, out: Path, scratch: Path) -> None:
    """Train and write a checkpoint; after a kill it goes on where it was saved last and ends in the same bytes."""
    machine = choose_machine(settings.precision)
    from octavo.kinds.checkpoint import Seen, write_seen
    from octavo.model.checkpoint import read_checkpoint, read_shape, write_checkpoint
    from octavo.model.network.dial import learning_rate
    from octavo.model.network.shape import Course
    from octavo.model.tokenizer import Tokenizer
    from octavo.model.training.loop import Training
    from octavo.model.training.method import NextToken
    from octavo.model.training.packing import pack, steps_of

    _check(settings)
    base = inputs["checkpoint"]
    shape = read_shape(base)
    tokenizer = Tokenizer(base)
    dialogues = [d for d in read_dialogues(inputs["dialogues"]) if not any(held_out(name) for name in d.documents)]
    tokens, used = answer_tokens(dialogues, tokenizer, shape.positions)
    cut = len(dialogues) - len(used)
    rows = pack(tokens, shape.positions)
    batch = min(settings.batch, len(rows))
    steps = settings.steps or max(1, round(settings.epochs * len(rows) / batch))
    course = Course(
        steps=steps,
        learning_rate=settings.learning_rate or learning_rate(shape.width) / 4,
        warmup=max(1, steps // 20),
        decay=steps // 2,
    )
    reading(dialogues=len(tokens), too_long=cut, rows=len(rows), filled=rows.filled, steps=steps)
    method = NextToken(
        lambda: read_checkpoint(base)[0],
        rows,
        batch=batch,
        micro=max(1, 4096 // shape.positions),
        seed=settings.seed,
        device=machine.device,
    )
    trained = Training(method, course, machine, scratch / "training", bytes_per_token(base)).run()
    summary = {
        **trained.facts,
        "steps": steps,
        "dialogues": len(tokens),
        "dialogues_too_long": cut,
        "base_final_loss": json.loads((base / SUMMARY).read_text(encoding="utf-8")).get("final_loss"),
        "settings": settings.model_dump(mode="json"),
    }
    write_checkpoint(out, trained.model, base, trained.rows, summary)
    learnt = steps_of(rows, len(tokens), batch=batch, steps=steps, seed=settings.seed)
    told = zip(used, pairwise(tokens.starts.tolist()), learnt, strict=True)
    write_seen(out, (Seen(dialogue.id, span, tuple(at), dialogue.documents) for dialogue, span, at in told))


def _check(settings: InstructSettings) -> None:
    if settings.epochs <= 0 or settings.steps < 0 or settings.batch < 1 or settings.learning_rate < 0:
        raise OctavoError(
            "T015",
            "epochs and batch must be positive, steps and learning_rate cannot be negative",
            where="the settings of instruct",
            do="correct the value; 0 steps and learning_rate mean: computed",
            exit_code=WRONG_USE,
        )


def answer_tokens(dialogues: Sequence[Dialogue], tokenizer: Tokenizer, positions: int) -> tuple[Tokens, list[Dialogue]]:
    """The conversations as ids with the assistant's words marked as targets, and those that are not too long to use."""
    from octavo.model.training.packing import join

    sequences, learnt, used = [], [], []
    for dialogue in dialogues:
        ids, mine = tokenizer.conversation(dialogue.messages)
        if len(ids) > positions + 1:
            # A cut prompt would teach an answer without its passage.
            continue
        used.append(dialogue)
        sequences.append(ids)
        learnt.append(mine)
    if not sequences:
        raise OctavoError(
            "T019",
            "No dialogue can be learnt from",
            likely="all documents are held out for evaluation, or all prompts are longer than the model's positions",
            do="add documents, or lower the number of passages in the settings of dialogues",
        )
    return join(sequences, learnt), used


def bytes_per_token(base: Path) -> float:
    """Of the base model's text, for readings in bits per byte."""
    summary = json.loads((base / SUMMARY).read_text(encoding="utf-8"))
    return float(summary.get("bytes_per_token", 4.0))


STAGE = Stage(
    name="instruct",
    module=__name__,
    settings=InstructSettings,
    inputs={"checkpoint": "checkpoint", "dialogues": "dialogues"},
    output="checkpoint",
    pinned=("torch",),
)
