"""Proxy: a very small byte model trained on one mixture in seconds, and its loss in each domain on unseen text.

Bytes are its tokens, so that no tokenizer decides the result, and losses of all domains have one unit: bits per byte.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from octavo.data.mixture.draw import domain_of
from octavo.kinds.documents import held_out
from octavo.kinds.records import Row
from octavo.spine.errors import OctavoError

END = 256
"""The token after each record."""
VOCABULARY = 320
WINDOW = 128
"""Bytes a row."""
BATCH = 16
STEP_BYTES = BATCH * WINDOW
LEARNING_RATE = 0.01
UNSEEN_SHARE = 0.1
UNSEEN_BYTES = 16 * 1024
"""Of a domain that losses are measured on."""
FEWEST_BYTES = 8 * WINDOW
"""A domain with less text than this is left out of the search."""


@dataclass(frozen=True)
class Course:
    """How much a search may spend, and what it is for."""

    runs: int = 16
    """Proxies on different mixtures."""
    steps: int = 200
    """Optimizer steps of each, of 2,048 bytes."""
    seeds: int = 3
    """Trainings of the found and of the natural mixture that decide the verdict."""
    target: str = ""
    """The domain whose loss counts; empty: the mean over domains, weighted by their natural shares."""
    method: str = "regmix"
    seed: int = 0


@dataclass(frozen=True)
class Proxy:
    """One training: `streams` is the folder that `write_streams` filled."""

    streams: Path
    weights: tuple[float, ...]
    steps: int
    seed: int
    share: float
    """Share of each domain's text that the proxy may read, so that a domain is repeated as often as it will be in the
    real training, whose budget is larger."""


def write_streams(rows: Iterable[Row], by: str, domains: Iterable[str], folder: Path, most: int) -> list[str]:
    """Each domain's text end to end as bytes, to learn from and to measure on; at most `most` bytes a domain.

    Which records are unseen is decided by their ids. Rows of conversations (`messages`) count their answers only.
    Returns the domains that have enough text.
    """
    wanted = list(domains)
    learn: dict[str, list[np.ndarray]] = {domain: [] for domain in wanted}
    unseen: dict[str, list[np.ndarray]] = {domain: [] for domain in wanted}
    sizes = {domain: [0, 0] for domain in wanted}
    for row in rows:
        domain = domain_of(row, by)
        if domain not in sizes:
            continue
        apart = held_out(row["id"], UNSEEN_SHARE)
        limit = UNSEEN_BYTES if apart else most
        if sizes[domain][apart] < limit:
            tokens = tokens_of(row)[:limit]
            (unseen if apart else learn)[domain].append(tokens)
            sizes[domain][apart] += len(tokens)
    kept = [d for d in wanted if sizes[d][0] >= FEWEST_BYTES and sizes[d][1] >= FEWEST_BYTES]
    if len(kept) < 2:
        raise OctavoError(
            "D103",
            f"A search needs at least two domains with enough text; {len(kept)} has it",
            likely=f"each needs {10 * FEWEST_BYTES:,} bytes in several records",
            do="give more records, or another --by",
        )
    folder.mkdir(parents=True, exist_ok=True)
    for number, domain in enumerate(kept):
        np.save(folder / f"learn-{number}.npy", np.concatenate(learn[domain]))
        np.save(folder / f"unseen-{number}.npy", np.concatenate(unseen[domain]))
    (folder / "domains.json").write_text(json.dumps(kept), encoding="utf-8")
    return kept


def tokens_of(row: Row) -> np.ndarray:
    """(tokens) of int16; of a conversation, what is not an answer is stored as −1 − byte: read, but not counted."""
    messages = row.get("messages")
    if row["text"] or not isinstance(messages, list):
        data = np.frombuffer(row["text"].encode("utf-8", "replace"), dtype=np.uint8).astype(np.int16)
        return np.append(data, np.int16(END))
    parts = []
    for message in messages:
        text = np.frombuffer(f"{message['content']}\n".encode("utf-8", "replace"), dtype=np.uint8).astype(np.int16)
        parts.append(text if message.get("role") == "assistant" else -1 - text)
    return np.append(np.concatenate(parts) if parts else np.zeros(0, np.int16), np.int16(END))


def train_proxy(task: Proxy, target: Path) -> None:
    """Train and write the loss of each domain in bits per byte; for `over_shards`.

    Equal seeds give equal first weights and equal random numbers for the choice of rows, so that two mixtures are
    compared in pairs. One thread and float32: the same numbers wherever it runs.
    """
    from octavo.model.machine import choose_machine

    choose_machine("float32", threads=1)
    import torch

    from octavo.model.network.decoder import Decoder
    from octavo.model.network.shape import Course, DecoderShape
    from octavo.model.training.optimizer import Optimizer

    count = len(task.weights)
    learn = [np.load(task.streams / f"learn-{number}.npy", mmap_mode="r") for number in range(count)]
    model = Decoder(DecoderShape(VOCABULARY, 64, 2, 1, 1, 64, 192, WINDOW))
    model.initialise(task.seed)
    course = Course(task.steps, LEARNING_RATE, warmup=max(1, task.steps // 20), decay=task.steps // 2)
    optimizer = Optimizer(model, course.optimizer, course.weight_decay)
    random = np.random.Generator(np.random.PCG64([7, task.seed]))
    edges = np.cumsum(task.weights)
    for step in range(task.steps):
        rows = []
        for pick, place in random.random((BATCH, 2)):
            stream = learn[min(count - 1, int(np.searchsorted(edges, pick * edges[-1], side="right")))]
            room = max(1, min(len(stream), max(FEWEST_BYTES, int(task.share * len(stream)))) - WINDOW - 1)
            start = int(place * room)
            rows.append(padded(stream[start : start + WINDOW + 1]))
        tokens, targets = pairs(np.stack(rows))
        counted = int((targets >= 0).sum())
        model.loss(torch.from_numpy(tokens), torch.from_numpy(targets), scale=1 / max(1, counted)).backward()
        optimizer.collect()
        optimizer.clip(course.clip)
        optimizer.step(course.rate(step))
    losses = [_loss(model, np.load(task.streams / f"unseen-{number}.npy")) for number in range(count)]
    target.write_text(json.dumps([round(loss, 6) for loss in losses]), encoding="utf-8")


def padded(window: np.ndarray) -> np.ndarray:
    """A row of `WINDOW` + 1 tokens, filled up with tokens that don't count."""
    return np.pad(np.asarray(window), (0, WINDOW + 1 - len(window)), constant_values=-1 - END)


def pairs(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets, (B, T) of int64; uncounted tokens are no targets."""
    plain = np.where(rows < 0, -1 - rows, rows).astype(np.int64)
    targets = np.where(rows[:, 1:] < 0, -1, plain[:, 1:])
    return plain[:, :-1].copy(), targets.astype(np.int64)


def _loss(model: object, stream: np.ndarray) -> float:
    import torch

    from octavo.model.network.decoder import Decoder

    assert isinstance(model, Decoder)
    starts = range(0, max(1, len(stream) - 1), WINDOW)
    windows = np.stack([padded(stream[start : start + WINDOW + 1]) for start in starts])
    nats = counted = 0.0
    with torch.no_grad():
        for first in range(0, len(windows), 32):
            tokens, targets = pairs(windows[first : first + 32])
            nats += float(model.loss(torch.from_numpy(tokens), torch.from_numpy(targets)))
            counted += int((targets >= 0).sum())
    return nats / max(1.0, counted) / float(np.log(2))
