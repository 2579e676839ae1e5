"""Spans: where personal data stands in a text, of what type and how sure that is; overlaps settled, examples masked."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from typing import NamedTuple

from octavo.spine.errors import WRONG_USE, OctavoError, nearest

STRUCTURED = ("EMAIL", "PHONE", "IP", "IBAN", "CARD", "SSN", "LICENCE", "URL", "CREDENTIALS", "SECRET")
"""Types with a form of their own, found by exact patterns and checksums. LICENCE is the number of a driving licence,
passport or the like that is named before it; CREDENTIALS is a URL with a password in it."""
DATED = ("BIRTH_DATE", "DATE", "AGE")
NAMED = ("PERSON", "ADDRESS", "POSTCODE", "PLACE", "ORGANISATION", "NATIONALITY", "TITLE")
"""Types that only words and their surroundings tell, found by the tagger."""
TYPES = STRUCTURED + DATED + NAMED
REPLACED = (
    *("EMAIL", "PHONE", "IP", "IBAN", "CARD", "SSN", "LICENCE", "CREDENTIALS", "SECRET"),
    *("PERSON", "ADDRESS", "BIRTH_DATE"),
)
"""What is replaced unless told otherwise: what points to one person. Places, dates, ages and the like do not alone."""
SETS = {"structured": STRUCTURED, "identifying": REPLACED, "all": TYPES}
LEAST = 0.5
"""Score from which a span counts unless told otherwise."""


class Span(NamedTuple):
    """Code points [start, end) of a text, what they are, and how sure that is, 0 … 1 (1: a checksum says so)."""

    start: int
    end: int
    type: str
    score: float

    def row(self) -> dict[str, object]:
        """The span as JSON values."""
        return {"start": self.start, "end": self.end, "type": self.type, "score": round(self.score, 3)}


def chosen_types(names: Iterable[str]) -> tuple[str, ...]:
    """Types by their names or the names of sets (structured, identifying, all), in the order of `TYPES`; D070."""
    wanted: set[str] = set()
    for name in names:
        plain = name.strip()
        if plain.lower() in SETS:
            wanted.update(SETS[plain.lower()])
        elif plain.upper() in TYPES:
            wanted.add(plain.upper())
        elif plain:
            options = (*TYPES, *SETS)
            raise OctavoError(
                "D070",
                f'There is no type of personal data "{plain}"{nearest(plain.upper(), options)}',
                do=f"use one of: {', '.join(options)}",
                exit_code=WRONG_USE,
            )
    return tuple(one for one in TYPES if one in wanted)


def settle(spans: Iterable[Span]) -> list[Span]:
    """The spans in order without overlaps: the surer one wins, then the longer one, then the first."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda s: (-s.score, s.start - s.end, s.start, s.type)):
        at = bisect_left(kept, span)
        if (not at or kept[at - 1].end <= span.start) and (at == len(kept) or span.end <= kept[at].start):
            kept.insert(at, span)
    return kept


def masked(value: str) -> str:
    """What may be shown of a value: the first letter of each part; `j…@e…`, `4…`."""
    parts = re.findall(r"\w+|@", value)
    shown = ["@" if part == "@" else part[0] + "…" for part in parts[:4]]
    joined = " ".join(shown).replace(" @ ", "@")
    return joined + (" …" if len(parts) > 4 else "")
