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
PASSAGES = 3
"""Passages that answers are looked for in: those that the model names with most certainty."""


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
        spaced = tokenizer.encode(" 1")
        self.space = spaced[0] if len(spaced) > 1 else None
        self.numbers = [tokenizer.encode(str(number))[0] for number in range(1, 10)]

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
        asked = f" {_plain(question)} "
        # What the question already says is no answer to it.
        new = [one for one in spans[:60] if f" {_plain(_text(one, shown_pieces))} " not in asked]
        spans = new or spans
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
        refused = float(first[self.refusal])
        if not shown_pieces:
            return refused, []
        # Which passage, then which words: the model names the passage first.
        numbers = [self.numbers[at] for at in range(len(shown_pieces))]
        chosen = sorted(range(len(numbers)), key=lambda at: -float(first[numbers[at]]))[:PASSAGES]
        rows = torch.tensor([[numbers[at]] for at in chosen])
        named = _copies(memory, len(chosen), 1)
        next_ = log_softmax(self._all(rows, named)[:, 0].float(), -1)
        spaced = None
        if self.space is not None:
            after_space = _copies(named, len(chosen), 1)
            spaced = log_softmax(self._all(torch.full((len(chosen), 1), self.space), after_space)[:, 0].float(), -1)
        tried = self._promising(starts(shown_pieces, self.tokenizer), chosen, first, next_, spaced)
        if not tried:
            return refused, []
        longest = max(len(start.tokens) for _, start in tried)
        tokens = torch.tensor([[*start.tokens, *[0] * (longest - len(start.tokens))] for _, start in tried])
        after = log_softmax(self._all(tokens, _picked(named, [row for row, _ in tried], longest)).float(), -1)
        spans = []
        for at, (row, start) in enumerate(tried):
            total = float(first[numbers[start.piece]]) + float(next_[row, start.tokens[0]])
            sums = [0.0, total]
            for place, token in enumerate(start.tokens[1:]):
                total += float(after[at, place, token])
                sums.append(total)
            for count, end in start.ends:
                score = sums[count] + float(after[at, count - 1, self.tokenizer.end_of_turn])
                spans.append(Scored(score, start.piece, start.at, end))
        spans.sort(key=lambda span: (-span.score, span.piece, span.start, span.end))
        return refused, spans

    def _promising(
        self, found: Sequence[Start], chosen: Sequence[int], first: Tensor, next_: Tensor, spaced: Tensor | None
    ) -> list[tuple[int, Start]]:
        """The starts to look at closely with the row of their passage, each sequence of tokens once a passage."""
        rows = {piece: row for row, piece in enumerate(chosen)}
        once = {(start.piece, start.tokens): start for start in reversed(found) if start.piece in rows}

        def likely(start: Start) -> float:
            row = rows[start.piece]
            score = float(first[self.numbers[start.piece]]) + float(next_[row, start.tokens[0]])
            if spaced is not None and start.tokens[0] == self.space and len(start.tokens) > 1:
                score += float(spaced[row, start.tokens[1]])
            return score

        ranked = sorted(once.values(), key=lambda start: (-likely(start), start.piece, start.at))
        return [(rows[start.piece], start) for start in ranked[:TRIED]]

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


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def _text(span: Scored, shown_pieces: Sequence[Piece]) -> str:
    return shown_pieces[span.piece].text[span.start : span.end]


def _copies(memory: KeyValues, rows: int, room: int) -> KeyValues:
    """The memory of one sequence, or of as many as `rows`, with room for more tokens in each."""
    return _picked(memory, [0] * rows if memory.stored.shape[2] == 1 else list(range(rows)), room)


def _picked(memory: KeyValues, rows: Sequence[int], room: int) -> KeyValues:
    """Some of the sequences, repeated as `rows` says, with room for more tokens."""
    other = copy.copy(memory)
    shape = memory.stored.shape
    other.stored = torch.empty((*shape[:2], len(rows), shape[3], memory.length + room, shape[5]))
    other.stored[:, :, :, :, : memory.length] = memory.stored[:, :, list(rows), :, : memory.length]
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
