"""Reading prompt: passages and questions as the seed model was trained to see them, cut to what it can hold."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from octavo.kinds.dialogues import Message
from octavo.model.prompt import REFUSAL

WINDOW = 420
"""Characters of a piece that a long passage is cut into."""
MOST = 4
"""Pieces in one prompt: hardly any item of the training has more."""
SHOWN = 1300
"""Characters of passages in one prompt: about what the training's longest rows hold."""
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Piece:
    """Text of passage `passage` (from 0) on one line; `places` gives for each character its offset in the passage."""

    passage: int
    text: str
    places: tuple[int, ...]


def one_line(passage: str, number: int, start: int = 0, end: int | None = None) -> Piece:
    """The passage, or its characters `start` to `end`, with every run of white space as one space."""
    text, places = [], []
    for at in range(start, len(passage) if end is None else end):
        letter = passage[at]
        if letter.isspace():
            if not text or text[-1] == " ":
                continue
            letter = " "
        text.append(letter)
        places.append(at)
    if text and text[-1] == " ":
        text.pop()
        places.pop()
    return Piece(number, "".join(text), tuple(places))


def pieces(passages: Sequence[str], question: str, room: int = SHOWN) -> list[Piece]:
    """What of the passages is shown: all of it when it fits, else the windows that share most with the question, in
    their order."""
    if len(passages) <= MOST and sum(map(len, passages)) <= 4 * room:
        whole = [one_line(passage, number) for number, passage in enumerate(passages)]
        whole = [piece for piece in whole if piece.text]
        if sum(len(piece.text) for piece in whole) <= room:
            return whole
    windows = [window for number, passage in enumerate(passages) for window in _windows(passage, number)]
    asked = _stems(question)
    rarity = Counter(stem for window in windows for stem in _stems(window.text))
    weight = {stem: math.log(1 + len(windows) / rarity[stem]) for stem in asked if stem in rarity}

    def worth(at: int) -> tuple[float, int]:
        found = _stems(windows[at].text)
        return (-sum(value for stem, value in weight.items() if stem in found), at)

    kept: list[int] = []
    left = room
    for at in sorted(range(len(windows)), key=worth):
        if len(kept) == MOST:
            break
        if len(windows[at].text) <= left or not kept:
            kept.append(at)
            left -= len(windows[at].text)
    return [windows[at] for at in sorted(kept)]


def _windows(passage: str, number: int) -> list[Piece]:
    """Whole sentences, as many as fit into `WINDOW`; a longer sentence is cut at a space."""
    cuts = [0, *(match.end() for match in _SENTENCE.finditer(passage)), len(passage)]
    spans: list[tuple[int, int]] = []
    for start, end in pairwise(cuts):
        if spans and end - spans[-1][0] <= WINDOW:
            spans[-1] = (spans[-1][0], end)
            continue
        while end - start > WINDOW:
            space = passage.rfind(" ", start + 1, start + WINDOW)
            middle = space if space > start else start + WINDOW
            spans.append((start, middle))
            start = middle
        if end > start:
            spans.append((start, end))
    found = [one_line(passage, number, start, end) for start, end in spans]
    return [piece for piece in found if piece.text]


def _stems(text: str) -> set[str]:
    return {word[:6] for word in _WORD.findall(text.lower()) if len(word) > 2 or word.isdigit()}


def asked(question: str) -> str:
    """A question as a turn of its own, after one with passages."""
    return f"Question: {' '.join(question.split())}"


def shown(texts: Sequence[str], question: str) -> str:
    """The first turn: numbered passages, then the question."""
    numbered = "\n".join(f"[{number}] {text}" for number, text in enumerate(texts, 1))
    return f"{numbered}\n\n{asked(question)}"


def answered(answer: str, passage: int) -> str:
    """An answer as the model writes it: the number of the passage, so that it first learns where to look, and the words
    with the space before them that makes their first token the one that it is inside a text. A refusal is `REFUSAL`."""
    return f"{passage + 1} {answer}" if answer else REFUSAL


def conversation(texts: Sequence[str], turns: Sequence[tuple[str, str, int]]) -> tuple[Message, ...]:
    """Questions about the same passages with their answers ("" is a refusal) and the passages (from 0) that these
    stand in, as a conversation."""
    messages: list[Message] = []
    for number, (question, answer, passage) in enumerate(turns):
        messages.append(Message("user", asked(question) if number else shown(texts, question)))
        messages.append(Message("assistant", answered(answer, passage)))
    return tuple(messages)
