"""Keys: how names are compared: without case, accents, punctuation, articles and plural endings."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

RUN = re.compile(r"\w+(?:[.'’&\-]\w+)*")
"""A word, number or identifier with what joins its parts; every character is looked at once."""
LONGEST = 80
"""Characters: a longer run is no name."""
ARTICLES = frozenset(("the", "a", "an"))
_POSSESSIVE = re.compile(r"['’]s?$", re.I)
_JOINTS = re.compile(r"['’.&\-_]+")
_FOLDED = str.maketrans({"ß": "ss", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "æ": "ae", "Æ": "ae", "đ": "d", "Đ": "d"})


@dataclass(frozen=True, slots=True)
class Token:
    """A run of letters and digits, where it stands, and the key it is compared by."""

    text: str
    start: int
    end: int
    key: str
    opens: bool
    """Whether a sentence begins with it."""
    tight: bool
    """Whether only a space, or the dot of an initial or an abbreviation, is between it and the token before."""


ABBREVIATED = frozenset(
    (
        "st",
        "mr",
        "mrs",
        "ms",
        "dr",
        "jr",
        "sr",
        "mt",
        "ft",
        "prof",
        "gen",
        "col",
        "lt",
        "capt",
        "sgt",
        "rev",
        "hon",
        "gov",
        "sen",
        "rep",
        "no",
        "vs",
        "inc",
        "co",
        "ltd",
    )
)


@lru_cache(maxsize=1 << 17)
def token_key(text: str) -> str:
    """The key of one run: `Dvořák's` → dvorak, `O'Brien` → obrien, `U.S` → us, `leagues` → league."""
    text = _POSSESSIVE.sub("", text).translate(_FOLDED)
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    key = _JOINTS.sub("", text).casefold()
    if len(key) > 4 and key[-1] == "s" and key[-2] not in "su" and not key.endswith("is"):
        key = key[:-1]
    return key


def key_of(name: str) -> str:
    """The key of a whole name, its tokens' keys with spaces between; a leading article is left out.

    >>> key_of("The Beatles"), key_of("J.R.R. Tolkien"), key_of("Johnnycake, West Virginia")
    ('beatle', 'jrr tolkien', 'johnnycake west virginia')
    """
    keys = [token_key(run) for run in RUN.findall(name) if len(run) <= LONGEST]
    keys = [key for key in keys if key]
    if len(keys) > 1 and keys[0] in ARTICLES:
        keys = keys[1:]
    return " ".join(keys)


def tokens(text: str) -> list[Token]:
    """The tokens of a text in order, in time linear in its length."""
    found: list[Token] = []
    before, last = 0, ""
    for match in RUN.finditer(text):
        start, end = match.span()
        run = match.group()
        gap = text[before:start]
        opens, tight = not found, gap in (" ", "\n", "")
        if not tight and gap:
            stopped = _stops(gap)
            if stopped and gap.startswith(".") and _shortened(last):
                stopped, tight = False, gap in (". ", ".")
            opens = opens or stopped
        before, last = end, run
        if len(run) <= LONGEST:
            key = token_key(run)
            if key:
                found.append(Token(run, start, end, key, opens, tight))
    return found


def _stops(gap: str) -> bool:
    return any(sign in gap for sign in ".!?;:。！？•*#`") or "\n\n" in gap


def _shortened(word: str) -> bool:
    """Whether a dot behind the word may be that of an initial or an abbreviation."""
    return (len(word) == 1 and word.isupper()) or word.lower() in ABBREVIATED or ("." in word and word.isupper())
