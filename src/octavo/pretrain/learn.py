"""Pretrain stage: a model learns all documents that are not held out, from nothing or on from a base."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from octavo.kinds.foundation import Foundation, read_foundation
from octavo.model.machine import choose_machine
from octavo.model.network.dial import Dial, dial, with_experts
from octavo.pretrain.onward import Onward, onward
from octavo.spine.errors import WRONG_USE, OctavoError
from octavo.spine.progress import reading
from octavo.spine.settings import Settings
from octavo.spine.stage import Inputs, Stage

if TYPE_CHECKING:
    from octavo.model.distributed.ranks import Ranks
    from octavo.model.network.decoder import Decoder
    from octavo.model.network.shape import Course
    from octavo.model.training.loop import Training
    from octavo.model.training.packing import Rows, Tokens

GIVEN = ("tokens", "sequence", "batch", "learning_rate")


class PretrainSettings(Settings):
    """Size and budget of the model. Zero means: what the size dial says, or for a base what its shape asks for."""

    size: str = ""
    """How large a model from nothing is: tiny, small, medium, large, or a number of parameters such as 3M. Empty:
    small. A base has its own size."""
    tokens: int = 0
    """How many tokens to learn from; 0: what the size dial says, for a base what takes about the time of small
    from nothing; and at most four times through the text."""
    steps: int = 0
    """How many optimizer steps; 0: as many as the tokens need."""
    sequence: int = 0
    """Tokens in a row; 0: what the size dial says."""
    batch: int = 0
    """Rows in a step; 0: what the size dial says."""
    learning_rate: float = 0.0
    """The highest learning rate; 0: what the size dial says, for a base what it says for its width. Lower, a base keeps
    more of what it knows and learns less."""
    experts: int = 0
    """How many experts a block of a model from nothing has (a mixture of experts, as in Qwen3-MoE); 0: dense."""
    active: int = 0
    """How many of the experts a token is sent to; 0: two."""
    precision: Literal["auto", "bfloat16", "float32"] = "auto"
    """Numbers to compute with; auto: bfloat16 where the processor multiplies in it."""
    seed: int = 0
    """Decides the first weights and the order of the text."""
    processes: int = 0
    """How many processes train together; 0: one a GPU, one on a CPU. Another number rounds sums otherwise: the model is
    as good, not the same."""
    sharding: Literal["none", "optimizer", "fsdp"] = "none"
    """What several processes cut among them instead of each holding all: nothing; the float32 weights and the
    optimizer's state; or these and the weights that compute (FSDP2)."""
    launcher: Literal["torchrun", "ray"] = "torchrun"
    """What starts several processes: torchrun on this machine, or Ray Train on the machines of a cluster."""


@dataclass(frozen=True)
class Lesson:
    """What is learnt and how: the same in every process that trains."""

    base: Foundation
    turned: Dial | Onward
    tokens: Tokens
    rows: Rows
    course: Course
    bytes_per_token: float


def run(settings: PretrainSettings, inputs: Inputs, out: Path, scratch: Path) -> None:
    """Train and write a checkpoint; after a kill it goes on where it was saved last and ends in the same bytes."""
    choose_machine(settings.precision)
    from octavo.kinds.checkpoint import Seen, write_seen
    from octavo.model.checkpoint import write_checkpoint
    from octavo.model.distributed.launch import process_count, train_in_ranks
    from octavo.model.distributed.ranks import ALONE
    from octavo.model.training.packing import steps_of
    from octavo.model.training.text import shuffled

    lesson = prepare(settings, inputs, scratch)
    for line in lesson.turned.derivation():
        reading(derivation=line)
    processes = process_count(settings.processes)
    if processes > 1:
        ways = {"processes": processes, "sharding": settings.sharding, "launcher": settings.launcher}
        train_in_ranks(__name__, settings, inputs, scratch, **ways)
    # What several processes trained is there as a saved state and only has to be taken up.
    trained = _training(settings, lesson, inputs, scratch, ALONE).run()
    tokens, course = lesson.tokens, lesson.course
    summary = {
        **trained.facts,
        "base": lesson.base.model,
        "base_digest": lesson.base.about.get("digest", ""),
        "size": lesson.turned.size,
        "steps": course.steps,
        "derivation": list(lesson.turned.derivation()),
        "text_tokens": len(tokens.ids),
        "text_documents": len(tokens),
        "bytes_per_token": round(lesson.bytes_per_token, 4),
        "settings": settings.model_dump(mode="json"),
    }
    write_checkpoint(out, trained.model, inputs["tokenizer"], trained.rows, summary)
    steps = steps_of(lesson.rows, len(tokens), batch=lesson.turned.batch, steps=course.steps, seed=settings.seed)
    ids = (document.id for document in shuffled(inputs["documents"], settings.seed))
    spans = pairwise(tokens.starts.tolist())
    write_seen(out, (Seen(*seen) for seen in zip(ids, spans, map(tuple, steps), strict=False)))


