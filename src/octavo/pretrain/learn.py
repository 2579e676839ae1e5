"""Pretrain stage: a model learns all documents that are not held out, from nothing or on from a base."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from octavo.kinds.foundation import Foundation, read_foundation
from octavo.model.machine import choose_machine
from octavo.model.network.dial import Dial, dial
from octavo.pretrain.onward import Onward, onward
from octavo.spine.errors import WRONG_USE, OctavoError
from octavo.spine.progress import reading
from octavo.spine.settings import Settings
from octavo.spine.stage import Inputs, Stage

if TYPE_CHECKING:
    from octavo.model.network.decoder import Decoder

GIVEN = ("tokens", "sequence", "batch", "learning_rate")


class PretrainSettings(Settings):
    """Size and budget of the model. Zero means: what the size dial says, or for a base what its shape asks for."""

    size: str = ""
    """How large a model from nothing is: tiny, small, medium, large, or a number of parameters such as 3M. Empty:
    small. A base has its own size."""
    tokens: int = 0
    """How many tokens to learn from; 0: what the size dial says, for a base as much arithmetic as small takes from
    nothing; and at most four times through the text."""
    steps: int = 0
    """How many optimizer steps; 0: as many as the tokens need."""
    sequence: int = 0
    """Tokens in a row; 0: what the size dial says."""
    batch: int = 0
    """Rows in a step; 0: what the size dial says."""
    learning_rate: float = 0.0
    """The highest learning rate; 0: what the size dial says, for a base a part of it: it keeps what it knows."""
    precision: Literal["auto", "bfloat16", "float32"] = "auto"
    """Numbers to compute with; auto: bfloat16 where the processor multiplies in it."""
    seed: int = 0
    """Decides the first weights and the order of the text."""


def run(settings: PretrainSettings, inputs: Inputs, out: Path, scratch: Path) -> None:
    """Train and write a checkpoint; after a kill it goes on where it was saved last and ends in the same bytes."""
    machine = choose_machine(settings.precision)
    from octavo.kinds.checkpoint import Seen, write_seen
    from octavo.model.checkpoint import write_checkpoint
    from octavo.model.tokenizer import Tokenizer
    from octavo.model.training.loop import Training
    from octavo.model.training.method import NextToken
    from octavo.model.training.packing import pack, steps_of
    from octavo.model.training.text import shuffled, text_tokens

    tokenizer = Tokenizer(inputs["tokenizer"])
    base = read_foundation(inputs.get("base"))
    turned = turn(settings, tokenizer.size) if base.from_nothing else taken_on(settings, base, inputs["base"])
    tokens, text_bytes = text_tokens(inputs["documents"], tokenizer, turned.tokens, settings.seed, scratch)
    if isinstance(turned, Onward) and not settings.batch:
        turned = turned.fitted(len(tokens.ids))
    for line in turned.derivation():
        reading(derivation=line)
    rows = pack(tokens, turned.sequence)
    course = turned.course(len(tokens.ids), steps=settings.steps)

    def begin() -> Decoder:
        return _begin(turned, None if base.from_nothing else inputs["base"], settings.seed)

    method = NextToken(begin, rows, batch=turned.batch, micro=turned.micro, seed=settings.seed, device=machine.device)
    bytes_per_token = text_bytes / max(1, len(tokens.ids) - len(tokens))
    trained = Training(method, course, machine, scratch / "training", bytes_per_token).run()
    summary = {
        **trained.facts,
        "base": base.model,
        "base_digest": base.about.get("digest", ""),
        "size": turned.size,
        "steps": course.steps,
        "derivation": list(turned.derivation()),
        "text_tokens": len(tokens.ids),
        "text_documents": len(tokens),
        "bytes_per_token": round(bytes_per_token, 4),
        "settings": settings.model_dump(mode="json"),
    }
    write_checkpoint(out, trained.model, inputs["tokenizer"], trained.rows, summary)
    steps = steps_of(rows, len(tokens), batch=turned.batch, steps=course.steps, seed=settings.seed)
    ids = (document.id for document in shuffled(inputs["documents"], settings.seed))
    spans = pairwise(tokens.starts.tolist())
    write_seen(out, (Seen(*seen) for seen in zip(ids, spans, map(tuple, steps), strict=False)))


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
    return replace(dial(settings.size or "small"), vocabulary=-(-vocabulary // 64) * 64, **changes)


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
