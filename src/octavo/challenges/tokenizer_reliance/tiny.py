"""Tiny: the model that a tokenizer is judged by, trained and carried over within one budget of FLOPs for all.

A tokenizer that makes longer sequences reads less text for the same FLOPs, and one with a larger vocabulary spends more
of them on the head: both are paid for here, so that even plain bytes are compared honestly.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from octavo.challenges.tokenizer_reliance.ground import Ground
from octavo.model.checkpoint import read_checkpoint, write_checkpoint
from octavo.model.machine import choose_machine
from octavo.model.network.decoder import Decoder
from octavo.model.network.dial import learning_rate
from octavo.model.network.shape import Course, DecoderShape
from octavo.model.tokenizer import Tokenizer
from octavo.model.training.loop import Training
from octavo.model.training.method import NextToken
from octavo.model.training.packing import join, pack
from octavo.tokenizer.audit.open import open_tokenizer
from octavo.tokenizer.repair.rows import Weighted, transfer

FLOPS = 8e10
"""For training one model, whatever its tokenizer."""
WIDTH, DEPTH = 64, 2
LONGEST, STEP = 256, 32
"""A row is as long as 99 of 100 texts need, a multiple of STEP tokens and at most LONGEST."""
BATCH = 512
"""Tokens in a step."""


@dataclass(frozen=True)
class Taught:
    """A model with its tokenizer and what its training took."""

    model: Decoder
    tokenizer: Path
    flops: float


def train(ground: Ground, tokenizer: Path, seed: int) -> Taught:
    """A model from nothing, trained for as many steps as the FLOPs allow."""
    return _train(ground, tokenizer, seed, FLOPS, None, warmup=0.05, decay=0.5)


def first_half(ground: Ground, tokenizer: Path, seed: int) -> Taught:
    """A model from nothing as it is when half of the FLOPs are spent, before the learning rate falls."""
    return _train(ground, tokenizer, seed, FLOPS / 2, None, warmup=0.1, decay=0.0)


def second_half(ground: Ground, tokenizer: Path, seed: int, before: Taught, start: Decoder) -> Taught:
    """`start`, which `before` was carried over to, trained with the other half, in which the learning rate falls."""
    after = _train(ground, tokenizer, seed + 1, FLOPS / 2, start, warmup=0.0, decay=1.0)
    return Taught(after.model, tokenizer, before.flops + after.flops)


def _train(
    ground: Ground, tokenizer: Path, seed: int, flops: float, start: Decoder | None, *, warmup: float, decay: float
) -> Taught:
    machine = choose_machine("float32")
    reader = Tokenizer(tokenizer)
    texts = list(ground.texts)
    random.Random(f"order {seed}").shuffle(texts)  # noqa: S311
    sequences = [reader.document(ids) for ids in reader.encode_all(texts)]
    length = _row_length([len(one) for one in sequences])
    rows = pack(join(sequences), length)
    batch = max(1, BATCH // length)
    shape = start.shape if start is not None else _shape(reader.size)
    steps = max(1, int(flops / (shape.flops_per_token(length) * batch * length)))
    rate = learning_rate(WIDTH)
    course = Course(steps, rate, warmup=max(1, round(steps * warmup)), decay=round(steps * decay))
    method = NextToken(_beginning(shape, seed, start), rows, batch=batch, micro=batch, seed=seed)
    training = Training(method, course, machine, ground.place("state"), 1.0)
    while training.step < steps:
        training.take_step()
    return Taught(training.result().model, tokenizer, steps * batch * length * shape.flops_per_token(length))


def carry_over(ground: Ground, old: Taught, new: Path, sources: Weighted) -> Decoder:
    """The model with a row for each token of `new`: its own old row, or the mean of the `sources` it is made of."""
    before, after = ground.place("before"), ground.place("after")
    write_checkpoint(before, old.model, old.tokenizer, [], {})
    for path in new.glob("*.json"):
        (after / path.name).write_bytes(path.read_bytes())
    transfer(before, after, sources, old_size=open_tokenizer(old.tokenizer).top)
    return read_checkpoint(after)[0]


def _shape(vocabulary: int) -> DecoderShape:
    return DecoderShape(vocabulary, WIDTH, DEPTH, 1, 1, WIDTH, 3 * WIDTH, LONGEST)


def _row_length(lengths: list[int]) -> int:
    enough = sorted(lengths)[len(lengths) * 99 // 100] - 1
    return min(LONGEST, -(-enough // STEP) * STEP)


def _beginning(shape: DecoderShape, seed: int, start: Decoder | None) -> Callable[[], Decoder]:
    def begin() -> Decoder:
        model = Decoder(shape)
        if start is None:
            model.initialise(seed)
        else:
            model.load_state_dict(start.state_dict())
        return model

    return begin