def prepare(settings: PretrainSettings, inputs: Inputs, scratch: Path) -> Lesson:
    """Size, budget and the packed text, whose token ids are kept in `scratch`."""
    from octavo.model.tokenizer import Tokenizer
    from octavo.model.training.packing import pack
    from octavo.model.training.text import text_tokens

    tokenizer = Tokenizer(inputs["tokenizer"])
    base = read_foundation(inputs.get("base"))
    turned = turn(settings, tokenizer.size) if base.from_nothing else taken_on(settings, base, inputs["base"])
    tokens, text_bytes = text_tokens(inputs["documents"], tokenizer, turned.tokens, settings.seed, scratch)
    if isinstance(turned, Onward) and not settings.batch:
        turned = turned.fitted(len(tokens.ids))
    rows = pack(tokens, turned.sequence)
    course = turned.course(len(tokens.ids), steps=settings.steps)
    return Lesson(base, turned, tokens, rows, course, text_bytes / max(1, len(tokens.ids) - len(tokens)))


def training(settings: PretrainSettings, inputs: Inputs, scratch: Path, ranks: Ranks) -> Training:
    """What each of several processes runs."""
    return _training(settings, prepare(settings, inputs, scratch), inputs, scratch, ranks)


def _training(settings: PretrainSettings, lesson: Lesson, inputs: Inputs, scratch: Path, ranks: Ranks) -> Training:
    from octavo.model.training.loop import Training
    from octavo.model.training.method import NextToken

    machine = choose_machine(settings.precision, ranks.threads)
    turned, seed = lesson.turned, settings.seed

    def begin() -> Decoder:
        return _begin(turned, None if lesson.base.from_nothing else inputs["base"], seed)

    method = NextToken(begin, lesson.rows, batch=turned.batch, micro=turned.micro, seed=seed, device=machine.device)
    return Training(method, lesson.course, machine, scratch / "training", lesson.bytes_per_token, ranks)


def _begin(turned: Dial | Onward, base: Path | None, seed: int) -> Decoder:
    """The model before the first step."""
    from octavo.model.checkpoint import read_checkpoint
    from octavo.model.network.decoder import Decoder

    if base is not None:
        return read_checkpoint(base)[0]
    model = Decoder(turned.shape)
    model.initialise(seed)
    return model


def turn(settings: PretrainSettings, vocabulary: int) -> Dial:
    """The dial with what the settings say otherwise, for the vocabulary that the tokenizer really has."""
    from dataclasses import replace

    changes = _changes(settings)
    dense = replace(dial(settings.size or "small"), vocabulary=-(-vocabulary // 64) * 64, **changes)
    return with_experts(dense, settings.experts, settings.active)


def taken_on(settings: PretrainSettings, base: Foundation, folder: Path) -> Onward:
    """The training that goes on from the base in `folder`, with what the settings say otherwise."""
    from dataclasses import replace

    from octavo.model.checkpoint import read_shape

    if settings.size:
        raise OctavoError(
            "T115",
            f'The base {base.model} has its own size; "{settings.size}" cannot be chosen',
            where="the settings of pretrain",
            do='set model = "scratch" in the table [base] for a model from nothing, or leave size out',
            exit_code=WRONG_USE,
        )
    if settings.experts or settings.active:
        raise OctavoError(
            "T047",
            f"The base {base.model} has its own layers; experts cannot be chosen",
            where="the settings of pretrain",
            do='set model = "scratch" in the table [base] for a model from nothing, or leave experts and active out',
            exit_code=WRONG_USE,
        )
    shape = read_shape(folder)
    if settings.sequence > shape.positions:
        raise OctavoError(
            "T116",
            f"The base {base.model} reads {shape.positions} tokens at once; a sequence has {settings.sequence}",
            where="the settings of pretrain",
            do=f"set sequence to {shape.positions} or less; 0 means: computed",
            exit_code=WRONG_USE,
        )
    return replace(onward(base.model, shape), **_changes(settings))


def _changes(settings: PretrainSettings) -> dict[str, Any]:
    """What the settings say otherwise than the dial; nothing may be negative."""
    for name in (*GIVEN, "steps"):
        if getattr(settings, name) < 0:
            raise OctavoError(
                "T015",
                f"{name} cannot be negative",
                where="the settings of pretrain",
                do="use 0 for what the size dial says, or a positive number",
                exit_code=WRONG_USE,
            )
    return {name: value for name in GIVEN if (value := getattr(settings, name))}


STAGE = Stage(
    name="pretrain",
    module=__name__,
    settings=PretrainSettings,
    inputs={"documents": "documents", "tokenizer": "tokenizer", "base": "foundation"},
    output="checkpoint",
    pinned=("torch",),
)
