"""Reader: answers a question from passages by the likeliest literal span of them, or says that they do not say."""

from __future__ import annotations

import copy
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
from octavo.model.machine import choose_machine
from octavo.model.network.decoder import Decoder, KeyValues
from octavo.model.network.operators import inverse_rms
from octavo.model.prompt import REFUSAL
from octavo.model.reading.evidence import PRONOUNS, Page, asked, coverage
from octavo.model.reading.judge import Judge, probability
from octavo.model.reading.prompt import SHOWN, Piece, pieces, shown
from octavo.model.reading.spans import Start, starts
from octavo.model.tokenizer import Tokenizer

JUDGED = 80
"""Spans that are looked at for more than the model's opinion."""
TRIED = 16
"""Starts whose whole text is scored: the likeliest by their first token, or first two when the first is a space."""
EACH = 4
"""Of these, so many at least of each passage."""
PASSAGES = 3
"""Passages that answers are looked for in: those that the model names with most certainty."""


@dataclass(frozen=True)
class Reading:
    """An answer with its place, or a refusal (`answer` is `REFUSAL`, `passage` -1).

    `start` and `end` are characters of passage number `passage` (from 0); `margin` is the logarithm of the odds that
    the best span is an answer.
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

    number: float
    """Of its passage."""
    words: float
    """Of its words, given the passage."""
    piece: int
    start: int
    end: int

    @property
    def score(self) -> float:
        """Of both."""
        return self.number + self.words


@dataclass(frozen=True)
class Choice:
    """The best span of a question, and what is known about it (see `judge.SURE`)."""

    span: Scored
    features: list[float]
    about: list[float]


@dataclass(frozen=True)
class _Look:
    """What the model makes of a prompt: of a refusal, of each piece, and of what comes after naming a piece.

    `rows` names the row of a piece in `memory`, `following` and `spaced` (what follows a space after the number).
    """

    refused: float
    numbers: dict[int, float]
    rows: dict[int, int]
    memory: KeyValues
    following: Tensor
    spaced: Tensor | None


class Reader:
    """A checkpoint that reads; made once, asked often."""

    def __init__(self, model: Decoder, tokenizer: Tokenizer, judge: Judge | None = None) -> None:
        self.model, self.tokenizer, self.judge = model, tokenizer, judge or Judge()
        self.refusal = tokenizer.encode(REFUSAL)[0]
        spaced = tokenizer.encode(" 1")
        self.space = spaced[0] if len(spaced) > 1 else None
        self.numbers = [tokenizer.encode(str(number))[0] for number in range(1, 10)]

    @classmethod
    def of(cls, folder: Path) -> Reader:
        """The reader of a checkpoint, in the numbers that the machine computes fastest with."""
        machine = choose_machine()
        model, tokenizer = read_checkpoint(folder)
        return cls(model.eval().to(machine.dtype), tokenizer, Judge.of(folder))

    def read(self, question: str, passages: Sequence[str], room: int = SHOWN) -> Reading:
        """Answer from the passages alone."""
        began = time.perf_counter()
        shown_pieces = pieces(passages, question, room)
        found = self.choices(question, shown_pieces)
        best = max(found, key=lambda one: self.judge.score(one.features)) if found else None
        logit = self.judge.logit(best.about) if best is not None else -math.inf
        sure = probability(logit)
        seconds = time.perf_counter() - began
        if best is None or logit < self.judge.threshold:
            return Reading(REFUSAL, True, -1, 0, 0, 1 - sure, logit, seconds)
        span, piece = best.span, shown_pieces[best.span.piece]
        start, end = piece.places[span.start], piece.places[span.end - 1] + 1
        return Reading(piece.text[span.start : span.end], False, piece.passage, start, end, sure, logit, seconds)

    def choices(self, question: str, shown_pieces: Sequence[Piece]) -> list[Choice]:
        """The likeliest spans, at each place where they stand, with all that is known of them."""
        refused, spans = self.scores(question, shown_pieces)
        texts = [piece.text for piece in shown_pieces]
        looked_for = asked(question, texts)
        pages = [Page(text, looked_for) for text in texts]
        covered = coverage(pages)
        found = []
        for span in spans[:JUDGED]:
            text = texts[span.piece][span.start : span.end]
            if text.lower() in PRONOUNS:  # they name nothing
                continue
            page = pages[span.piece]
            for start in _places(text, page.text):
                features = page.features(start, start + len(text), span.number, span.words)
                here = Scored(span.number, span.words, span.piece, start, start + len(text))
                found.append(Choice(here, features, self.judge.about(features, refused, covered)))
        return found

    @torch.no_grad()
    def scores(self, question: str, shown_pieces: Sequence[Piece]) -> tuple[float, list[Scored]]:
        """The logarithm of the probability of a refusal, and the likeliest spans, best first."""
        look = self._look(question, shown_pieces)
        tried = self._promising(starts(shown_pieces, self.tokenizer), look)
        if not tried:
            return look.refused, []
        spans = []
        for start, totals in zip(tried, self._totals(look, tried), strict=True):
            number = look.numbers[start.piece]
            spans += [
                Scored(number, words, start.piece, start.at, end)
                for words, (_, end) in zip(totals, start.ends, strict=True)
            ]
        spans.sort(key=lambda span: (-span.score, span.piece, span.start, span.end))
        return look.refused, spans

    def _look(self, question: str, shown_pieces: Sequence[Piece]) -> _Look:
        """Read the prompt; then name each of the likeliest pieces and see what follows."""
        message = Message("user", shown([piece.text for piece in shown_pieces], question))
        prompt = self.tokenizer.conversation([message], ask=True)[0]
        prompt = prompt[-(self.model.shape.positions - 48) :]
        memory = KeyValues(self.model, 1, len(prompt))
        first = log_softmax(self._all(torch.tensor([prompt]), memory, last=True)[0, -1].float(), -1)
        numbers = {piece: float(first[self.numbers[piece]]) for piece in range(len(shown_pieces))}
        chosen = sorted(numbers, key=lambda piece: -numbers[piece])[:PASSAGES]
        if not chosen:
            return _Look(float(first[self.refusal]), {}, {}, memory, first[None], None)
        tokens = torch.tensor([[self.numbers[piece]] for piece in chosen])
        named = _picked(memory, [0] * len(chosen), 1)
        following = log_softmax(self._all(tokens, named)[:, 0].float(), -1)
        spaced = None
        if self.space is not None:
            after = _picked(named, range(len(chosen)), 1)
            spaced = log_softmax(self._all(torch.full((len(chosen), 1), self.space), after)[:, 0].float(), -1)
        rows = {piece: row for row, piece in enumerate(chosen)}
        return _Look(float(first[self.refusal]), numbers, rows, named, following, spaced)

    def _promising(self, found: Sequence[Start], look: _Look) -> list[Start]:
        """The starts to look at closely, each sequence of tokens once a piece."""
        once = {(start.piece, start.tokens): start for start in reversed(found) if start.piece in look.rows}

        def likely(start: Start) -> float:
            row = look.rows[start.piece]
            score = look.numbers[start.piece] + float(look.following[row, start.tokens[0]])
            if look.spaced is not None and start.tokens[0] == self.space and len(start.tokens) > 1:
                score += float(look.spaced[row, start.tokens[1]])
            return score

        ranked = sorted(once.values(), key=lambda start: (-likely(start), start.piece, start.at))
        # Some of each piece, whatever the model thinks of it, and the best of the rest.
        kept = [start for piece in look.rows for start in [one for one in ranked if one.piece == piece][:EACH]]
        return kept + [start for start in ranked if start not in kept][: max(0, TRIED - len(kept))]

    def _totals(self, look: _Look, tried: Sequence[Start]) -> list[list[float]]:
        """For each start the logarithm of the probability of its words up to each of its ends, the end included."""
        longest = max(len(start.tokens) for start in tried)
        rows = [look.rows[start.piece] for start in tried]
        tokens = torch.tensor([[*start.tokens, *[0] * (longest - len(start.tokens))] for start in tried])
        after = log_softmax(self._all(tokens, _picked(look.memory, rows, longest)).float(), -1)
        totals = []
        for at, start in enumerate(tried):
            total = float(look.following[rows[at], start.tokens[0]])
            sums = [0.0, total]
            for place, token in enumerate(start.tokens[1:]):
                total += float(after[at, place, token])
                sums.append(total)
            stop = self.tokenizer.end_of_turn
            totals.append([sums[count] + float(after[at, count - 1, stop]) for count, _ in start.ends])
        return totals

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


def _places(text: str, page: str) -> list[int]:
    """Where the words of a span stand in its page, at most four times."""
    found = [match.start() for match in re.finditer(rf"(?<!\w){re.escape(text)}(?!\w)", page)]
    return found[:4] or [page.find(text)]


def _picked(memory: KeyValues, rows: Sequence[int], room: int) -> KeyValues:
    """Some of the sequences, repeated as `rows` says, with room for more tokens."""
    other = copy.copy(memory)
    shape = memory.stored.shape
    other.stored = torch.empty(
        (*shape[:2], len(rows), shape[3], memory.length + room, shape[5]), dtype=memory.stored.dtype
    )
    other.stored[:, :, :, :, : memory.length] = memory.stored[:, :, list(rows), :, : memory.length]
    return other
