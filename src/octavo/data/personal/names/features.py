"""Features: the words of many texts as numbers, and what is known of each word and its neighbours, hashed.

All of it is arithmetic on whole numbers over all words at once, so a word has the same features in whatever company
its text is read, and on every machine.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from octavo.data.personal.lists import shipped
from octavo.data.personal.names.words import (
    ACCENT,
    BEGIN3,
    CANDIDATE,
    CAPITAL,
    CASELESS,
    END2,
    END3,
    END4,
    FLAGS,
    KNOWN,
    LENGTH,
    LETTERS,
    LINE,
    LOOK,
    LOWER,
    OWN,
    PLACE_BEGIN,
    SHAPE,
    STRANGE,
    Words,
)  # fmt: skip
from octavo.data.personal.spans import Span

BUCKETS = 1 << 16
REACH = 3
"""Words to each side that a feature can look at; as many edges stand between two texts."""
CASE, PLACE = -1, -2
"""Columns that belong to a word of a text, not to the word as such: the text's capitals, and names of places."""
INSIDE = (15, 25)
"""Values of the column of places for a word that goes on with the name of a country, or of another place."""
TABLE: tuple[tuple[tuple[int, int], ...], ...] = (
    ((OWN, 0),), ((SHAPE, 0),), ((FLAGS, 0),), ((LOOK, 0), (CASE, 0)), ((PLACE, 0), (SHAPE, 0)),
    ((PLACE, 0), (PLACE, 1)), ((CASE, 0), (SHAPE, 0)), ((OWN, -1),), ((OWN, -2), (OWN, -1)), ((OWN, 1),),
    ((OWN, 1), (OWN, 2)), ((OWN, -1), (LOOK, 0)), ((OWN, 1), (LOOK, 0)), ((SHAPE, -1), (SHAPE, 0)),
    ((FLAGS, -1), (FLAGS, 0)), ((SHAPE, 0), (SHAPE, 1)), ((FLAGS, 0), (FLAGS, 1)),
    ((SHAPE, -1), (SHAPE, 0), (SHAPE, 1)), ((SHAPE, -2), (SHAPE, -1), (SHAPE, 0)),
    ((SHAPE, 0), (SHAPE, 1), (SHAPE, 2)), ((OWN, -1), (SHAPE, 0), (OWN, 1)), ((OWN, -3), (OWN, -2), (OWN, -1)),
    ((OWN, 1), (OWN, 2), (OWN, 3)), ((OWN, -2),), ((OWN, 2),), ((FLAGS, -2), (FLAGS, 0)), ((FLAGS, 2), (SHAPE, 0)),
    ((LOOK, -1), (LOOK, 0), (LOOK, 1)), ((OWN, -2), (SHAPE, -1), (SHAPE, 0)), ((SHAPE, 0), (SHAPE, 1), (OWN, 2)),
    ((OWN, -3),), ((OWN, 3),), ((OWN, -1), (SHAPE, 1)), ((END3, 0), (SHAPE, 0)), ((END2, 0), (SHAPE, 0)),
    ((BEGIN3, 0), (SHAPE, 0)), ((END4, 0),), ((LENGTH, 0), (LOOK, 0)), ((ACCENT, 0), (SHAPE, 0), (CASE, 0)),
    ((OWN, -1), (LOOK, 0), (LOOK, 1)), ((END3, 0), (FLAGS, 0), (SHAPE, -1)), ((LOOK, 1), (FLAGS, 0)),
)  # fmt: skip
"""Each feature: columns of the word itself (0), of words before (-) or behind (+), taken together."""
FEATURES = len(TABLE)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+|\n|[^\w\s]|_+")
_LINE_LEAST, _TEXT_LEAST = 5, 3
"""Words in lower case from which a line, or a text, tells whether it is English."""
_SHARE = 0.45
"""Share of strange ones among them from which it is not."""


@dataclass(frozen=True)
class Reading:
    """The words of several texts one after another, `REACH` edges before, between and after them."""

    words: list[str]
    places: list[tuple[int, int]]
    """Of each word: the characters [start, end) of its own text."""
    bounds: list[tuple[int, int]]
    """Of each text: its first word, and the one after its last."""
    ids: NDArray[np.int64]
    kinds: NDArray[np.uint32]
    columns: NDArray[np.uint32]
    """One row for each of `COLUMNS`, then the places, then the case."""
    untaught: NDArray[np.bool_]
    """Words of lines that are in no language that the tagger was taught."""


