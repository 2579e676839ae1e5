"""Kinds: what kind of words would answer a question, and whether a span looks like that."""

from __future__ import annotations

import re

_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_DATE = re.compile(
    rf"\b(?:{_MONTHS})\b|\b[12]\d{{3}}\b|\b\d{{1,2}}[:.]\d{{2}}\b|\bnoon\b|\bcentury\b|day\b", re.IGNORECASE
)
_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|million)\b",
    re.IGNORECASE,
)
_TIMES = re.compile(r"\b(?:second|minute|hour|day|week|month|year|decade|centur)", re.IGNORECASE)
_MONEY = re.compile(r"[$€£¥]|\b(?:euro|dollar|crown|pound|franc|cent)s?\b", re.IGNORECASE)
_COLOUR = re.compile(
    r"\b(?:red|blue|green|yellow|black|white|gr[ae]y|brown|orange|purple|violet|pink|gold(?:en)?|silver|crimson|scarlet|"
    r"turquoise|beige|ivory|cream|maroon|navy|teal|amber|ochre|copper|bronze)\b",
    re.IGNORECASE,
)
_LICENCE = re.compile(r"\b(?:MIT|BSD|ISC|MPL|L?GPL|AGPL|EUPL|CC|Apache|Unlicense|Zlib)\b|licen[cs]e|[A-Z]{2,}[- ]?v?\d")
_OFTEN = re.compile(
    r"\b(?:every|each|once|twice|times|daily|weekly|monthly|yearly|annually|hourly|per)\b", re.IGNORECASE
)
_CODE = re.compile(r"[_()=/\\`]|--|\w\.\w|^[a-z][a-z0-9-]*(?: [a-z0-9-]+){0,3}$|[a-z][A-Z]")
_KINDS = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("often", r"\bhow (?:often|frequently)\b"),
        ("port", r"\b(?:which|what) port\b.*\b(?:listen|serve|run|reach|bind|open|use|default)|\bport number\b"),
        ("version", r"\bversion\b"),
        ("licence", r"\blicen[cs]e\b"),
        ("colour", r"\bcolou?r\b"),
        (
            "code",
            r"\b(?:which|what) (?:\w+ )?(?:command|function|method|option|flag|setting|variable|exception|class|module"
            r"|parameter|argument|header|endpoint|file)\b",
        ),
        ("share", r"\b(?:percentage|per cent|percent|proportion|what share)\b"),
        ("number", r"\bhow (?:many|large|big|populous)\b|number of|population|what age|how old"),
        ("money", r"\bhow (?:much|expensive)\b.*(?:cost|pay|paid|price|sell|sold|worth|fee|earn|spend|ticket)"),
        ("money", r"price|fee\b|revenue|budget|turnover|fare\b|^what (?:does|did|do)\b.*\bcost\b"),
        ("amount", r"\bhow (?:tall|high|long|far|deep|heavy|wide|fast|much)\b|height|weight|length|distance|depth"),
        ("year", r"\b(?:which|what) year\b"),
        ("time", r"\b(?:when|what date|(?:which|what) day|date of|birthday)\b"),
        ("who", r"\b(?:who|whom|whose)\b"),
        ("where", r"\bwhere\b|\b(?:which|what) (?:town|city|country|place|village)\b"),
    )
)
_PATTERNS = {"money": _MONEY, "colour": _COLOUR, "licence": _LICENCE, "often": _OFTEN, "code": _CODE}


def kind_of(question: str) -> str:
    """What kind of words would answer."""
    text = question.lower()
    return next((kind for kind, pattern in _KINDS if pattern.search(text)), "other")


def fits(kind: str, span: str) -> float:
    """1 where the span looks like that kind of answer, -1 where it cannot be one, between them what is less sure."""
    number = bool(_NUMBER.search(span))
    if kind in ("number", "amount"):
        return 1.0 if number else -1.0
    if kind == "share":
        return 1.0 if re.search(r"%|per ?cent|half|third|quarter", span) else 0.0 if number else -1.0
    if kind == "port":
        return 1.0 if re.fullmatch(r"\d{2,5}", span) else -1.0
    if kind == "version":
        return 1.0 if re.search(r"\d\.\d|\bv\d", span) else 0.0 if number else -1.0
    if kind in _PATTERNS:
        return 1.0 if _PATTERNS[kind].search(span) else 0.0 if number or kind in ("licence", "code") else -1.0
    if kind in ("time", "year"):
        return _fits_time(kind, span, number)
    if kind == "who":
        if any(letter.isdigit() for letter in span):
            return -1.0
        return 1.0 if span[:1].isupper() else 0.0
    if kind == "where":
        if re.fullmatch(r"[\d\s.,:-]+", span):
            return -1.0
        return 1.0 if re.search(r"[A-Z]", span) else 0.0
    return 0.0


def _fits_time(kind: str, span: str, number: bool) -> float:
    if kind == "year":
        return 1.0 if re.fullmatch(r"[12]\d{3}", span) else 0.3 if re.search(r"\b[12]\d{3}\b", span) else -1.0
    return 1.0 if _DATE.search(span) else 0.0 if number or _TIMES.search(span) else -1.0
