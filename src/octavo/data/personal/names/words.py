"""Words: what each different word looks like and is known for, found out once and kept as rows of numbers."""

from __future__ import annotations

import re
from functools import cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from octavo.data.personal.lists import shipped, word_set

KEPT = 1 << 18
"""Different words that are remembered; then all are forgotten and begun anew, so that memory stays bounded."""
COLUMNS = ("own", "shape", "flags", "look", "end3", "end2", "begin3", "end4", "length", "accent", "base")
OWN, SHAPE, FLAGS, LOOK, END3, END2, BEGIN3, END4, LENGTH, ACCENT, BASE = range(len(COLUMNS))
KINDS = (
    *("capital", "lower", "known", "first", "last", "place_begin", "nationality", "line", "letters", "candidate"),
    *("dictionary", "edge", "caseless", "street", "company", "title", "head", "strange"),
)
(
    CAPITAL, LOWER, KNOWN, FIRST, LAST, PLACE_BEGIN, NATIONALITY, LINE, LETTERS, CANDIDATE,
    DICTIONARY, EDGE, CASELESS, STREET, COMPANY, TITLE, HEAD, STRANGE,
) = (1 << at for at in range(len(KINDS)))  # fmt: skip
GROUPS = 11
"""Classes of words, of which it depends what may follow what."""
PARTICLES = word_set("particles")
"""Words between the names of a person or place; they don't tell the language of a text."""
_ELSEWHERE = word_set("elsewhere")
"""Small words of other languages that an English dictionary also has, or that stand in the documentation of code."""
_DOUBTFUL = frozenset(("polish", "pole", "poles", "swede", "swedes", "orthodox", "dane", "danes"))
"""Words that are a nationality in capitals only."""
_STREET_TAIL = re.compile(
    r".{2,}(?:strasse|straße|str|weg|gasse|platz|allee|gata|gatan|gate|vägen|vej|gade|vænget|stræde|katu|tie|kuja|tänav|straat|laan|"
    r"plein|dijk|ulica|utca|iela|gatvė)\Z"
)
_EDGE = "|"


@cache
def _place_begins() -> frozenset[str]:
    known = shipped()
    return frozenset(name.partition(" ")[0] for name in (*known.places, *known.countries))


def base_of(word: str) -> str:
    """The word without what follows an apostrophe: Anna of Anna's."""
    return re.split("['’]", word)[0] if word[-2:] in ("'s", "’s") else word


def _shape(word: str) -> str:
    if word.islower():
        return "x" if len(word) > 1 else "x1"
    if word.isupper():
        return "X1" if len(word) == 1 else "XX" if len(word) < 5 else "XXXXX"
    if word[0].isupper() and word[1:].islower():
        return "Xx"
    return "xX" if word.lower() != word.upper() else "?"


def _flags(low: str, base: str) -> str:
    known = shipped()
    listed = (
        ("c", base in known.common),
        ("d", base in known.dictionary and base not in known.common),
        ("f", base in known.first),
        ("l", base in known.last),
        ("p", base in known.places),
        ("g", base in known.countries),
        ("n", base in known.nationalities),
        ("s", low in known.streets or bool(_STREET_TAIL.match(low))),
        ("u", low in known.units),
        ("o", low in known.companies),
        ("t", low in known.titles),
        ("j", base in known.jobs or base.removesuffix("s") in known.jobs),
        ("h", base in known.heads),
    )
    return "".join(letter for letter, yes in listed if yes)


def _code(text: str) -> int:
    return crc32(text.encode("utf-8", "replace"))


def _plain(word: str) -> tuple[list[str], int, int]:
    """Own text, shape and flags, group and kinds of what is no word of letters."""
    if word == _EDGE * 2:
        return [_EDGE, _EDGE, "-"], 0, EDGE
    if word[0] == "<" and len(word) > 1:
        return [word, word, "-"], 1, EDGE
    if word[0].isdigit():
        return ["#", f"d{min(len(word), 7)}", "-"], 5, CANDIDATE
    if word == "\n":
        return ["\\n", "\\n", "-"], 2, LINE
    return [word, word, "-"], 3 if word in ",-/#" else 4, 0


def _lettered(word: str) -> tuple[list[str], int, int]:
    low = word.lower()
    shape, base = _shape(word), base_of(low)
    flags = _flags(low, base)
    own = low if "c" in flags or set(flags) & set("suotjnh") else "~" if "d" in flags else "?"
    capital = shape not in ("x", "x1")
    named = set(flags) & set("flpg")
    group = (6 if own == "?" else 7 if named else 8) if capital else 9 if named or set(flags) & set("nj") else 10
    kinds = LETTERS | (CAPITAL if capital and shape != "?" else LOWER if shape != "?" else CASELESS)
    known = (base in shipped().dictionary or base in shipped().nationalities) and base not in _ELSEWHERE
    listed = (
        (KNOWN, known and base not in PARTICLES and len(word) > 1),
        (STRANGE, not known and base not in PARTICLES - _ELSEWHERE and len(word) > 1),
        (DICTIONARY, base in shipped().dictionary),
        (FIRST, "f" in flags),
        (LAST, "l" in flags),
        (NATIONALITY, "n" in flags and not (word.islower() and base in _DOUBTFUL)),
        (PLACE_BEGIN, base in _place_begins()),
        (CANDIDATE, group < 10 or own == "?"),
        (STREET, "s" in flags),
        (COMPANY, "o" in flags),
        (TITLE, "t" in flags),
        (HEAD, "h" in flags and capital),
    )
    return [own, shape, flags or "-"], group, kinds | sum(bit for bit, yes in listed if yes)


class Words(dict[str, int]):
    """A number for each different word; looking a new one up makes its row."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: NDArray[np.uint32] = np.zeros((1024, len(COLUMNS)), np.uint32)
        """One row a word, one column for each of `COLUMNS`."""
        self.kinds: NDArray[np.uint32] = np.zeros(1024, np.uint32)
        self.groups: NDArray[np.uint8] = np.zeros(1024, np.uint8)
        self.edge = self[_EDGE * 2]
        """What stands before and after a text."""

    @staticmethod
    @cache
    def seen() -> Words:
        """The words of this process."""
        return Words()

    def __missing__(self, word: str) -> int:
        number = len(self)
        if number == len(self.groups):
            self.rows = np.concatenate([self.rows, np.zeros_like(self.rows)])
            self.kinds = np.concatenate([self.kinds, np.zeros_like(self.kinds)])
            self.groups = np.concatenate([self.groups, np.zeros_like(self.groups)])
        lettered = word[0].isalpha()
        (own, shape, flags), self.groups[number], self.kinds[number] = _lettered(word) if lettered else _plain(word)
        low = word.lower()
        parts = [own, shape, flags, shape + flags]
        if lettered:
            ends = [low[-3:], low[-2:], low[:3], low[-4:]]
            parts += [*ends, str(min(len(word), 9)), "a" if low.isascii() else "n", base_of(word)]
        self.rows[number] = 0
        self.rows[number, : len(parts)] = [_code(part) for part in parts]
        self[word] = number
        return number

    def forget_if_many(self) -> None:
        """Begin anew when there are too many; what a word is does not depend on the words before it."""
        if len(self) > KEPT:
            self.clear()
            self.edge = self[_EDGE * 2]
