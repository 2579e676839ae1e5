"""Instruct stage: teach a base model to answer from passages, by the words of the answers, while it reads on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from octavo.kinds.checkpoint import SUMMARY, Seen
from octavo.kinds.dialogues import Dialogue, read_dialogues
from octavo.kinds.documents import Document, held_out
from octavo.model.machine import choose_machine
from octavo.spine.errors import WRONG_USE, OctavoError
from octavo.spine.progress import reading
from octavo.spine.settings import Settings
from octavo.spine.stage import Inputs, Stage

if TYPE_CHECKING:
    from octavo.model.network.shape import DecoderShape
    from octavo.model.tokenizer import Tokenizer
    from octavo.model.training.packing import Tokens


RATE_SHARE = 0.25
"""Of the learning rate for a model from nothing; `bench/base.py` varies it."""
SHARE_OF_BUDGET = 0.35
"""Of the pretraining's budget, or of what the size small may take: the most that instruction takes unless told."""
FEWEST_POSITIONS = 256


class InstructSettings(Settings):
    """Budget of the instruction training. Zero means: computed from the dialogues and the model."""

    epochs: float = 0.0
    """How many times through the dialogues; 0: once, or less where that would take more than a third of the
    pretraining's budget."""
    steps: int = 0
    """How many optimizer steps; 0: as many as the epochs need."""
    batch: int = 8
    """Rows in a step, each as long as the longest dialogue."""
    replay: float = Field(0.12, ge=0, lt=1)
    """Share of all tokens that are plain text of the documents, so that the model does not forget how to continue it;
    0: none."""
    learning_rate: float = 0.0
    """The highest learning rate; 0: a quarter of what the size dial says for the model's width."""
    precision: Literal["auto", "bfloat16", "float32"] = "auto"
    """Numbers to compute with; auto: bfloat16 where the processor multiplies in it."""
    seed: int = 0
    """Decides the order of the dialogues, and which text is read again."""


def run(settings: InstructSettings, inputs: Inputs, out: Path, scratch: Path) -> None:
    """Train and write a checkpoint; after a kill it goes on where it was saved last and ends in the same bytes."""
    machine = choose_machine(settings.precision)
    from octavo.kinds.checkpoint import write_seen
    from octavo.model.checkpoint import read_checkpoint, read_shape, write_checkpoint
    from octavo.model.network.dial import learning_rate
    from octavo.model.network.shape import Course
    from octavo.model.tokenizer import Tokenizer
    from octavo.model.training.loop import Training
    from octavo.model.training.method import NextToken
    from octavo.model.training.packing import pack, steps_of

    _check(settings)
    base = inputs["checkpoint"]
    before = json.loads((base / SUMMARY).read_text(encoding="utf-8"))
    shape = read_shape(base)
    tokenizer = Tokenizer(base)
    dialogues = [d for d in read_dialogues(inputs["dialogues"]) if not any(held_out(name) for name in d.documents)]
    talk, used = answer_tokens(dialogues, tokenizer, shape.positions)
    tokens, replayed = with_replay(talk, settings, inputs["documents"], tokenizer, scratch)
    length = row_length(talk, shape.positions)
    rows = pack(tokens, length)
    batch = min(settings.batch, len(rows))
    steps = settings.steps or step_count(settings, len(rows), batch, length, shape, before.get("tokens", 0))
    course = Course(
        steps=steps,
        learning_rate=settings.learning_rate or RATE_SHARE * learning_rate(shape.width),
        warmup=max(1, steps // 20),
        decay=steps // 2,
    )
    cut = len(dialogues) - len(used)
    reading(dialogues=len(talk), too_long=cut, replayed=len(replayed), rows=len(rows), filled=rows.filled, steps=steps)
    method = NextToken(
        lambda: read_checkpoint(base)[0],
        rows,
        batch=batch,
        micro=max(1, 2048 // length),
        seed=settings.seed,
        device=machine.device,
    )
    trained = Training(method, course, machine, scratch / "training", before.get("bytes_per_token", 4.0)).run()
    summary = {
        **trained.facts,
        **{name: before[name] for name in ("base", "base_digest") if name in before},
        "steps": steps,
        "dialogues": len(talk),
        "dialogues_too_long": cut,
        "documents_replayed": len(replayed),
        "replay": round(1 - len(talk.ids) / len(tokens.ids), 4),
        "base_final_loss": before.get("final_loss"),
        "settings": settings.model_dump(mode="json"),
    }
    write_checkpoint(out, trained.model, base, trained.rows, summary)
    learnt = steps_of(rows, len(tokens), batch=batch, steps=steps, seed=settings.seed)
    write_seen(out, _seen(used, replayed, tokens, learnt))


def _seen(
    dialogues: Sequence[Dialogue], replayed: Sequence[Document], tokens: Tokens, learnt: Sequence[Sequence[int]]
) -> Iterator[Seen]:
    """First the dialogues, then the documents that were read again, as their tokens follow each other."""
    names = [(one.id, one.documents) for one in dialogues] + [(one.id, ()) for one in replayed]
    for (name, documents), span, at in zip(names, pairwise(tokens.starts.tolist()), learnt, strict=True):
        yield Seen(name, span, tuple(at), documents)


def _check(settings: InstructSettings) -> None:
    if min(settings.epochs, settings.steps, settings.learning_rate) < 0 or settings.batch < 1:
        raise OctavoError(
            "T015",
            "batch must be positive; epochs, steps and learning_rate cannot be negative",
            where="the settings of instruct",
            do="correct the value; 0 epochs, steps and learning_rate mean: computed",
            exit_code=WRONG_USE,
        )


def step_count(
    settings: InstructSettings, rows: int, batch: int, length: int, shape: DecoderShape, pretrained: int
) -> int:
    """Steps for the epochs; unless they are given, once through the rows within a part of what pretraining took (its
    `pretrained` tokens) or could take."""
    from octavo.model.network.dial import affordable

    once = rows / batch
    if settings.epochs:
        return max(1, round(settings.epochs * once))
    allowed = SHARE_OF_BUDGET * max(pretrained, affordable(shape, length)) / (batch * length)
    return max(1, round(min(once, allowed)))


def row_length(talk: Tokens, positions: int) -> int:
    """As long as the longest dialogue, in steps of 64, within what the model reads at once."""
    longest = int((talk.starts[1:] - talk.starts[:-1]).max()) - 1
    return min(positions, max(FEWEST_POSITIONS, -(-longest // 64) * 64))


def with_replay(
    talk: Tokens, settings: InstructSettings, documents: Path, tokenizer: Tokenizer, scratch: Path
) -> tuple[Tokens, list[Document]]:
    """The dialogues and behind them enough plain text for the share, with the documents that it is of."""
    from octavo.model.training.text import beginning, behind, shuffled, text_tokens

    budget = round(len(talk.ids) * settings.replay / (1 - settings.replay))
    if budget == 0:
        return talk, []
    order = f"replay {settings.seed}"
    text = beginning(text_tokens(documents, tokenizer, budget, order, scratch)[0], budget)
    return behind(talk, text), shuffled(documents, order)[: len(text)]


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


STAGE = Stage(
    name="instruct",
    module=__name__,
    settings=InstructSettings,
    inputs={"checkpoint": "checkpoint", "dialogues": "dialogues", "documents": "documents"},
    output="checkpoint",
    pinned=("torch",),
)
