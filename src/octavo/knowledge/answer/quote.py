"""Quote: which span of a document answers a question, given what the question asks about it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from octavo.kinds.answer import Citation
from octavo.kinds.documents import Document
from octavo.knowledge.answer.question import Question
from octavo.knowledge.index.passages import sentences
from octavo.knowledge.index.postings import counted

LONGEST = 600
"""A quotation is at most about this many characters long."""
SUMMARY = 320

_SECTION = re.compile(
    r"^[ \t]*(?P<name>Returns?|Yields?|Parameters?|Other Parameters|Args|Arguments|Keyword Args|Raises|Exceptions?|"
    r"Examples?|Usage|Notes?|See Also|References|Warnings?|Attributes|Methods|Warns|Todo|Explanation|Shape|"
    r"Inputs?|Outputs?)(?::[ \t]*$|[ \t]*\n[ \t]*[-=~]{3,}[ \t]*$)|"
    r"^[ \t]*:(?P<field>returns?|rtype|param|parameter|raises)\b",
    re.M | re.I,
)
_ASKS = (
    (
        re.compile(r"\b(?:returns?|returned|give[s]? back|output|result|yields?)\b", re.I),
        ("return", "returns", "yields", "yield", "outputs"),
    ),
    (
        re.compile(r"\b(?:parameters?|arguments?|args|accepts?|takes?|options?|keywords?|signature)\b", re.I),
        ("parameters", "parameter", "args", "arguments", "param", "keyword args", "other parameters"),
    ),
    (re.compile(r"\b(?:raises?|raised|throws?|exceptions?|errors?)\b", re.I), ("raises", "exceptions", "exception")),
    (re.compile(r"\b(?:examples?|usage|how to use|demo)\b", re.I), ("examples", "example", "usage")),
)
_SENTENCE_ABOUT = (
    re.compile(r"\b(?:returns?|yields?)\b", re.I),
    re.compile(r"\b(?:parameters?|arguments?|if \w+ is)\b", re.I),
    re.compile(r"\braise[sd]?\b|\b\w+Error\b"),
    re.compile(r">>>|e\.g\.|for example", re.I),
)


@dataclass(frozen=True)
class Section:
    """A named part of a docstring: characters `start` to `end`, its heading included."""

    name: str
    start: int
    end: int


def sections(text: str) -> list[Section]:
    """The sections of a docstring in NumPy, Google or field-list style."""
    marks = [(m.start(), (m["name"] or m["field"]).lower()) for m in _SECTION.finditer(text)]
    ends = [start for start, _ in marks[1:]] + [len(text)]
    return [Section(name, start, end) for (start, name), end in zip(marks, ends)]


def span(document: Document, question: Question, passage: tuple[int, int]) -> tuple[int, int]:
    """Start and end of the characters of `document.text` to quote; `passage` is where the words were found.

    Of documented objects the section that is asked for (what it returns, its parameters, what it raises), else the
    summary; of running text the sentences of the passage that have most to do with the question.
    """
    text = document.text
    if document.kind in ("file", "topic"):
        return _sentences_about(text, question, *passage)
    for number, (asks, names) in enumerate(_ASKS):
        if not asks.search(_without_names(question)):
            continue
        named = _parameter(document, question) if number == 1 else None
        if named:
            return named
        for section in sections(text):
            if section.name in names:
                return _tight(text, section.start, min(section.end, section.start + LONGEST * 2))
        for start, end in sentences(text, 0, min(len(text), 4000)):
            if _SENTENCE_ABOUT[number].search(text, start, end):
                return start, min(end, start + LONGEST)
        break
    return _parameter(document, question) or summary(text)


def _without_names(question: Question) -> str:
    text = question.text
    for mention in question.mentions:
        text = text.replace(mention.name, " ")
    return text


def _parameter(document: Document, question: Question) -> tuple[int, int] | None:
    """The sentence about a parameter that the question names."""
    last = document.id.rpartition(".")[2].lower()
    own = {p for p in re.findall(r"[(,]\s*\*{0,2}([A-Za-z_]\w*)", document.signature) if "_" in p or len(p) > 3}
    for name in sorted(own):
        if name.lower() in question.words and name.lower() != last:
            pattern = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
            for start, end in sentences(document.text):
                if pattern.search(document.text, start, end):
                    return start, min(end, start + LONGEST)
    return None


def summary(text: str) -> tuple[int, int]:
    """The first sentences; a first paragraph that only shows how to call goes together with what follows."""
    found = list(sentences(text, 0, min(len(text), 2000)))
    if not found:
        return _tight(text, 0, min(len(text), SUMMARY))
    start, end = found[0]
    if end - start > LONGEST:
        return _tight(text, start, start + LONGEST)
    for begin, stop in found[1:]:
        enough = end - start >= 60 and "->" not in text[start:end] and not text[start:end].rstrip().endswith(")")
        if (enough and "\n\n" in text[end:begin]) or stop - start > SUMMARY or _SECTION.match(text, begin):
            break
        end = stop
    return start, end


def _sentences_about(text: str, question: Question, start: int, end: int) -> tuple[int, int]:
    """The run of neighbouring sentences, at most `LONGEST` characters, that holds most of the question's terms."""
    found = list(sentences(text, start, end))
    if not found:
        return _tight(text, start, end)
    wanted = {term: weight * group.weight for group in reversed(question.groups) for term, weight in group.terms}
    held = [set(counted(text[a:b])) & wanted.keys() for a, b in found]
    best, best_value = found[0], -1.0
    for first in range(len(found)):
        terms: set[str] = set()
        for last in range(first, len(found)):
            if last > first and found[last][1] - found[first][0] > LONGEST:
                break
            terms |= held[last]
            value = sum(wanted[term] for term in sorted(terms)) - 0.05 * (last - first)
            if value > best_value + 1e-9:
                best, best_value = (found[first][0], found[last][1]), value
    begin, stop = best
    if stop - begin > LONGEST:
        return _tight(text, begin, begin + LONGEST)
    for a, b in found:  # a short sentence is hard to read alone: take what follows with it
        if a >= stop and b - begin <= SUMMARY:
            stop = b
    return begin, stop


def _tight(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without white space at its ends, cut at a line or a space when it is longer than `LONGEST`."""
    if end - start > LONGEST:
        cut = max(
            text.rfind("\n", start + LONGEST // 2, start + LONGEST),
            text.rfind(" ", start + LONGEST // 2, start + LONGEST),
        )
        end = cut if cut > start else start + LONGEST
    piece = text[start:end]
    if not piece.strip():
        return start, start
    return start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())


def cite(document: Document, start: int, end: int) -> Citation:
    """The citation of a span; its text is exactly what the document holds there."""
    return Citation(document.id, start, end, document.text[start:end])
