"""Aspects: what a statement says of a thing and what a question asks for, however it is worded.

"Ada was taught by Bo" and "Whose pupil was Ada?" have the name in common and no other word; both are about teaching.
The words that stand for an aspect are read from `aspects.toml`. What a text speaks of is a set of bits, one an aspect;
beside them are counted its names and numbers, and marked what else it holds that a question may want.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import xxhash

from octavo.knowledge.index.terms import STOP_WORDS, TOKEN, stem

PATH = Path(__file__).with_name("aspects.toml")
LONGEST = 4
"""Words of a phrase."""
MOST = 192
"""Aspects that there may be."""
DATED, PRICED, COLOURED, REPEATED, REASONED, PLACED = (1 << at for at in range(6))
"""What else a text may hold: a date or a time, an amount of money, a colour, how often, why, where."""
_HELD = (
    (
        DATED,
        r"\b(?:january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun"
        r"|jul|aug|sept?|oct|nov|dec|[12]\d{3}|\d{1,2}[:.]\d{2}|noon|midnight|morning|evening|night|\w+day|days?|weeks?"
        r"|months?|years?|spring|summer|autumn|winter|easter|christmas|century|o.clock|[ap]\.?m|yesterday|tomorrow|half"
        r" past|quarter past|quarter to|at (?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
        r"|\d{1,2}))\b",
    ),
    (PRICED, r"[$€£¥]|\b(?:euros?|dollars?|crowns?|pounds?|francs?|cents?|free|nothing|kroner|\d+k)\b"),
    (
        COLOURED,
        r"\b(?:red|blue|green|yellow|black|white|gr[ae]y|brown|orange|purple|violet|pink|gold|golden|silver|crimson"
        r"|scarlet|turquoise|beige|ivory|cream|maroon|navy|teal|amber|ochre|copper|bronze)\b",
    ),
    (
        REPEATED,
        r"\b(?:every|each|once|twice|times|daily|weekly|monthly|yearly|annually|hourly|per|always|never|\w+days)\b",
    ),
    (REASONED, r"\b(?:because|since|due to|so that|owing|in order|after|as|for|therefore|hence|reason|why)\b"),
    (
        PLACED,
        r"\b(?:in|at|on|near|behind|beside|under|above|below|inside|outside|into|onto|from|to|next to|by|with|through"
        r"|between|opposite|along|over|upstairs|downstairs|home|abroad|here|there) (?:the |a |an |my |our |her |his "
        r"|its )?(?!\d)\w|\b(?:upstairs|downstairs|home|abroad|here|there)\b",
    ),
)
_MARKS = tuple((bit, re.compile(pattern, re.IGNORECASE)) for bit, pattern in _HELD)


@dataclass(frozen=True)
class Lexicon:
    """The aspects (bits) that words and phrases of stems stand for, and those that a thing has one of at a time."""

    words: dict[str, int]
    phrases: dict[str, tuple[tuple[tuple[str, ...], int], ...]]
    """By first stem: (stems, aspects), the longest first."""
    single: int
    digest: str
    """Of all that decides the bits of a text."""


@dataclass(frozen=True)
class Spoken:
    """A word or phrase of a text that stands for something: where it begins and ends, and for which aspects."""

    start: int
    end: int
    aspects: int


@cache
def lexicon() -> Lexicon:
    """What `aspects.toml` says."""
    words: dict[str, int] = {}
    phrases: dict[tuple[str, ...], int] = {}
    raw = PATH.read_bytes()
    sections = tomllib.loads(raw.decode("utf-8"))
    single = at = 0
    for section, rows in sections.items():
        for listed in rows.values():
            bit = 1 << at
            at += 1
            single |= bit if section == "one" else 0
            for entry in listed.split(","):
                stems = tuple(stem(word.lower()) for word in TOKEN.findall(entry))
                if len(stems) > 1:
                    phrases[stems] = phrases.get(stems, 0) | bit
                elif stems[0] not in STOP_WORDS:
                    words[stems[0]] = words.get(stems[0], 0) | bit
    assert at <= MOST
    assert max(map(len, phrases)) <= LONGEST
    first: dict[str, list[tuple[tuple[str, ...], int]]] = {}
    for stems, bits in sorted(phrases.items(), key=lambda pair: (-len(pair[0]), pair[0])):
        first.setdefault(stems[0], []).append((stems, bits))
    digest = xxhash.xxh3_64_hexdigest(raw + repr(_HELD).encode())
    return Lexicon(words, {word: tuple(rows) for word, rows in first.items()}, single, digest)


def spoken(stems: Sequence[str]) -> list[Spoken]:
    """What the stems of a text stand for, in their order; a phrase goes before its words."""
    known = lexicon()
    found: list[Spoken] = []
    at = 0
    while at < len(stems):
        word = stems[at]
        for phrase, bits in known.phrases.get(word, ()):
            if tuple(stems[at : at + len(phrase)]) == phrase:
                found.append(Spoken(at, at + len(phrase), bits))
                at += len(phrase)
                break
        else:
            if word in known.words:
                found.append(Spoken(at, at + 1, known.words[word]))
            at += 1
    return found


def marks_of(text: str) -> int:
    """What else a text holds: an or of `DATED` … `PLACED`."""
    return sum(bit for bit, pattern in _MARKS if pattern.search(text))
