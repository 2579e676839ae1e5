"""C4: the rules of Raffel et al. 2020 (JMLR 21:140, 2.2), which drop lines from a page and then judge what is left.

Lines without end punctuation or with too few words, lines about scripts and policies, and citation marks go; a page
with filler text or a curly bracket in a line that stays, or with fewer than five sentences left, goes as a whole. The
list of bad words that the paper also used is not part of this set.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from octavo.data.quality.verdicts import Verdict

SENTENCES = 5
WORDS_IN_LINE = 3
LONGEST_WORD = 1000
ENDS = (".", "?", "!", '"', "'")
POLICIES = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")

_LONG_WORD = re.compile(rf"\S{{{LONGEST_WORD + 1}}}")
_CITATION = re.compile(r"\[\d*\]|\[edit\]|\[citation needed\]")
_POLICY = re.compile("|".join(POLICIES))
_BORDER = re.compile(r"""[.!?]["')\]”’]*(?:\s+(?=[^\s.!?"')\]”’])|(?<=[a-z][.!?])(?=[A-Z]))""")
"""What may be the end of a sentence that another one follows."""
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'])(?:Mrs?|Ms|Dr|St|Jr|Sr|Prof|Gen|Rep|Sen|Gov|Inc|Ltd|Co|Corp|Messrs|vs|e\.g|i\.e|[ap]\.m|[A-Za-z]"
    r"|[A-Z]\.[A-Z])\.$|\.\.$"
)
"""What a point behind it belongs to, so that it ends no sentence; an ellipsis ends none either."""


@dataclass(frozen=True)
class Cut:
    """A line that was cut from a text: its number (from 1), why, and what it said."""

    line: int
    why: str
    text: str


@dataclass(frozen=True)
class Edited:
    """What the rules leave of a text, and all that they cut from it."""

    text: str
    cut: tuple[Cut, ...]
    citations: int
    """Citation marks taken out of lines that stay."""
    verdict: Verdict | None


def c4(text: str) -> Edited:
    """Apply the rules to one text."""
    cut: list[Cut] = []
    kept: list[str] = []
    sentences = citations = 0
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        words = line.split(None, WORDS_IN_LINE)
        if len(line) > LONGEST_WORD and _LONG_WORD.search(line):
            cut.append(Cut(number, f"a word of more than {LONGEST_WORD} characters", raw))
            continue
        marks = 0
        if "[" in line:
            line, marks = _CITATION.subn("", line)
        why, verdict = _line(line, len(words))
        if verdict is not None:
            return Edited(text, tuple(cut), citations, verdict)
        if why:
            if line:
                cut.append(Cut(number, why, raw))
            continue
        kept.append(line)
        citations += marks
        if sentences < SENTENCES:
            sentences += _sentences(line)
    if sentences < SENTENCES:
        verdict = Verdict("c4: sentences", sentences, f"< {SENTENCES}")
        return Edited(text, tuple(cut), citations, verdict)
    return Edited("\n".join(kept).strip(), tuple(cut), citations, None)


def _sentences(line: str) -> int:
    """How many sentences a line has; an abbreviation ends none."""
    borders = [found.start() + 1 for found in _BORDER.finditer(line)]
    return 1 + sum(not _ABBREVIATION.search(line, max(0, end - 8), end) for end in borders)


def _line(line: str, words: int) -> tuple[str, Verdict | None]:
    """Why a line goes (empty: it stays), or the verdict on the whole page."""
    if not line.endswith(ENDS) or line.endswith("..."):
        return "no end punctuation", None
    if words < WORDS_IN_LINE:
        return f"fewer than {WORDS_IN_LINE} words", None
    lower = line.lower()
    if "lorem ipsum" in lower:
        return "", Verdict("c4: filler text", 1, "> 0")
    if "javascript" in lower:
        return "javascript", None
    if "{" in line:
        return "", Verdict("c4: curly brackets", line.count("{"), "> 0")
    return ("policy" if _POLICY.search(lower) else ""), None
