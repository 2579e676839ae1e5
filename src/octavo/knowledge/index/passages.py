"""Passages: a document's text cut into spans at headings, paragraphs and sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_HEADING = re.compile(r"^(?:#{1,6}[ \t]+(?P<marked>[^\n]+)|(?P<under>[^\n]+)\n(?P<line>[=\-~^\"*+#]{3,})[ \t]*)$", re.M)
_PARAGRAPH_END = re.compile(r"\n[ \t]*\n\s*")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[A-Z0-9\"'(`*:\[])|(?<=[。！？])|:\n")
_NOT_AN_END = re.compile(r"(?:\b(?:e\.g|i\.e|etc|cf|vs|Mr|Ms|Dr|No|resp|approx|Fig|Eq|incl)|\b[A-Z])\.$")


@dataclass(frozen=True)
class Passage:
    """Characters `start` to `end` of a document's text, and the heading they stand under."""

    start: int
    end: int
    heading: str = ""


def sentences(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """Spans of the sentences of `text[start:end]`, without the white space between them; a blank line ends one."""
    stop = len(text) if end is None else end
    for block_start, block_end in _blocks(text, start, stop):
        begin = block_start
        for match in _SENTENCE_END.finditer(text, block_start, block_end):
            if _NOT_AN_END.search(text, max(begin, match.start() - 12), match.start()):
                continue
            yield from _trimmed(text, begin, match.end())
            begin = match.end()
        yield from _trimmed(text, begin, block_end)


def _blocks(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    begin = start
    for match in _PARAGRAPH_END.finditer(text, start, end):
        yield begin, match.start()
        begin = match.end()
    yield begin, end


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    right = len(piece.rstrip())
    if left < right:
        yield start + left, start + right


def headings(text: str) -> list[tuple[int, int, str]]:
    """Start, end and title of the headings of Markdown and reStructuredText."""
    found = []
    for match in _HEADING.finditer(text):
        title = match["marked"] or match["under"] or ""
        if match["line"] and len(match["line"]) + 3 < len(title.strip()):
            continue
        if title.strip():
            found.append((match.start(), match.end(), title.strip().strip("#").strip()))
    return found


def passages(text: str, length: int = 900, *, structured: bool = False) -> Iterator[Passage]:
    """Cut `text` into passages of about `length` characters, at most a third more where a sentence allows.

    Passages cover the text but for white space, in order and without overlap. With `structured` (files, not
    docstrings) a heading begins a new passage, and each passage knows the heading it stands under.
    """
    marks = headings(text) if structured else []
    starts = [0, *(start for start, _, _ in marks)]
    titles = ["", *(title for _, _, title in marks)]
    for number, (start, title) in enumerate(zip(starts, titles)):
        end = starts[number + 1] if number + 1 < len(starts) else len(text)
        for piece_start, piece_end in _pieces(text, start, end, length):
            yield Passage(piece_start, piece_end, title)


def _pieces(text: str, start: int, end: int, length: int) -> Iterator[tuple[int, int]]:
    if end - start <= length * 4 // 3:
        yield from _trimmed(text, start, end)
        return
    begin = last = -1
    for sentence_start, sentence_end in _short_enough(text, start, end, length):
        if begin >= 0 and sentence_end - begin > length:
            yield begin, last
            begin = -1
        if begin < 0:
            begin = sentence_start
        last = sentence_end
    if begin >= 0:
        yield begin, last


def _short_enough(text: str, start: int, end: int, length: int) -> Iterator[tuple[int, int]]:
    """Sentences, those longer than `length` cut at white space, or anywhere when there is none."""
    for begin, stop in sentences(text, start, end):
        while stop - begin > length * 4 // 3:
            cut = text.rfind("\n", begin + length // 2, begin + length)
            if cut < 0:
                cut = text.rfind(" ", begin + length // 2, begin + length)
            cut = cut + 1 if cut >= 0 else begin + length
            yield from _trimmed(text, begin, cut)
            begin = cut
        yield from _trimmed(text, begin, stop)
