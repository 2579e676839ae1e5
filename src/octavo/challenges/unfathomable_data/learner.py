"""Learner: a very small byte model that reads a corpus within a fixed budget, and what it can be asked afterwards."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from octavo.data.mixture.proxy import END, LEARNING_RATE, VOCABULARY, WINDOW, pairs, tokens_of

if TYPE_CHECKING:
    from octavo.model.network.decoder import Decoder

STEPS = 200
"""The budget of every training, whatever the corpus: so many steps of `BATCH` rows of 128 bytes."""
BATCH = 8
GOLDEN = (5**0.5 - 1) / 2
"""Multiples of it modulo 1 are spread evenly, however many are taken."""


def learn(rows: Sequence[Mapping[str, Any]], weights: Mapping[str, float] | None, seed: int) -> Decoder:
    """Train on the texts of `rows`, each domain as often as its weight says (None: by its bytes).

    Equal seeds give equal first weights and equal random numbers, so that two corpora are compared in pairs. Each
    domain gets its share of the rows to within one: chance would give a small one now more, now less. One thread and
    float32: the same model wherever it is trained.
    """
    from octavo.model.machine import choose_machine, wait_asleep

    wait_asleep()
    choose_machine("float32", threads=1)
    import torch

    from octavo.model.network.decoder import Decoder
    from octavo.model.network.shape import Course
    from octavo.model.training.optimizer import Optimizer

    domains = sorted({row["domain"] for row in rows})
    streams = [stream([row for row in rows if row["domain"] == domain]) for domain in domains]
    shares = np.array([len(one) if weights is None else weights.get(name, 0.0) for name, one in zip(domains, streams)])
    edges = np.cumsum(shares / shares.sum())
    model = Decoder(shape())
    model.initialise(seed)
    course = Course(STEPS, LEARNING_RATE, warmup=max(1, STEPS // 20), decay=STEPS // 2)
    optimizer = Optimizer(model, course.optimizer, course.weight_decay)
    chance = np.random.Generator(np.random.PCG64([23, seed]))
    picks = iter((chance.random() + np.arange(STEPS * BATCH) * GOLDEN) % 1)
    for step in range(STEPS):
        windows = []
        for place in chance.random(BATCH):
            pick = next(picks)
            one = streams[min(len(streams) - 1, int(np.searchsorted(edges, pick, side="right")))]
            start = int(place * max(1, len(one) - WINDOW))
            windows.append(np.resize(one[start : start + WINDOW + 1], WINDOW + 1))
        tokens, targets = pairs(np.stack(windows))
        model.loss(torch.from_numpy(tokens), torch.from_numpy(targets), scale=1 / targets.size).backward()
        optimizer.collect()
        optimizer.clip(course.clip)
        optimizer.step(course.rate(step))
    return model


def shape() -> Any:
    """The sizes of the model."""
    from octavo.model.network.shape import DecoderShape

    return DecoderShape(VOCABULARY, 64, 2, 1, 1, 64, 192, WINDOW)


def training_flops() -> float:
    """Multiplications and additions of one training."""
    return float(shape().flops_per_token(WINDOW)) * STEPS * BATCH * WINDOW


def stream(rows: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """The texts end to end as bytes."""
    return np.concatenate([tokens_of(dict(row)) for row in rows])


def nats_after(model: Decoder, told: Sequence[tuple[str, str]]) -> list[float]:
    """−log p of each answer after its prompt, both at the beginning of a document."""
    from octavo.model.likelihood import score_tokens

    prompts = [[END, *prompt.encode("utf-8", "replace")] for prompt, _ in told]
    wholes = [[*ids, *answer.encode("utf-8", "replace")] for ids, (_, answer) in zip(prompts, told, strict=True)]
    single = {tuple(prompt) for prompt in prompts}
    before = dict(zip(single, score_tokens(model, [list(one) for one in single]), strict=True))
    return [after - before[tuple(ids)] for after, ids in zip(score_tokens(model, wholes), prompts, strict=True)]


def bits(model: Decoder, texts: Sequence[str]) -> list[tuple[float, int]]:
    """(bits, bytes) of each text, from its beginning."""
    from octavo.model.likelihood import score_tokens

    encoded = [text.encode("utf-8", "replace") for text in texts]
    nats = score_tokens(model, [[END, *one] for one in encoded])
    return [(one / math.log(2), len(data)) for one, data in zip(nats, encoded, strict=True)]
