"""Untaught: people, addresses and companies in lines of languages that the tagger was not taught.

Nothing but clear signs counts there: a form of address or a sentence that introduces somebody, a listed first name
with another name behind it, a street with its number, a company with its legal form. Where nouns have capitals, or
scripts have none, this misses names rather than take every noun for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from octavo.data.personal.lists import word_set
from octavo.data.personal.names.features import INSIDE, PLACE, Reading
from octavo.data.personal.names.words import CAPITAL, COMPANY, FIRST, HEAD, PARTICLES, STREET, TITLE
from octavo.data.personal.spans import Span

_TITLES = word_set("titles_elsewhere")
_INTRODUCED = re.compile(
    r"(?i)\b(?:mein name ist|ich hei(?:ß|ss)e|je m['’]appelle|mon nom est|me llamo|mi nombre es|mi chiamo|"
    r"il mio nome è|jeg heter|mitt navn er|jag heter|mitt namn är|jeg hedder|mit navn er|ik heet|mijn naam is|"
    r"nazywam się|jmenuji se|meu nome é|me chamo|nimeni on|a nevem|benim adım|nama saya|jina langu ni|tên tôi là) +\Z"
)
_JOINING = word_set("joining")
"""Small words inside a name."""
_LEGAL = word_set("legal_forms")
_STREETS_BEFORE = word_set("streets_before")


def names_elsewhere(text: str, reading: Reading, first: int, end: int) -> Iterator[Span]:
    """What is found in the untaught lines among the words [first, end), which are those of `text`."""
    kinds, words = reading.kinds, reading.words
    signs = reading.untaught[first:end] & ((kinds[first:end] & (FIRST | TITLE | STREET | COMPANY | CAPITAL)) > 0)
    done = first
    for at in (np.flatnonzero(signs) + first).tolist():
        if at < done:
            continue
        kind, low = int(kinds[at]), words[at].lower()
        stop, type, sure = at, "PERSON", 0.0
        start = reading.places[at][0]
        if kind & CAPITAL and _INTRODUCED.search(text, max(0, start - 26), start):
            stop, sure = _name_end(reading, at, end), 0.9
        elif low in _TITLES and kind & CAPITAL:
            at += 2 if words[at + 1] == "." else 1
            stop, sure = (_name_end(reading, at, end), 0.85) if at < end else (at, 0.0)
        elif kind & FIRST and kind & CAPITAL and low not in PARTICLES:
            stop, sure = _name_end(reading, at, end), 0.75
            named = sum(_cap(reading, word) for word in range(at, stop)) > 1
            stop = stop if named and not _of_a_place(reading, at, stop) else at
        if stop == at and kind & STREET:
            stop, type, sure = _street_end(reading, at, end), "ADDRESS", 0.75
        if stop == at and kind & CAPITAL and at + 1 < end and words[at + 1] in _LEGAL:
            stop, type, sure = at + 2, "ORGANISATION", 0.8
        if stop > at:
            yield Span(reading.places[at][0], reading.places[stop - 1][1], type, sure)
            done = stop


def _of_a_place(reading: Reading, at: int, stop: int) -> bool:
    """Whether the words name a place, or something that is called after somebody: Hong Kong, the Anne Frank Museum."""
    heads = any(int(kind) & HEAD for kind in reading.kinds[at + 1 : stop + 1])
    return heads or (stop - at == 2 and int(reading.columns[PLACE][at + 1]) in INSIDE)


def _cap(reading: Reading, word: int) -> bool:
    return bool(int(reading.kinds[word]) & CAPITAL)


def _name_end(reading: Reading, at: int, end: int) -> int:
    """The word after a name of up to four capitalised words, particles and initials between them."""
    stop = word = at
    count = 0
    while word < end and count < 4:
        text = reading.words[word]
        if _cap(reading, word):
            stop, count = word + 1, count + 1
        elif not count or not (text in _JOINING or (text in ".-" and len(reading.words[word - 1]) <= 2) or text == "-"):
            break
        word += 1
    return stop


def _street_end(reading: Reading, at: int, end: int) -> int:
    """The word after a street's number, or `at`: Hauptstraße 5, Calle Mayor 12, ul. Długa 7."""
    word = at + 1
    if reading.words[at].lower() in _STREETS_BEFORE:
        word = at + 2 if word < end and reading.words[word] == "." else at + 1
        named = word
        while word < end and word < named + 5 and (_cap(reading, word) or reading.words[word] in PARTICLES):
            word += 1
        if word == named:
            return at
        if word < end and reading.words[word] == ",":
            word += 1
    elif not _cap(reading, at):
        return at
    numbered = word < end and reading.words[word].isdigit() and len(reading.words[word]) < 5
    return word + 1 if numbered else at
