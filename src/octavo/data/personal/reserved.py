"""Reserved: values that can belong to nobody (documentation domains and addresses, marks, invented names).

Pseudonyms are made of these and of nothing else, and what is reserved is never reported. So a pseudonym can't be
taken for a person's data, nor meet one, and what was replaced once is not replaced again.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from octavo.data.personal.spans import TYPES, Span

NAME_BEGINS = (
    "Bra",
    "Bre",
    "Bro",
    "Cal",
    "Cor",
    "Dal",
    "Dor",
    "Dra",
    "Fal",
    "Fen",
    "Gal",
    "Gar",
    "Hal",
    "Hol",
    "Jar",
    "Jor",
    "Kal",
    "Kel",
    "Lor",
    "Lun",
    "Mal",
    "Mer",
    "Nal",
    "Nor",
    "Pal",
    "Per",
    "Qua",
    "Ral",
    "Rol",
    "Sal",
    "Sor",
    "Tal",
    "Tor",
    "Val",
    "Ver",
    "Wal",
    "Wen",
    "Yar",
    "Zan",
    "Zor",
)
NAME_MIDDLES = (
    "ba",
    "be",
    "bi",
    "da",
    "di",
    "du",
    "fa",
    "fi",
    "ga",
    "gu",
    "ka",
    "ke",
    "ki",
    "la",
    "li",
    "lu",
    "ma",
    "mi",
    "mu",
    "na",
    "ni",
    "no",
    "pa",
    "pi",
    "ra",
    "ri",
    "sa",
    "si",
    "ta",
    "tu",
    "va",
    "vo",
)
NAME_ENDS = ("vex", "zeth", "quix", "vorq", "xiph", "zunt", "qual", "vrix", "thox", "zwen")
"""Endings that no family name of the lists has: what ends so was invented."""

_NAME = "|".join(NAME_BEGINS) + ")(?:" + "|".join(NAME_MIDDLES) + ")(?:" + "|".join(NAME_ENDS)
MARK = re.compile(rf"\[(?:{'|'.join(TYPES)})(?:-[0-9A-F]{{8}})?\]")
INVENTED_NAME = re.compile(rf"(?i)\b(?:{_NAME})\b")
_DOMAIN = r"(?:[\w-]{1,63}\.){0,5}(?:example\.(?:com|net|org)|[\w-]{1,63}\.(?:invalid|example|test))\b"
_DOMAINS = ("example.", ".invalid", ".example", ".test")
_RESERVED: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    (("[",), MARK),
    (_DOMAINS, re.compile(rf"\bhttps?://(?:[^\s/@]{{0,200}}@)?{_DOMAIN}[^\s\"'<>)\]]*")),
    (_DOMAINS, re.compile(rf"(?<![\w.+-])[\w.+-]{{1,80}}@{_DOMAIN}")),
    (
        ("192.0.2.", "198.51.100.", "203.0.113."),
        re.compile(r"\b(?:192\.0\.2|198\.51\.100|203\.0\.113)\.[0-9]{1,3}\b"),
    ),
    (("2001:",), re.compile(r"(?i)\b2001:0?db8:[0-9a-f:]+")),
    (("555",), re.compile(r"(?:\+?1[ .-]?)?\(?\b[2-9][0-9]{2}\)?[ .-]?555[ .-]?01[0-9]{2}\b|\b555[ .-]01[0-9]{2}\b")),
    (("XX00",), re.compile(r"\bXX00[ ]?(?:[0-9]{4}[ ]?){2,7}[0-9]{0,4}\b")),
    (("000-",), re.compile(r"\b000-[0-9]{2}-[0-9]{4}\b")),
    (("0000",), re.compile(r"\b00000?(?:[ -]?[0-9]){7,15}\b")),
    (("18",), re.compile(r"18(?<!\w18)[0-9]{2}-[01][0-9]-[0-3][0-9]\b")),
)
"""What must stand in a text for a pattern to be worth a search, and the pattern."""
_HOUSE = re.compile(rf"\b[0-9]{{1,3}} (?i:(?:{_NAME})) Street\b")


def reserved_ranges(text: str) -> list[tuple[int, int]]:
    """Where reserved values stand in a text, in order, those that touch or overlap as one."""
    found = [
        match.span()
        for triggers, pattern in _RESERVED
        if any(trigger in text for trigger in triggers)
        for match in pattern.finditer(text)
    ]
    names = _invented(text)
    if names:
        found += names + [match.span() for match in _HOUSE.finditer(text)]
    joined: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _invented(text: str) -> list[tuple[int, int]]:
    """Where invented names stand: looked for around their endings, which are quick to find."""
    found = []
    for end in (*NAME_ENDS, *(end.upper() for end in NAME_ENDS)):
        at = text.find(end)
        while at >= 0:
            match = INVENTED_NAME.search(text, max(0, at - 6), at + len(end) + 1)
            if match:
                found.append(match.span())
            at = text.find(end, at + 1)
    return found


def outside(spans: list[Span], text: str) -> list[Span]:
    """What of the spans is not reserved: each is cut where a reserved value stands in it; pieces without a letter or
    digit are dropped, and so is what is left of a structured value, which is no such value any more."""
    if not spans:
        return spans
    ranges = reserved_ranges(text)
    if not ranges:
        return spans
    kept: list[Span] = []
    for span in spans:
        first = at = bisect_right(ranges, span.start, key=lambda one: one[1])
        begin = span.start
        while at < len(ranges) and ranges[at][0] < span.end:
            kept += _piece(text, begin, min(ranges[at][0], span.end), span)
            begin = max(begin, ranges[at][1])
            at += 1
        kept += [span] if at == first else _piece(text, begin, span.end, span)
    return kept


def _piece(text: str, start: int, end: int, span: Span) -> list[Span]:
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    named = span.type in ("PERSON", "ADDRESS", "PLACE", "ORGANISATION", "POSTCODE", "TITLE")
    return [span._replace(start=start, end=end)] if start < end and named else []
