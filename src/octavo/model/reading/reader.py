"""Reader: answers a question from passages by the likeliest literal span of them, or says that they do not say."""

from __future__ import annotations

import copy
import json
import math
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import embedding, linear, log_softmax

from octavo.kinds.dialogues import Message
from octavo.model.checkpoint import read_checkpoint
from octavo.model.network.decoder import Decoder, KeyValues
from octavo.model.network.operators import inverse_rms
from octavo.model.prompt import REFUSAL
from octavo.model.reading.prompt import SHOWN, Piece, pieces, shown
from octavo.model.reading.spans import Start, starts
from octavo.model.tokenizer import Tokenizer

THRESHOLD = "reading.json"
"""`{"threshold", "slope"}`: when a checkpoint declines, and how its margin becomes a probability."""
TRIED = 14
"""Starts whose whole text is scored: the likeliest by their first token, or first two when the first is a space."""


@dataclass(frozen=True)
class Reading:
    """An answer with its place, or a refusal (`answer` is `REFUSAL`, `passage` -1).

    `start` and `end` are characters of passage number `passage` (from 0); `margin` is how much likelier the span is
    than a refusal, in nats.
    """

    answer: str
    declined: bool
    passage: int
    start: int
    end: int
    confidence: float
    margin: float
    seconds: float


@dataclass(frozen=True)
class Scored:
    """A span with the logarithm of its probability."""

    score: float
    piece: int
    start: int
    end: int


