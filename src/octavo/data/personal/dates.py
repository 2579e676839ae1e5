"""Dates: calendar dates, dates of birth among them, weekdays and years, and people's ages."""

from __future__ import annotations

import re
from collections.abc import Iterator

from octavo.data.personal.patterns import after, before
from octavo.data.personal.spans import Span

_MONTHS = (
    "January|February|March|April|May|June|July|August|September|October|November|December|"
    "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec"
)
_WEEKDAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
_YEAR = r"(?:1[5-9]|20)[0-9]{2}"
_NUMERIC = re.compile(
    r"[0-9](?<![\w./-].)(?:[0-9]{3}(?P<a>[-/.])[01]?[0-9](?P=a)[0-3]?[0-9]|[0-9]?(?P<b>[-/.])[0-3]?[0-9](?P=b)(?:[0-9]{4}|[0-9]{2}))"
    r"(?:[T ][0-2][0-9]:[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?(?![\w/-]|\.[0-9])"
)
_WORDED = re.compile(
    rf"\b(?:(?:{_WEEKDAYS}),? )?(?:(?:{_MONTHS})\.? [0-3]?[0-9](?:st|nd|rd|th)?(?:,? {_YEAR})?"
    rf"|[0-3]?[0-9](?:st|nd|rd|th)?(?: of)? (?:{_MONTHS})\.?(?:,? {_YEAR})?"
    rf"|(?:{_MONTHS})\.?,? {_YEAR}|(?:{_WEEKDAYS}))\b"
)
_YEAR_ALONE = re.compile(r"[12](?<!\w.)(?<=[ (].)(?:[5-9]|0)[0-9]{2}(?!\w)")
_CENTURIES = ("15", "16", "17", "18", "19", "20")
_BEFORE_YEAR = re.compile(
    r"\b(?:[Ii]n|[Ss]ince|[Oo]f|[Uu]ntil|[Bb]y|[Ff]rom|[Bb]efore|[Aa]fter|[Dd]uring|a|the|[Ee]arly|[Ll]ate|to|and|[Yy]ear|"
    r"[Cc]irca|[Bb]orn|©|[Cc]opyright)[ (]+\Z"
)
_AFTER_YEAR = re.compile(r"[-.:/%]?[0-9A-Za-z]|-")
_BORN = re.compile(r"(?i)\b(?:birth ?(?:day|date)?|born|d\.?o\.?b\.?|né|née|geboren)\b")
_AGES = re.compile(
    r"(?i)\b([0-9]{1,3})(?=[- ]?(?:years?|yrs?|months?)[- ]?(?:old|of age)\b|[- ]?y/?o\b)"
    r"|\b(?:aged?|turned|turning|turns|age is|age of)[: ]{1,2}([0-9]{1,3})\b(?![%.:/][0-9]|[0-9%])"
    r"|\b(?:[Ii]['’]?m|[Ii] am|he['’]?s|she['’]?s|he is|she is|is) (?:only |now |just |already |about )?([1-9][0-9])"
    r"(?=[.,!?;]?(?:$|\x00|\n| (?:and|but|so|now)\b|[.,!?;] ))"
)
_BORN_WORDS = ("irth", "IRTH", "born", "Born", "BORN", "DOB", "dob", "D.O.B", "d.o.b", "née", "geboren")


def dates(text: str) -> Iterator[Span]:
    """Dates, weekdays and years; those that the words nearby call a birthday are BIRTH_DATE."""
    for match in _NUMERIC.finditer(text):
        if _possible(match.group()):
            yield _dated(text, match.start(), match.end(), 0.85)
    for match in _WORDED.finditer(text):
        long = any(letter.isdigit() for letter in match.group())
        if long or match.group() in _WEEKDAYS:
            yield _dated(text, match.start(), match.end(), 0.85 if long else 0.6)
    for match in _YEAR_ALONE.finditer(text):
        start, end = match.span()
        bracketed = text[start - 1] == "(" and text[end : end + 1] == ")"
        if text[start : start + 2] in _CENTURIES and (
            bracketed or (_BEFORE_YEAR.search(before(text, start, 14)) and not _AFTER_YEAR.match(after(text, end, 2)))
        ):
            yield Span(start, end, "DATE", 0.55)


def births(text: str) -> Iterator[Span]:
    """Dates of birth alone: looked for only near the words that tell of one."""
    seen: set[int] = set()
    for word in _BORN_WORDS:
        at = text.find(word)
        while at >= 0:
            start = max(text.rfind("\0", 0, at) + 1, at - 40)
            for span in dates(after(text, start, 110)):
                if span.type == "BIRTH_DATE" and start + span.start not in seen:
                    seen.add(start + span.start)
                    yield span._replace(start=start + span.start, end=start + span.end)
            at = text.find(word, at + 1)


def _possible(value: str) -> bool:
    parts = [int(part) for part in re.split(r"[-/.]", re.split("[T ]", value)[0])]
    year, rest = (parts[0], parts[1:]) if parts[0] > 31 else (parts[2], parts[:2])
    dotted = "." in value and not 1800 <= year <= 2100
    return min(rest) <= 12 and max(rest) <= 31 and min(rest) > 0 and (year < 100 or 1500 <= year <= 2100) and not dotted


def _dated(text: str, start: int, end: int, score: float) -> Span:
    near = _BORN.search(before(text, start, 30)) or _BORN.match(after(text, end, 12).lstrip())
    return Span(start, end, "BIRTH_DATE" if near and score > 0.6 else "DATE", 0.95 if near else score)


def ages(text: str) -> Iterator[Span]:
    """How old somebody is: the number alone."""
    for match in _AGES.finditer(text):
        group = match.lastindex or 1
        if int(match.group(group)) <= 120:
            yield Span(match.start(group), match.end(group), "AGE", 0.75 if group != 3 else 0.6)
