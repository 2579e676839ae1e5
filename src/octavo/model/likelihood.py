"""Likelihood: how probable a model finds texts, in nats and in bits per byte, each text for itself."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch.nn.functional import linear

from octavo.model.network.decoder import Decoder
from octavo.model.tokenizer import Tokenizer
from octavo.spine.progress import progress

BATCH_TOKENS = 4096


@dataclass(frozen=True)
class TextScore:
    """Negative log-likelihood of one text in nats, its tokens, and its length in bytes of UTF-8."""

    nats: float
    tokens: int
    bytes: int

    @property
    def bits_per_byte(self) -> float:
        """nats / (ln 2 · bytes); comparable between tokenizers. An empty text has none (NaN)."""
        return self.nats / (math.log(2) * self.bytes) if self.bytes else math.nan


@dataclass(frozen=True)
class _Window:
    text: int
    ids: list[int]
    first: int
    """Targets before this place were scored in the window before and only give context here."""


def bits_per_byte(scores: Sequence[TextScore]) -> float:
    """Of all texts together: Σ nats / (ln 2 · Σ bytes)."""
    return sum(s.nats for s in scores) / (math.log(2) * max(1, sum(s.bytes for s in scores)))


def score_texts(model: Decoder, tokenizer: Tokenizer, texts: Sequence[str]) -> list[TextScore]:
    """Score each text from its beginning, given only an end-of-text token before it.

    The end of the text is not a byte of it and is not counted. A text longer than the model's positions is read in
    windows that overlap by half, so that every token but the first ones sees at least half a window before it.
    """
    encoded = [[tokenizer.end_of_text, *ids] for ids in tokenizer.encode_all(texts)]
    nats = score_tokens(model, encoded)
    return [
        TextScore(total, len(ids) - 1, len(text.encode("utf-8", "replace")))
        for total, ids, text in zip(nats, encoded, texts, strict=True)
    ]


@torch.no_grad()
def score_tokens(model: Decoder, sequences: Sequence[Sequence[int]]) -> list[float]:
    """Σ −log p in nats of every token but the first, for each sequence of ids."""
    windows = [w for text, ids in enumerate(sequences) for w in _windows(text, list(ids), model.shape.positions)]
    windows.sort(key=lambda window: len(window.ids))
    totals = [0.0] * len(sequences)
    bar = progress("score", len(windows), "windows")
    for batch in _batches(windows):
        for window, nats in zip(batch, _nats(model, batch), strict=True):
            totals[window.text] += nats
            bar.advance()
    return totals


def _windows(text: int, ids: list[int], length: int) -> Iterator[_Window]:
    yield _Window(text, ids[: length + 1], 0)
    start = length // 2
    while start + length // 2 + 1 < len(ids):
        yield _Window(text, ids[start : start + length + 1], length - length // 2)
        start += length // 2


def _batches(windows: list[_Window]) -> Iterator[list[_Window]]:
    batch: list[_Window] = []
    for window in windows:
        if batch and (len(batch) + 1) * len(window.ids) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(window)
    if batch:
        yield batch


def _nats(model: Decoder, batch: list[_Window]) -> list[float]:
    device = model.embedding.device
    longest = max(2, max(len(window.ids) for window in batch))
    ids = torch.zeros(len(batch), longest, dtype=torch.long)
    counted = torch.zeros(len(batch), longest - 1, dtype=torch.bool)
    for row, window in enumerate(batch):
        ids[row, : len(window.ids)] = torch.tensor(window.ids)
        counted[row, window.first : len(window.ids) - 1] = True
    ids, counted = ids.to(device), counted.to(device)
    # Padding stands behind the text, where causal attention does not look.
    hidden = model.hidden(ids[:, :-1])[counted]
    targets = ids[:, 1:][counted]
    head = model.head_weight()
    nats = torch.zeros(counted.shape, dtype=torch.float64, device=device)
    found = []
    for start in range(0, len(hidden), 1024):
        logits = linear(hidden[start : start + 1024], head).float()
        found.append(torch.nn.functional.cross_entropy(logits, targets[start : start + 1024], reduction="none"))
    if found:
        nats[counted] = torch.cat(found).double()
    totals: list[float] = nats.sum(1).tolist()
    return totals