def read(texts: Sequence[str], known: Sequence[Sequence[Span]]) -> Reading:
    """Cut texts into words; each span that is known already is one word."""
    seen = Words.seen()
    seen.forget_if_many()
    edge = "|" * 2
    words, places = [edge] * REACH, [(0, 0)] * REACH
    bounds: list[tuple[int, int]] = []
    for text, spans in zip(texts, known, strict=True):
        first, at = len(words), 0
        for span in [*spans, Span(len(text), len(text), "", 1.0)]:
            if span.start < at:
                continue
            some = [match.span() for match in _WORD.finditer(text, at, span.start)]
            places += some
            words += [text[begin:end] for begin, end in some]
            if span.type:
                words.append(f"<{span.type}>")
                places.append((span.start, span.end))
            at = span.end
        bounds.append((first, len(words)))
        words += [edge] * REACH
        places += [(0, 0)] * REACH
    ids = np.fromiter(map(seen.__getitem__, words), np.int64, len(words))
    kinds = seen.kinds[ids]
    sizes = [end - first + REACH for first, end in bounds]
    own_text = np.concatenate([np.zeros(REACH, np.int64), np.repeat(np.arange(len(texts)), sizes)])
    columns = np.concatenate([seen.rows[ids].T, np.zeros((2, len(words)), np.uint32)])
    columns[CASE] = _cases(kinds, own_text, len(texts))[own_text]
    columns[PLACE] = _places(words, kinds)
    return Reading(words, places, bounds, ids, kinds, columns, _untaught(kinds, own_text, len(texts)))


def _count(where: NDArray[np.int64], what: NDArray[np.bool_], size: int) -> NDArray[np.int64]:
    return np.bincount(where[what], minlength=size)


def _cases(kinds: NDArray[np.uint32], own_text: NDArray[np.int64], size: int) -> NDArray[np.uint32]:
    """1: no capitals in the text; 2: nothing but capitals; 3: both."""
    upper = _count(own_text, (kinds & CAPITAL) > 0, size)
    lower = _count(own_text, (kinds & LOWER) > 0, size)
    return np.where(upper == 0, 1, np.where(lower == 0, 2, 3)).astype(np.uint32)


def _untaught(kinds: NDArray[np.uint32], own_text: NDArray[np.int64], size: int) -> NDArray[np.bool_]:
    """Words of lines, or of texts with short lines, of whose words in lower case many are no English ones; and of
    lines with more words in a script without capitals."""
    line = np.cumsum((kinds & LINE) > 0) + own_text
    small = (kinds & (LOWER | CASELESS)) > 0
    strange, known = small & ((kinds & STRANGE) > 0), small & ((kinds & KNOWN) > 0)
    lines = int(line[-1]) + 1
    odd, plain = _count(line, strange, lines), _count(line, known, lines)
    text_odd, text_plain = _count(own_text, strange, size), _count(own_text, known, size)
    by_text = (text_odd + text_plain >= _TEXT_LEAST) & (text_odd > _SHARE * (text_odd + text_plain))
    by_line = odd > _SHARE * (odd + plain)
    caseless = _count(line, (kinds & CASELESS) > 0, lines)
    elsewhere = 2 * caseless > _count(line, (kinds & LETTERS) > 0, lines)
    return elsewhere[line] | np.where((odd + plain)[line] >= _LINE_LEAST, by_line[line], by_text[own_text])


def _places(words: Sequence[str], kinds: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """For each word whether it begins or goes on with the name of a place of up to four words."""
    known = shipped()
    found = np.zeros(len(words), np.uint32)
    done = 0
    for at in np.flatnonzero(kinds & PLACE_BEGIN).tolist():
        if at < done:
            continue
        for width in (4, 3, 2, 1):
            name = " ".join(words[at : at + width]).lower()
            kind = 1 if name in known.countries else 2 if name in known.places else 0
            if kind:
                found[at] = 10 * kind + min(width, 2)
                found[at + 1 : at + width] = 10 * kind + 5
                done = at + width
                break
    return found


def features(reading: Reading, rows: NDArray[np.int64]) -> NDArray[np.int32]:
    """Words × features: the bucket of each feature, never 0."""
    made = np.empty((FEATURES, len(rows)), np.int32)
    columns = reading.columns
    near = {
        (column, step): columns[column][rows + step] for column, step in {part for parts in TABLE for part in parts}
    }
    for at, parts in enumerate(TABLE):
        mixed = np.full(len(rows), (at + 1) * 0x85EBCA6B & 0xFFFFFFFF, np.uint32)
        for part in parts:
            mixed ^= near[part]
            mixed *= np.uint32(0x9E3779B1)
            mixed ^= mixed >> np.uint32(15)
        made[at] = mixed % np.uint32(BUCKETS - 1) + np.uint32(1)
    return made


def worth_reading(reading: Reading) -> NDArray[np.int64]:
    """The words that can begin a name or go on with one: capitals, numbers, strange words, and two behind each."""
    some = (reading.kinds & CANDIDATE) > 0
    if len(some) > 2:
        some[2:] |= some[1:-1] | some[:-2]
    letters = (reading.columns[CASE] == 1) & ((reading.kinds & LETTERS) > 0)
    inside = np.zeros(len(some), bool)
    for first, end in reading.bounds:
        inside[first:end] = True
    return np.flatnonzero((some | letters) & inside & ~reading.untaught)
