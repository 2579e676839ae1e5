"""Spans: every run of words of some passages that could be an answer, as tokens that a model can score."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from octavo.model.reading.prompt import Piece
from octavo.model.tokenizer import Tokenizer

WORDS = 14
"""The longest answer, in words."""
CHARACTERS = 90
_WORD = re.compile(r"\S+")
_OPENING = "([{<«„“‘'\"*_`"
_CLOSING = ".,;:!?)]}>»”’'\"*_`…"
_SHORT = re.compile(r"(?:\b[A-Z][a-z]{0,3}|\w\.\w)\.$")
_INNER = re.compile(r"[/(–—=|:]|(?<=\w)-(?=\w)|'s\b|’s\b")


@dataclass(frozen=True)
class Start:
    """A word at which an answer may begin: its place, tokens of the text from there, and where an answer may end.

    `ends` are (tokens, offset past the last character in the piece).
    """

    piece: int
    at: int
    tokens: tuple[int, ...]
    ends: tuple[tuple[int, int], ...]


def starts(pieces: Sequence[Piece], tokenizer: Tokenizer) -> list[Start]:
    """All starts in all pieces."""
    found: list[Start] = []
    for number, piece in enumerate(pieces):
        ends = _ends(piece.text)
        places = sorted(_begins(piece.text))
        texts = [" " + piece.text[at : at + CHARACTERS] for at in places]
        for at, encoded in zip(places, tokenizer.inner.encode_batch(texts, add_special_tokens=False), strict=True):
            offsets = {end: index + 1 for index, (_, end) in enumerate(encoded.offsets)}
            stops = [(offsets[end - at + 1], end) for end in ends if at < end and end - at + 1 in offsets]
            stops = [stop for stop in stops if _whole(piece.text[at : stop[1]])]
            if len(piece.text) - at > CHARACTERS:  # the last word may be cut
                stops = [stop for stop in stops if stop[1] - at < CHARACTERS]
            stops = stops[: 2 * WORDS]
            if stops:
                found.append(Start(number, at, tuple(encoded.ids[: stops[-1][0]]), tuple(stops)))
    return found


def _whole(text: str) -> bool:
    """Whether quotation marks and brackets come in pairs."""
    return (
        not text.count('"') % 2
        and not text.count("`") % 2
        and all(text.count(one) == text.count(other) for one, other in ("()", "[]", "“”"))
    )


def _begins(text: str) -> set[int]:
    """Where an answer may begin: at a word, after its opening marks, and inside it after a slash or a bracket."""
    found = set()
    for word in _WORD.finditer(text):
        at = word.start()
        found.add(at)
        while at < word.end() and text[at] in _OPENING:
            at += 1
        if at < word.end():
            found.add(at)
        found |= {
            word.start() + mark.end()
            for mark in re.finditer(r"[/(=|:–—]", word.group())
            if word.start() + mark.end() < word.end() and text[word.start() + mark.end()].isalnum()
        }
    return found


def _ends(text: str) -> list[int]:
    """Where an answer may end: after a word, with and without its closing marks (the point of "Inc." among them, that
    of a sentence not), and before an 's or a slash."""
    found = set()
    for word in _WORD.finditer(text):
        at = word.end()
        if text[at - 1] not in ".,;:!?" or _SHORT.search(word.group()):
            found.add(at)
        while at > word.start() and text[at - 1] in _CLOSING:
            at -= 1
            found.add(at)
        found |= {word.start() + mark.start() for mark in _INNER.finditer(word.group()) if mark.start()}
    return sorted(found - {0})
