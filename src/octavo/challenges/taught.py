"""Taught: a checkpoint that learns texts and answers within a budget of tokens, all of its weights."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from octavo.kinds.dialogues import Message
from octavo.model.checkpoint import read_checkpoint
from octavo.model.generate import Sampling, generate
from octavo.model.machine import choose_machine
from octavo.model.network.decoder import Decoder
from octavo.model.network.shape import Course
from octavo.model.prompt import REFUSAL
from octavo.model.reading.prompt import asked
from octavo.model.tokenizer import Tokenizer
from octavo.model.training.loop import Training
from octavo.model.training.method import NextToken
from octavo.model.training.packing import join, pack
from octavo.spine import disk

ROW, BATCH = 256, 2
RATE = 1e-3
"""Of AdamW; not searched for, which the recommendation of who uses it says."""
LONGEST = 24
"""Tokens of an answer from the weights alone."""


@dataclass(frozen=True)
class Taught:
    """A model after teaching, and what that took."""

    model: Decoder
    tokenizer: Tokenizer
    flops: float
    seconds: float
    """Of the processor."""


def untaught(base: Path) -> Taught:
    """The base as it is."""
    choose_machine("float32")
    model, tokenizer = read_checkpoint(base)
    return Taught(model.eval(), tokenizer, 0.0, 0.0)


def small_base(folder: Path, tokenizer: Path) -> Path:
    """A checkpoint that knows nothing and computes little, where only that everything works is to be seen."""
    from octavo.model.checkpoint import write_checkpoint
    from octavo.model.network.shape import DecoderShape

    if not folder.is_dir():
        model = Decoder(DecoderShape(Tokenizer(tokenizer).size, 32, 1, 2, 1, 16, 64, 1024))
        model.initialise(0)
        folder.mkdir(parents=True)
        write_checkpoint(folder, model, tokenizer, [], {})
    return folder


def teach(
    before: Taught,
    texts: Sequence[str],
    answers: Sequence[tuple[str, str]],
    *,
    tokens: int,
    seed: int,
    scratch: Path,
    rate: float = RATE,
) -> Taught:
    """`before` after reading the texts and (question, answer) pairs again and again, for at most so many tokens; an
    empty answer teaches to decline. `before` stays as it was."""
    began = time.process_time()
    reader = before.tokenizer
    told = [(ids := reader.document(reader.encode(text)), [True] * len(ids)) for text in texts]
    for question, answer in answers:
        told.append(reader.conversation((Message("user", asked(question)), Message("assistant", answer or REFUSAL))))
    rows = pack(join([ids for ids, _ in told], [learnt for _, learnt in told]), ROW)
    steps = max(1, tokens // (ROW * BATCH))

    def begin() -> Decoder:
        model = Decoder(before.model.shape)
        model.load_state_dict(before.model.state_dict())
        return model.float()

    method = NextToken(begin, rows, batch=BATCH, micro=BATCH, seed=seed)
    course = Course(steps, rate, max(1, steps // 20), steps // 2, weight_decay=0.0, optimizer="adamw")
    state = scratch / "teaching"
    disk.remove(state)
    training = Training(method, course, choose_machine("float32"), state, 1.0)
    while training.step < steps:
        training.take_step()
    model = training.result().model
    disk.remove(state)
    assert isinstance(model, Decoder)
    flops = before.model.shape.flops_per_token(ROW) * steps * ROW * BATCH
    return Taught(model.eval(), reader, before.flops + flops, before.seconds + time.process_time() - began)


def recited(taught: Taught, questions: Sequence[str]) -> list[tuple[str, float]]:
    """Answers from the weights alone ("" where the model declines), each with the FLOPs that it took."""
    shape, found = taught.model.shape, []
    for start in range(0, len(questions), 16):
        some = [[Message("user", asked(question))] for question in questions[start : start + 16]]
        for one in generate(taught.model, taught.tokenizer, some, Sampling(tokens=LONGEST)):
            answer = "" if one.text.strip().startswith(REFUSAL.rstrip(".")) else one.text.strip()
            count = one.prompt_tokens + one.tokens
            found.append((answer, shape.flops_per_token(count) / 3 * count))
    return found
