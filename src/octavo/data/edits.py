"""Edits: copies of texts as people and programs change them, so that what is found of them can be counted."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

RATES = (0.01, 0.02, 0.05, 0.10, 0.15, 0.20)
"""Shares of words edited, one here and one there: the hardest way to change so many."""

_UNIT = re.compile(r"\S+\s*")
_SENTENCE = re.compile(r"[^.!?。！？\n]*[.!?。！？\n]+\s*|[^.!?。！？\n]+")
_LONG = 20
"""Where the pieces between blanks are longer on average, the script has no blanks: characters are edited."""


def units(text: str) -> list[str]:
    """A text as words with the blanks behind them, or as characters where words aren't parted by blanks."""
    words = _UNIT.findall(text)
    return words if len(text) <= _LONG * max(1, len(words)) else list(text)


def scattered(text: str, share: float, words: Sequence[str], rng: random.Random) -> str:
    """The text with a share of its words substituted, left out, or joined by another, each as often, anywhere."""
    parts = units(text)
    for _ in range(max(1, round(share * len(parts)))):
        at = rng.randrange(len(parts)) if parts else 0
        way = rng.randrange(3) if parts else 2
        if way == 0:
            parts[at] = _instead(parts[at], rng.choice(words))
        elif way == 1:
            del parts[at]
        else:
            parts.insert(at, rng.choice(words) + (" " if len(text) != len(parts) else ""))
    return "".join(parts)


def stretch(text: str, share: float, words: Sequence[str], rng: random.Random) -> str:
    """The text with a share of its words replaced in one place."""
    parts = units(text)
    count = max(1, round(share * len(parts)))
    at = rng.randrange(max(1, len(parts) - count + 1))
    parts[at : at + count] = [_instead(old, rng.choice(words)) for old in parts[at : at + count]]
    return "".join(parts)


def without_sentence(text: str, words: Sequence[str], rng: random.Random) -> str:
    """The text without one of its sentences, if it has several."""
    parts = _SENTENCE.findall(text)
    if len(parts) > 1:
        del parts[rng.randrange(len(parts))]
    return "".join(parts)


def with_sentence(text: str, words: Sequence[str], rng: random.Random) -> str:
    """The text with a sentence of twelve other words between two of its own."""
    parts = _SENTENCE.findall(text)
    parts.insert(rng.randrange(len(parts) + 1), " ".join(rng.choice(words) for _ in range(12)).capitalize() + ". ")
    return "".join(parts)


def another_form(text: str, words: Sequence[str], rng: random.Random) -> str:
    """The text with other case, white space and punctuation, and the same words."""
    text = re.sub(r"[,;]", "", text) if rng.random() < 0.5 else re.sub(r"\.(?=\s)", " !", text)
    text = re.sub(r"\s+", "\n", text) if rng.random() < 0.5 else text.replace(" ", "  ")
    return text.upper() if rng.random() < 0.5 else text.title()


def _instead(old: str, new: str) -> str:
    return new + old[len(old.rstrip()) :]


def ways() -> dict[str, Callable[[str, Sequence[str], random.Random], str]]:
    """Name → how it changes a text, given words to put in."""
    found: dict[str, Callable[[str, Sequence[str], random.Random], str]] = {}
    for rate in RATES:
        found[f"{rate:.0%} of the words"] = _at(scattered, rate)
    found["10% in one place"] = _at(stretch, 0.1)
    found["a sentence left out"] = without_sentence
    found["a sentence added"] = with_sentence
    found["case, blanks, punctuation"] = another_form
    return found


def _at(
    edit: Callable[[str, float, Sequence[str], random.Random], str], share: float
) -> Callable[[str, Sequence[str], random.Random], str]:
    return lambda text, words, rng: edit(text, share, words, rng)
