"""Contradiction: whether a statement gives another value for what an earlier one said.

Only what is surely a change counts: both statements have the same words but for one stretch at a place where a thing
has one value at a time ("Ada's office is in room 9" → "… room 12"). Where several can hold ("Ada likes tea") both stay.
"""

from __future__ import annotations

import re
from functools import lru_cache

from octavo.knowledge.index.terms import STOP_WORDS, TOKEN, stem
from octavo.knowledge.memory.aspects import spoken

LONGEST = 10
"""Words of a value."""
_PASSING = frozenset("now currently meanwhile today presently newly new actually no longer since again instead".split())  # noqa: SIM905
_SINGLE = frozenset(
    stem(word)
    for word in (  # noqa: SIM905
        "is are was were be been equals costs cost born lives live works work moved located situated called named set"
        " belongs stands lies runs begins starts ends opens closes weighs measures led headed owned based employed due"
        " holds keeps became becomes remains stays sits resides listens"
    ).split()
)
"""Words after which a thing has one value at a time."""
_ARTICLES = frozenset(("a", "an", "the"))
_SEVERAL = frozenset("a an one also".split())  # noqa: SIM905
_WORDS = re.compile(r"[:=]|" + TOKEN.pattern)
_BEFORE_DATE = re.compile(r"^(?:as of|since|from|in|on) \d[\w-]*(?: \w+ \d{4})?,? ", re.IGNORECASE)


def contradicts(new: str, old: str) -> bool:
    """Whether `new` says of the same thing something else than `old`."""
    a, b = _said(new), _said(old)
    before = _shared(a, b)
    after = _shared(a[before:][::-1], b[before:][::-1])
    mine, its = a[before : len(a) - after], b[before : len(b) - after]
    if not (0 < len(mine) <= LONGEST and 0 < len(its) <= LONGEST):
        return False
    shared = a[:before]
    topical = [word for word in shared if word not in STOP_WORDS and word.isalnum()]
    if not topical or (shared and shared[-1] in _SEVERAL) or mine[0] in _SEVERAL or its[0] in _SEVERAL:
        return False
    if not _of_one_kind(mine, its) or new.rstrip().endswith("?") or old.rstrip().endswith("?"):
        return False
    rest = shared[1:] + a[len(a) - after :]
    return any(word in _SINGLE or word in ":=" for word in rest)


def _of_one_kind(mine: list[str], its: list[str]) -> bool:
    """Whether two stretches may be values of one thing: with the same small words, at their beginnings only, without a
    word in common, and none that speaks of what the other does not ("commanded by Bo" and "loaded with tea")."""
    if set(mine) & set(its) - STOP_WORDS or any(word in STOP_WORDS - _ARTICLES for word in mine[1:] + its[1:]):
        return False
    small = [[word for word in stretch if word in STOP_WORDS and word not in _ARTICLES] for stretch in (mine, its)]
    speak = [0, 0]
    for at, stretch in enumerate((mine, its)):
        for one in spoken(stretch):
            speak[at] |= one.aspects
    return small[0] == small[1] and (speak[0] == speak[1] or bool(speak[0] & speak[1]))


def same_question(new: str, old: str) -> bool:
    """Whether two questions have the same topical words in the same order."""
    return bool(new) and _topical(new) == _topical(old)


def _topical(text: str) -> list[str]:
    words = [word.lower() for word in TOKEN.findall(text)]
    return [stem(word) for word in words if word not in STOP_WORDS] or words


@lru_cache(maxsize=16)  # a new statement is held against several old ones
def _said(text: str) -> list[str]:
    plain = _BEFORE_DATE.sub("", " ".join(text.split()))
    words = [word.lower() for word in _WORDS.findall(plain)]
    return [word if word in STOP_WORDS else stem(word) for word in words if word not in _PASSING]


def _shared(a: list[str], b: list[str]) -> int:
    """How many words two lists have in common at their beginnings."""
    return next((at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
