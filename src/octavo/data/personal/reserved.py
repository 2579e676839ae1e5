"""Reserved: values that can belong to nobody (documentation domains and addresses, marks, invented names).

Pseudonyms are made of these and of nothing else, and what is reserved is never reported. So a pseudonym can't be
taken for a person's data, nor meet one, and what was replaced once is not replaced again.
"""

from __future__ import annotations

import re

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
_RESERVED = re.compile(
    rf"{MARK.pattern}"
    rf"|\b[0-9]{{1,3}} (?i:(?:{_NAME})) Street\b"
    r"|\bhttps?://(?:[^\s/@]{0,200}@)?(?:[\w-]{1,63}\.){0,5}(?:example\.(?:com|net|org)|[\w-]{1,63}\.(?:invalid|example|test))\b[^\s\"'<>)\]]*"
    r"|(?<![\w.+-])[\w.+-]{1,80}@(?:[\w-]{1,63}\.){0,5}(?:example\.(?:com|net|org)|[\w-]{1,63}\.(?:invalid|example|test))\b"
    r"|\b(?:192\.0\.2|198\.51\.100|203\.0\.113)\.[0-9]{1,3}\b"
    r"|(?i:\b2001:0?db8:[0-9a-f:]+)"
    r"|(?:\+?1[ .-]?)?\(?\b[2-9][0-9]{2}\)?[ .-]?555[ .-]?01[0-9]{2}\b"
    r"|\b555[ .-]01[0-9]{2}\b"
    r"|\bXX00[ ]?(?:[0-9]{4}[ ]?){2,7}[0-9]{0,4}\b"
    r"|\b000-[0-9]{2}-[0-9]{4}\b"
    r"|\b00000?(?:[ -]?[0-9]){7,15}\b"
    rf"|(?i:\b(?:{_NAME})\b)"
    r"|\b18[0-9]{2}-[01][0-9]-[0-3][0-9]\b"
)


def reserved_ranges(text: str) -> list[tuple[int, int]]:
    """Where reserved values stand in a text, in order."""
    return [match.span() for match in _RESERVED.finditer(text)]


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
        at = span.start
        touched = False
        for start, end in ranges:
            if end <= span.start or start >= span.end:
                continue
            touched = True
            kept += _piece(text, at, min(start, span.end), span)
            at = max(at, end)
        if not touched:
            kept.append(span)
        else:
            kept += _piece(text, at, span.end, span)
    return kept


def _piece(text: str, start: int, end: int, span: Span) -> list[Span]:
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    named = span.type in ("PERSON", "ADDRESS", "PLACE", "ORGANISATION", "POSTCODE", "TITLE")
    return [span._replace(start=start, end=end)] if start < end and named else []