class Reader:
    """A checkpoint that reads; made once, asked often."""

    def __init__(self, model: Decoder, tokenizer: Tokenizer, threshold: float = 0.0, slope: float = 1.0) -> None:
        self.model, self.tokenizer, self.threshold, self.slope = model, tokenizer, threshold, slope
        self.refusal = tokenizer.encode(REFUSAL)[0]
        self.space = tokenizer.encode(" 1")[0]

    @classmethod
    def of(cls, folder: Path) -> Reader:
        """The reader of a checkpoint; without a stored threshold it declines when a refusal is likelier."""
        model, tokenizer = read_checkpoint(folder)
        path = folder / THRESHOLD
        stored = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        return cls(model.eval(), tokenizer, float(stored.get("threshold", 0.0)), float(stored.get("slope", 1.0)))

    def read(self, question: str, passages: Sequence[str], room: int = SHOWN) -> Reading:
        """Answer from the passages alone."""
        began = time.perf_counter()
        shown_pieces = pieces(passages, question, room)
        refused, spans = self.scores(question, shown_pieces)
        best = spans[0] if spans else Scored(-math.inf, 0, 0, 0)
        margin = best.score - refused
        sure = 1 / (1 + math.exp(-max(-50.0, min(50.0, self.slope * (margin - self.threshold)))))
        seconds = time.perf_counter() - began
        if not spans or margin < self.threshold:
            return Reading(REFUSAL, True, -1, 0, 0, 1 - sure, margin, seconds)
        best = _likeliest_place(best, spans, shown_pieces, question)
        piece = shown_pieces[best.piece]
        start, end = piece.places[best.start], piece.places[best.end - 1] + 1
        text = piece.text[best.start : best.end]
        return Reading(text, False, piece.passage, start, end, sure, margin, seconds)

    @torch.no_grad()
    def scores(self, question: str, shown_pieces: Sequence[Piece]) -> tuple[float, list[Scored]]:
        """The logarithm of the probability of a refusal, and the likeliest spans, best first."""
        message = Message("user", shown([piece.text for piece in shown_pieces], question))
        prompt = self.tokenizer.conversation([message], ask=True)[0]
        prompt = prompt[-(self.model.shape.positions - 48) :]
        memory = KeyValues(self.model, 1, len(prompt))
        first = log_softmax(self._all(torch.tensor([prompt]), memory, last=True)[0, -1].float(), -1)
        tried = self._promising(starts(shown_pieces, self.tokenizer), first, memory)
        if not tried:
            return float(first[self.refusal]), []
        longest = max(len(start.tokens) for start in tried)
        rows = torch.tensor([[*start.tokens, *[0] * (longest - len(start.tokens))] for start in tried])
        after = log_softmax(self._all(rows, _copies(memory, len(tried), longest)).float(), -1)
        spans = []
        for row, start in enumerate(tried):
            total, sums = float(first[start.tokens[0]]), [0.0]
            for at, token in enumerate(start.tokens):
                total = float(first[token]) if at == 0 else total + float(after[row, at - 1, token])
                sums.append(total)
            for count, end in start.ends:
                score = sums[count] + float(after[row, count - 1, self.tokenizer.end_of_turn])
                spans.append(Scored(score, start.piece, start.at, end))
        spans.sort(key=lambda span: (-span.score, span.piece, span.start, span.end))
        return float(first[self.refusal]), spans

    def _promising(self, found: Sequence[Start], first: Tensor, memory: KeyValues) -> list[Start]:
        """The starts to look at closely, each token sequence once."""
        once = list({start.tokens: start for start in found}.values())
        if not once:
            return []
        second = None
        if any(start.tokens[0] == self.space for start in once):
            row = torch.tensor([[self.space]])
            second = log_softmax(self._all(row, _copies(memory, 1, 1))[0, 0].float(), -1)

        def likely(start: Start) -> float:
            score = float(first[start.tokens[0]])
            if second is not None and start.tokens[0] == self.space and len(start.tokens) > 1:
                score += float(second[start.tokens[1]])
            return score

        ranked = sorted(once, key=lambda start: (-likely(start), start.piece, start.at))
        return ranked[:TRIED]

    def _all(self, tokens: Tensor, memory: KeyValues, *, last: bool = False) -> Tensor:
        """Logits after every new token (or only the last), (B, T, V)."""
        model = self.model
        length, end = tokens.shape[1], memory.length + tokens.shape[1]
        position = torch.arange(end)
        ahead = position[None, :] > position[memory.length :, None]
        bias = torch.zeros(ahead.shape, dtype=model.embedding.dtype).masked_fill_(ahead, -torch.inf)
        cos, sin = model.tables(memory.length, end)
        x = embedding(tokens, model.embedding)
        for layer, block in enumerate(model.blocks):
            x = block.extend(x, memory, layer, bias.expand(len(tokens), 1, length, end), cos, sin)
        memory.length = end
        if last:
            x = x[:, -1:]
        return linear(x * inverse_rms(x, model.shape.eps).to(x.dtype), memory.head)


def _copies(memory: KeyValues, rows: int, room: int) -> KeyValues:
    """The same memory for several continuations, with room for more tokens."""
    other = copy.copy(memory)
    size = (*memory.stored.shape[:2], rows, memory.stored.shape[3], memory.length + room, memory.stored.shape[5])
    other.stored = torch.empty(size, dtype=memory.stored.dtype)
    other.stored[:, :, :, :, : memory.length] = memory.stored[:, :, :, :, : memory.length]
    return other


def _likeliest_place(best: Scored, spans: Sequence[Scored], shown_pieces: Sequence[Piece], question: str) -> Scored:
    """Where the same words stand more than once: the place whose surroundings share most with the question."""
    text = shown_pieces[best.piece].text[best.start : best.end]
    asked = set(re.findall(r"\w+", question.lower()))
    found = []
    for number, piece in enumerate(shown_pieces):
        for match in re.finditer(rf"(?<!\w){re.escape(text)}(?!\w)", piece.text):
            around = piece.text[max(0, match.start() - 120) : match.end() + 120].lower()
            found.append((len(asked & set(re.findall(r"\w+", around))), -number, -match.start(), match.end()))
    if not found:
        return best
    _, number, start, end = max(found)
    return Scored(best.score, -number, -start, end)
