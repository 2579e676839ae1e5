"""DoReMi: weights for the domains in which a small model lags most behind a reference (Xie et al. 2023)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from octavo.data.mixture.proxy import BATCH, LEARNING_RATE, VOCABULARY, WINDOW, Course, padded, pairs
from octavo.data.mixture.weights import Floats
from octavo.spine.progress import progress

if TYPE_CHECKING:
    from octavo.model.network.decoder import Decoder

RATE = 1.0
"""Step size of the weights."""
SMOOTHING = 1e-3
"""Share of equal weights that is mixed in at each step, so that no domain is lost: without it the weights can end with
one domain alone."""


def reweigh(streams: Path, natural: Floats, course: Course, folder: Path) -> tuple[Floats, list[tuple[float, float]]]:
    """The weights averaged over the training of the second model; the interval is what they were in its second half.

    A killed attempt begins again: it is two trainings of seconds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "weights.json"
    if not kept.exists():
        kept.write_text(json.dumps(_train(streams, natural, course).tolist()), encoding="utf-8")
    history = np.array(json.loads(kept.read_text(encoding="utf-8")))
    late = history[len(history) // 2 :]
    low, high = np.quantile(late, [0.025, 0.975], axis=0)
    mean = history.mean(axis=0)
    return mean / mean.sum(), [(float(a), float(b)) for a, b in zip(low, high, strict=True)]


def _train(streams: Path, natural: Floats, course: Course) -> Floats:
    """(steps, domains): the weights after each step."""
    from octavo.model.machine import choose_machine

    choose_machine("float32", threads=1)
    import torch

    from octavo.model.network.decoder import Decoder
    from octavo.model.network.shape import Course as Steps
    from octavo.model.network.shape import DecoderShape
    from octavo.model.training.optimizer import Optimizer

    count = len(natural)
    learn = [np.load(streams / f"learn-{number}.npy", mmap_mode="r") for number in range(count)]
    steps = Steps(course.steps, LEARNING_RATE, warmup=max(1, course.steps // 20), decay=course.steps // 2)
    models = [Decoder(DecoderShape(VOCABULARY, 64, 2, 1, 1, 64, 192, WINDOW)) for _ in range(2)]
    bar = progress("train the reference and the reweighted proxy", 2 * course.steps, "steps")
    history = np.zeros((course.steps, count))
    for number, model in enumerate(models):
        model.initialise(course.seed)
        optimizer = Optimizer(model, steps.optimizer, steps.weight_decay)
        random = np.random.Generator(np.random.PCG64([17, course.seed]))
        weights = np.full(count, 1 / count)
        for step in range(course.steps):
            batches = [_batch(stream, max(1, BATCH // count), random) for stream in learn]
            if number == 1:
                excess = np.maximum(0.0, _losses(model, batches) - _losses(models[0], batches))
                weights = weights * np.exp(RATE * excess)
                weights = (1 - SMOOTHING) * weights / weights.sum() + SMOOTHING / count
                history[step] = weights
            for (tokens, targets), weight in zip(batches, natural if number == 0 else weights, strict=True):
                counted = max(1, int((targets >= 0).sum()))
                model.loss(torch.from_numpy(tokens), torch.from_numpy(targets), scale=weight / counted).backward()
                optimizer.collect()
            optimizer.clip(steps.clip)
            optimizer.step(steps.rate(step))
            bar.advance()
    return history


def _batch(stream: np.ndarray, rows: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    starts = (random.random(rows) * max(1, len(stream) - WINDOW - 1)).astype(int)
    return pairs(np.stack([padded(stream[start : start + WINDOW + 1]) for start in starts]))


def _losses(model: Decoder, batches: list[tuple[np.ndarray, np.ndarray]]) -> Floats:
    import torch

    with torch.no_grad():
        return np.array(
            [
                float(model.loss(torch.from_numpy(tokens), torch.from_numpy(targets)))
                / max(1, int((targets >= 0).sum()))
                for tokens, targets in batches
            ]
        )
