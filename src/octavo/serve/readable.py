"""Readable: an answer as lines for a terminal, with numbered citations."""

from __future__ import annotations

import re
from collections.abc import Callable

from octavo.kinds.answer import Answer, Citation
from octavo.kinds.documents import Document

LONGEST_QUOTE = 240
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Characters that could steer a terminal; documents may hold them."""

Lookup = Callable[[str], Document | None]


def plain(text: str) -> str:
    """The text with control characters made visible as `�`."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def as_lines(answer: Answer, lookup: Lookup) -> list[str]:
    """The answer, then what it rests on or why it was declined."""
    return [*plain(answer.answer).split("\n"), *below(answer, lookup)]


def below(answer: Answer, lookup: Lookup) -> list[str]:
    """What stands below an answer: `[1] document, characters, source` and the quoted text, or the reason."""
    if answer.declined:
        told = not answer.reason or answer.reason in answer.answer
        return ["", "    declined" if told else f"    declined: {plain(answer.reason)}"]
    lines = [""]
    for number, citation in enumerate(answer.citations, 1):
        lines += _cited(number, citation, lookup(citation.document))
    return lines


def _cited(number: int, citation: Citation, document: Document | None) -> list[str]:
    head = f"[{number}] {plain(citation.document)}  characters {citation.start}–{citation.end}"
    if document is not None and (source := source_of(document)):
        head += f"  ({plain(source)})"
    quote = plain(" ".join(citation.text.split()))
    if len(quote) > LONGEST_QUOTE:
        quote = f"{quote[:LONGEST_QUOTE].rstrip()} …"
    return [head, f"    “{quote}”"]


def source_of(document: Document) -> str:
    """`package version, file:line`, as far as it is known."""
    package = f"{document.package} {document.version}".strip()
    file = f"{document.file}:{document.line}" if document.file and document.line else document.file
    return ", ".join(part for part in (package, "" if file == document.id else file) if part)
