"""Facts: what held from when to when, with the place that says so; of what is single-valued the newer closes the older.

Which fact closes which is worked out when it is asked, from the facts that are visible: when the newer one is
deleted, the older one holds again. Nothing is ever closed because it is similar.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from octavo.knowledge.graph.text.extract import MONTHS, Mention
from octavo.knowledge.graph.text.keys import key_of

if TYPE_CHECKING:
    from octavo.kinds.documents import Document
    from octavo.knowledge.index.view import View

FUNCTIONAL = frozenset(("born", "died", "founded", "capital", "population", "ceo", "head", "version", "status"))
"""Relations that have one object at a time for each subject, known beforehand; others are learnt or stated."""
ENOUGH = 5
"""Subjects with several dated facts from which it is learnt that a relation is single-valued."""
_MONTH_NUMBER = {name: number for number, name in enumerate(MONTHS, 1)}
_MONTHS = "|".join(month.capitalize() for month in MONTHS)
_DATE = rf"(?:[0-9]{{1,2}} (?:{_MONTHS}) |(?:{_MONTHS}) (?:[0-9]{{1,2}}, )?)?(?:1[0-9]|20)[0-9]{{2}}"
_ROLE = (
    r"\b(?:is|was|as|became|served as|has been) (?:the |an? )?(?P<role>[a-z][a-z \-]{2,30}?)(?: of| at) (?:the )?"
    rf"(?P<of>[A-Z][\w.\- ]{{1,40}}?) (?:from|since) (?P<since>{_DATE})(?: (?:to|until|till) (?P<until>{_DATE}))?"
)
_PATTERNS = (
    ("born", re.compile(rf"\b(?:[Bb]orn|b\.) (?:on )?(?P<since>{_DATE})")),
    ("died", re.compile(rf"\b(?:[Dd]ied|d\.) (?:on |in )?(?P<since>{_DATE})")),
    ("founded", re.compile(rf"\b(?:founded|established|formed|launched) (?:on |in )(?P<since>{_DATE})")),
    ("", re.compile(_ROLE)),
)


class Fact(NamedTuple):
    """A fact as stored: keys and texts, ISO dates ("" when open), the place in the document, and what found it."""

    subject: str
    relation: str
    object: str
    since: str
    until: str
    start: int
    end: int
    origin: str


@dataclass(frozen=True)
class Held:
    """A fact as it is seen: with the passage that says it and, when a newer one ended it, which."""

    number: int
    passage: int
    subject: str
    relation: str
    object: str
    since: str
    until: str
    start: int
    end: int
    closed_by: int = 0
    """Number of the fact that began when this one ended; 0 for none."""


def iso(date: str) -> str:
    """`5 May 1999`, `May 1999`, `1999-05-05`, `1999` → as much of an ISO 8601 date as is said; "" for no date."""
    date = date.strip()
    if re.fullmatch(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?(T.*)?", date):
        return date.partition("T")[0]
    parts = re.findall(r"[A-Za-z]+|[0-9]+", date)
    year = next((part for part in parts if len(part) == 4 and part.isdigit()), "")
    month = next((_MONTH_NUMBER[p.lower()] for p in parts if p.lower() in _MONTH_NUMBER), 0)
    day = next((int(part) for part in parts if part.isdigit() and len(part) < 3), 0)
    if not year:
        return ""
    return year + (f"-{month:02d}" if month else "") + (f"-{day:02d}" if month and 0 < day < 32 else "")


def facts_of_text(text: str, found: Sequence[Mention], subject: str, offset: int) -> list[Fact]:
    """Dated facts that a passage states in a few plain forms, about whom its sentence names first (or its subject)."""
    facts = []
    for relation, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            groups = match.groupdict()
            about, place = _about(text, found, match.start(), subject), (offset + match.start(), offset + match.end())
            since = iso(groups["since"])
            if relation:
                facts.append(Fact(key_of(about), relation, since, since, "", *place, "text"))
            elif about:
                until = iso(groups["until"] or "")
                role = f"{groups['role'].strip()} of"
                facts.append(Fact(key_of(groups["of"]), role, about, since, until, *place, "text"))
    return facts


def _about(text: str, found: Sequence[Mention], at: int, subject: str) -> str:
    """The first name before `at` in its sentence, else the subject of the document."""
    begin = max(text.rfind(". ", 0, at), text.rfind("\n", 0, at)) + 1
    named = (m for m in found if begin <= m.start and m.end <= at and m.kind in ("name", "known") and not m.part)
    first = next(named, None)
    if first is None:
        return subject
    return subject if set(first.key.split()) <= set(key_of(subject).split()) else first.name


def facts_of_fields(document: Document, extra: Mapping[str, Any]) -> list[Fact]:
    """The rows of a field `facts` ({"subject", "relation", "object", "from", "until"}, the first and the dates may
    be absent), and each single value of a dated record as a fact from that date on."""
    from octavo.knowledge.graph.fields import LONGEST_VALUE, PASSED_OVER, subject_of

    subject, dated = subject_of(document), iso(document.date)
    found = []
    given = extra.get("facts")
    for row in given if isinstance(given, list) else []:
        if isinstance(row, Mapping) and all(isinstance(row.get(n), str) for n in ("relation", "object")):
            about = row.get("subject") if isinstance(row.get("subject"), str) else subject
            since, until = (iso(str(row.get(name) or "")) for name in ("from", "until"))
            found.append(Fact(key_of(str(about)), row["relation"], row["object"], since or dated, until, 0, 0, "field"))
    for relation in sorted(extra) if dated else ():
        value = extra[relation]
        if relation in PASSED_OVER or isinstance(value, bool) or not isinstance(value, str | int | float):
            continue
        if 0 < len(str(value)) <= LONGEST_VALUE:
            found.append(Fact(key_of(subject), relation, str(value), dated, "", 0, 0, "field"))
    return found


def learnt(facts: Iterable[Held]) -> frozenset[str]:
    """Relations that the facts themselves show to be single-valued: of at least `ENOUGH` subjects with several dated
    objects, none has two that begin on one day or whose stated times overlap."""
    groups: dict[tuple[str, str], list[Held]] = defaultdict(list)
    for fact in facts:
        if fact.since:
            groups[fact.relation, fact.subject].append(fact)
    several: dict[str, int] = defaultdict(int)
    broken: set[str] = set()
    for (relation, _), held in groups.items():
        held.sort(key=lambda f: (f.since, f.number))
        if len({f.object for f in held}) < 2:
            continue
        several[relation] += 1
        for old, new in pairwise(held):
            if old.object != new.object and (old.since == new.since or (old.until and new.since < old.until)):
                broken.add(relation)
    return frozenset(relation for relation, count in several.items() if count >= ENOUGH and relation not in broken)


def closed(facts: Sequence[Held], functional: frozenset[str]) -> list[Held]:
    """The facts with their ends: of one subject and one functional relation each ends when the next object begins.

    What states no beginning closes nothing and is not closed; objects that begin on one day contradict each other
    and both stay.
    """
    groups: dict[tuple[str, str], list[Held]] = defaultdict(list)
    for fact in facts:
        if fact.relation in functional and fact.since:
            groups[fact.subject, fact.relation].append(fact)
    ends: dict[int, Held | None] = {}
    for held in groups.values():
        held.sort(key=lambda f: (f.since, f.number))
        later: list[Held] = []
        for _, same_day in reversed([(day, list(rows)) for day, rows in groupby(held, key=lambda f: f.since)]):
            for fact in same_day:
                other = next((f for f in later if f.object != fact.object), None)
                ends[fact.number] = other or (ends[later[0].number] if later else None)
            later = same_day
    return [_ended(fact, ends.get(fact.number)) for fact in facts]


def _ended(fact: Held, newer: Held | None) -> Held:
    if newer is None or (fact.until and fact.until <= newer.since):
        return fact
    return replace(fact, until=newer.since, closed_by=newer.number)


def facts(view: View, subject: str | None = None, *, at: str = "", functional: Iterable[str] = ()) -> list[Held]:
    """The facts that a view sees, of one subject or all, in the order of their numbers, with their ends.

    `at` (an ISO date) leaves those that held then. `functional` are relations stated to be single-valued, beside
    `FUNCTIONAL` and those learnt from all facts of the view.
    """
    query = "SELECT number, passage, subject, relation, object, since, until, start, end FROM graph_facts"
    c = view.index.connection
    every = view.cached("graph facts", lambda: _visible(view, c.execute(query + " ORDER BY number")))
    known = view.cached("graph functional", lambda: learnt(every)) | FUNCTIONAL | frozenset(functional)
    wanted = every if subject is None else [fact for fact in every if fact.subject == key_of(subject)]
    held = closed(wanted, known)
    return [f for f in held if not at or ((not f.since or f.since <= at) and (not f.until or at < f.until))]


def _visible(view: View, rows: Iterable[tuple[Any, ...]]) -> list[Held]:
    return [Held(*row) for row in rows if row[1] < len(view) and view.visible[row[1]]]
