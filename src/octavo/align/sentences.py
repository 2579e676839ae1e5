"""Sentences: what of a document can be asked for and quoted: its first sentence, what it returns, its sections."""

from __future__ import annotations

import re
from collections.abc import Iterator

_END = re.compile(
    r"(?<=[.!?])(?<!e\.g\.)(?<!i\.e\.)(?<!etc\.)(?<!cf\.)(?<!vs\.)[\"')\]]*\s+(?=[A-Z\"'(\[`*])|\n\s*\n|(?<=:)\n"
)
_HEADING = re.compile(
    r"^(?:#{1,6}\s+(?P<marked>.+?)\s*#*|(?P<lined>\S.*)\n(?P<line>[=\-~^\"'*+#])(?P=line){2,})\s*$", re.M
)
_UNDERLINED = re.compile(r"^\S.*\n[-=~]{3,}\s*$", re.M)
"""A heading such as `Returns` over a line: what follows is another sentence, and the heading is none."""
_RETURNED = re.compile(r"^Returns?\n-{3,}\s*$", re.M)
_RETURNS = re.compile(r"\b(?:returns?|yields?|gives?)\b", re.I)
_CODE = re.compile(r"^\s*(?:>>>|\.\.\.|\.\. |::|@|\||\+--|[-=~*]{3,})")

SHORTEST, LONGEST = 12, 240
"""A quotation has at least this many characters (less says nothing) and at most so many (more is not one sentence)."""


def sentences(text: str) -> Iterator[str]:
    """The prose sentences of a text, each on one line; code, tables and markup lines are passed over."""
    for piece in _END.split(_UNDERLINED.sub("\n\n", text)):
        if piece is None or _CODE.match(piece):
            continue
        line = " ".join(piece.split())
        if SHORTEST <= len(line) <= LONGEST and any(c.isalpha() for c in line):
            yield line


def first_sentence(text: str) -> str:
    """The sentence that says what a thing is; empty when the text begins with none."""
    return next(sentences(text[:2000]), "")


def returning_sentence(text: str) -> str:
    """The first sentence that says what comes back; empty when there is none."""
    said = next((s for s in sentences(text[:4000]) if _RETURNS.search(s)), "")
    if not said and (section := _RETURNED.search(text)):
        said = first_sentence(text[section.end() :])
    return said


def sections(text: str) -> list[tuple[str, str]]:
    """(heading, text below it) of Markdown and reStructuredText; headings without text are left out."""
    found = list(_HEADING.finditer(text))
    ends = [match.start() for match in found[1:]] + [len(text)] * bool(found)
    pairs = []
    for match, end in zip(found, ends, strict=True):
        heading = match["marked"] or match["lined"]
        body = text[match.end() : end].strip()
        if body:
            pairs.append((heading.strip(), body))
    return pairs
