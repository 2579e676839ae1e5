"""Values: what a field of any record holds (a date, a number, a version, an address, words), and how alike two are."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

KINDS = ("date", "version", "number", "words")
"""Kinds of values, tried in this order; words is everything else."""
MOST = 0.8
"""Share of the values of a field that must read as of a kind."""
LONGEST = 40
"""Tokens of a value that are compared; for what is longer there is the cosine of the texts."""
SOFT = 8
"""Tokens without an equal that are compared letter by letter, on each side of a pair."""
_TOKEN = re.compile(r"[^\W\d_]+|\d+")
_SCHEME = re.compile(r"^[a-z+]+://(?:www\.)?")
_NUMBER = re.compile(r"^(?:[€$£¥]|[A-Za-z]{3} )?\s*(-?\d[\d.,' ]*)\s*(?:[^\W\d_]{1,8}|[€$£¥%])?\.?$")
_VERSION = re.compile(r"^v?\d+(?:\.\d+){1,4}(?:[-+.][0-9A-Za-z.-]+)?$", re.IGNORECASE)
_ISO = re.compile(r"^(\d{4})[-/.]?(\d\d)[-/.]?(\d\d)(?!\d)")
_LOCAL = re.compile(r"^(\d{1,2})[./-](\d{1,2})[./-](\d{4})$")
_SPOKEN = re.compile(r"^(?:(\d{1,2})\.? )?([A-Za-z]{3})[a-z]*\.?(?: (\d{1,2})(?:st|nd|rd|th)?)?,? (\d{4})$")
_YEAR = re.compile(r"^(1[5-9]|20)\d\d$")
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
Value = tuple[Any, ...]


@dataclass(frozen=True)
class Column:
    """One field of all records of a side."""

    key: str
    kind: str
    values: tuple[Value | None, ...]
    """None where a record leaves the field out."""


def columns(rows: Sequence[Mapping[str, str]]) -> list[Column]:
    """The fields of all rows, sorted by name, each with the kind that most of its values are of."""
    keys = sorted({key for row in rows for key in row})
    return [_column(key, [row.get(key) for row in rows]) for key in keys]


def _column(key: str, given: Sequence[str | None]) -> Column:
    told = [value for value in given if value]
    for kind in KINDS[:-1]:
        read = READ[kind]
        if sum(read(value) is not None for value in told) >= MOST * len(told) and _is(kind, told):
            return Column(key, kind, tuple(read(value) if value else None for value in given))
    return Column(key, "words", tuple(words(value) or None if value else None for value in given))


def _is(kind: str, told: Sequence[str]) -> bool:
    """Versions need more than one dot or a v at times, else they are numbers; digits of one length are a code."""
    if kind == "version":
        return sum(value.count(".") > 1 or value[:1] in "vV" for value in told) > 0.3 * len(told)
    if kind == "number":
        codes = [len(value) for value in told if value.isdigit()]
        return not (len(codes) > 0.9 * len(told) and min(codes) == max(codes) >= 5)
    return True


def words(value: str) -> Value:
    """Tokens without case and accents, letters and digits apart; an address loses its scheme."""
    plain = _SCHEME.sub("", value.strip().lower()).removesuffix("/").removesuffix(".git")
    folded = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    return tuple(_TOKEN.findall(folded)[:LONGEST])


def date_of(value: str) -> Value | None:
    """(year, month, day); month and day are 0 where only a year is given."""
    value = value.strip()
    if _YEAR.match(value):
        return int(value), 0, 0
    if found := _ISO.match(value):
        parts = int(found[1]), int(found[2]), int(found[3])
    elif found := _LOCAL.match(value):
        day, month = int(found[1]), int(found[2])
        parts = (int(found[3]), day, month) if month > 12 else (int(found[3]), month, day)
    elif (found := _SPOKEN.match(value)) and found[2].lower() in _MONTHS:
        parts = int(found[4]), _MONTHS.index(found[2].lower()) + 1, int(found[1] or found[3] or 0)
    else:
        return None
    return parts if parts[1] <= 12 and parts[2] <= 31 else None


def number_of(value: str) -> Value | None:
    """The number in `12.90 EUR`, `€ 1.299,00` or `-3`; None when it is more than a number with its unit."""
    if not (found := _NUMBER.match(value.strip())):
        return None
    plain = found[1].strip().replace(" ", "").replace("'", "")
    if "," in plain and "." in plain:
        plain = (
            plain.replace(",", "") if plain.rfind(".") > plain.rfind(",") else plain.replace(".", "").replace(",", ".")
        )
    elif plain.count(",") == 1 and len(plain.partition(",")[2]) != 3:
        plain = plain.replace(",", ".")
    else:
        plain = plain.replace(",", "")
    try:
        number = float(plain)
    except ValueError:
        return None
    return (number,) if math.isfinite(number) else None


def version_of(value: str) -> Value | None:
    """Numbers of a version, without zeros at the end."""
    if not _VERSION.match(value.strip()):
        return None
    numbers = [int(part) for part in re.findall(r"\d+", value.partition("+")[0])]
    while len(numbers) > 2 and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


READ: Mapping[str, Callable[[str], Value | None]] = {
    "date": date_of, "version": version_of, "number": number_of, "words": lambda value: words(value) or None
}  # fmt: skip


def alike_dates(one: Value, other: Value) -> float:
    """1 for the same day, less for swapped parts, a year alone, and one part that differs."""
    if not (one[1] and other[1]):
        return 0.85 if one[0] == other[0] else 0.0
    if one == other:
        return 1.0
    if one[0] == other[0] and (one[1], one[2]) == (other[2], other[1]):
        return 0.9
    same = sum(a == b for a, b in zip(one, other, strict=True))
    return 0.6 if same == 2 else 0.3 if one[0] == other[0] else 0.0


def alike_numbers(one: Value, other: Value) -> float:
    """1 for equal ones, less by their distance as a share of the greater."""
    most = max(abs(one[0]), abs(other[0]))
    apart = abs(one[0] - other[0]) / most if most else 0.0
    return next((alike for limit, alike in ((0, 1.0), (0.01, 0.93), (0.1, 0.8), (0.25, 0.4)) if apart <= limit), 0.0)


def alike_versions(one: Value, other: Value) -> float:
    """1 for equal ones, less for those that begin alike."""
    if one == other:
        return 1.0
    return 0.0 if one[0] != other[0] else 0.8 if one[:2] == other[:2] else 0.4


def alike_words(one: Value, other: Value, weight: Callable[[str], float]) -> float:
    """Mean of two shares: of the lesser side that is found in the other, and of both together; at most 1.

    Tokens count by their weight. What has no equal may be an initial, a beginning or one typing error away; values that
    are alike letter by letter when written as one word are alike, too.
    """
    if one == other or "".join(one) == "".join(other):
        return 1.0
    left, right = list(one), list(other)
    both = 0.0
    for token in one:
        if token in right:
            left.remove(token)
            right.remove(token)
            both += weight(token)
    near = [(near_tokens(a, b), min(weight(a), weight(b)), a, b) for a in left[:SOFT] for b in right[:SOFT]]
    for likeness, worth, a, b in sorted(near, key=lambda found: (-found[0], -found[1])):
        if likeness > 0 and a in left and b in right:
            left.remove(a)
            right.remove(b)
            both += likeness * worth
    sizes = [sum(map(weight, side)) for side in (one, other)]
    told = (both / min(sizes) + both / (sum(sizes) - both)) / 2
    return min(1.0, max(told, 0.95 * glued(one, other)))


@lru_cache(1 << 17)
def near_tokens(one: str, other: str) -> float:
    """Whether one token may stand for the other: an initial, a beginning, a typing error; 0 for others."""
    if one[0].isdigit() or other[0].isdigit():
        return 0.0
    short, long = sorted((one, other), key=len)
    if long.startswith(short):
        return 0.6 if len(short) == 1 else 0.75 if len(short) > 2 else 0.0
    return 0.85 if len(short) > 3 and one_edit(short, long) else 0.0


def one_edit(short: str, long: str) -> bool:
    """Whether one letter more, less, changed or swapped with its neighbour makes one out of the other."""
    at = next((n for n, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(long) == len(short) + 1:
        return short[at:] == long[at + 1 :]
    if len(long) != len(short):
        return False
    swapped = short[at : at + 2] == long[at : at + 2][::-1] and short[at + 2 :] == long[at + 2 :]
    return swapped or short[at + 1 :] == long[at + 1 :]


def glued(one: Value, other: Value) -> float:
    """Runs of three letters in common (Dice), with all tokens written as one word."""
    a, b = _runs(one), _runs(other)
    return 2 * len(a & b) / (len(a) + len(b)) if a and b else 0.0


@lru_cache(1 << 16)
def _runs(tokens: Value) -> frozenset[str]:
    word = f"^{''.join(tokens)[:120]}$"
    return frozenset(word[at : at + 3] for at in range(len(word) - 2))
