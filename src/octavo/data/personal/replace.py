"""Replace: marks or pseudonyms put in the place of personal data, until nothing is left to replace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from octavo.data.personal.detect import find_many
from octavo.data.personal.spans import LEAST, REPLACED, Span

Replacement = Callable[[str, str], str]
"""`(type, value)` → what stands there afterwards; must be reserved (see `reserved`), or it is replaced again."""

ROUNDS = 20
"""Each round leaves less; more than two or three are never seen."""


def mark(type: str, value: str) -> str:
    """`[EMAIL]`: what kind of thing stood there, and nothing of the value."""
    return f"[{type}]"


@dataclass(frozen=True)
class Replaced:
    """A text without personal data, and the spans of the original text that were replaced."""

    text: str
    spans: list[Span]


def replace(
    text: str,
    spans: Sequence[Span] | None = None,
    replacement: Replacement = mark,
    types: Sequence[str] = REPLACED,
    least: float = LEAST,
) -> Replaced:
    """Replace the spans of a text (found already, or found now) of the given types.

    What only shows once its surroundings are replaced is replaced too, so that doing it again changes nothing.
    """
    return replace_many([text], None if spans is None else [spans], replacement, types, least)[0]


def replace_many(
    texts: Sequence[str],
    spans: Sequence[Sequence[Span]] | None = None,
    replacement: Replacement = mark,
    types: Sequence[str] = REPLACED,
    least: float = LEAST,
) -> list[Replaced]:
    """What `replace` gives for each of several texts; for short ones several times as fast."""
    found: Sequence[Sequence[Span]] = find_many(texts, types, least) if spans is None else spans
    # of each text: (start in the original, or -1 for what was put in; the characters)
    pieces: list[list[tuple[int, str]]] = [[(0, text)] for text in texts]
    done: list[list[Span]] = [[] for _ in texts]
    going = list(range(len(texts)))
    for _ in range(ROUNDS):
        changed = []
        for at, own in zip(going, found, strict=True):
            todo = [span for span in own if span.type in types and span.score >= least]
            if todo:
                pieces[at], taken = _apply(pieces[at], todo, replacement)
                done[at] += taken
                changed += [at] if taken else []
        if not changed:
            break
        going = changed
        found = find_many([_joined(pieces[at]) for at in going], types, least)
    return [Replaced(_joined(own), sorted(spans)) for own, spans in zip(pieces, done, strict=True)]


def _joined(pieces: Sequence[tuple[int, str]]) -> str:
    return "".join(piece for _, piece in pieces)


def _apply(
    pieces: list[tuple[int, str]], spans: Sequence[Span], replacement: Replacement
) -> tuple[list[tuple[int, str]], list[Span]]:
    """Replace spans of the joined pieces. A span never reaches into what was put in: that is reserved, and cut out."""
    made: list[tuple[int, str]] = []
    taken: list[Span] = []
    waiting = list(spans)[::-1]
    begin = 0
    for origin, piece in pieces:
        at = 0
        while waiting and waiting[-1].start < begin + len(piece):
            span = waiting.pop()
            start, end = span.start - begin, span.end - begin
            if origin < 0 or start < at:
                continue
            end = min(end, len(piece))
            made.append((origin + at, piece[at:start]))
            made.append(
                (-1, _apart(replacement(span.type, piece[start:end]), piece[:start][-1:], piece[end : end + 2]))
            )
            taken.append(span._replace(start=origin + start, end=origin + end))
            if span.end - begin > end:
                waiting.append(span._replace(start=begin + len(piece)))
            at = end
        made.append((origin + at if origin >= 0 else -1, piece[at:]))
        begin += len(piece)
    return [(origin, piece) for origin, piece in made if piece], taken


def _apart(made: str, before: str, after: str) -> str:
    """What is put in, with a blank where it would run into a word and read as something else."""
    head = " " if made[:1].isalnum() and _joins(before) else ""
    return f"{head}{made} " if made[-1:].isalnum() and _joins(after) else head + made


def _joins(letter: str) -> bool:
    """Whether a letter or mark makes one word or address of what stands on its two sides."""
    mark = letter[:1]
    return mark != "" and (mark.isalnum() or mark in "_@+/=%-" or (mark == "." and letter[1:].isalnum()))
