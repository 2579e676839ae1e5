"""Verify: whether each sentence of a generated answer is supported by the passages it was generated from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from octavo.knowledge.index.passages import sentences
from octavo.knowledge.index.postings import counted

SUPPORT = 0.75
"""The share of a sentence's terms that one passage must hold."""
MARK = re.compile(r"\s*\[\d{1,6}\]")
"""A citation in a generated text."""
_NUMBERED = re.compile(r"\[(\d{1,6})\]")
_LEADING = re.compile(r"(?:\s*\[\d{1,6}\])+\s*")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)*(?![\w])")
_CODE_NAME = re.compile(r"[A-Za-z_]\w*(?:\.\w+)+|\b\w+_\w+\b|\b[A-Z]\w*[A-Z]\w*\b|`[^`]+`")
_NEGATION = re.compile(r"\b(?:not|never|no|none|cannot|without|neither|nor|n't|unless|except)\b|n't\b", re.I)


@dataclass(frozen=True)
class Verdict:
    """Whether an answer is supported; if not, the first sentence that is not and why."""

    supported: bool
    share: float
    """The share of sentences that are supported."""
    sentence: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Checked:
    """A sentence of an answer, without its marks, and the passages that support it; none when `reason` says why not."""

    text: str
    passages: tuple[int, ...]
    """Positions in what was given."""
    reason: str = ""


def check(answer: str, passages: Sequence[str], names: Sequence[str] = ()) -> list[Checked]:
    """Check each sentence of an answer against the passages that it cites (`[1]` is the first), or when it cites none
    against each of them; `names` (ids, signatures; of each passage, or of all) may be said as well. What says nothing
    is left out.

    A sentence is supported when one passage holds most of its terms, every number and every code-like name, and
    says neither more nor less negation in the sentences it was taken from. This is lexical: it can refuse a good
    paraphrase, and is meant to err on that side.
    """
    found = []
    own = names if len(names) == len(passages) else [" ".join(names)] * len(passages)
    for sentence, cited in _cited(answer):
        if not counted(sentence):
            continue
        outside = [number for number in cited if not 1 <= number <= len(passages)]
        if outside:
            found.append(Checked(sentence, (), f"it cites [{outside[0]}], which was not given"))
            continue
        looked = [number - 1 for number in cited] or list(range(len(passages)))
        faults = {i: _fault(sentence, passages[i], own[i]) for i in looked}
        support = tuple(i for i, fault in faults.items() if not fault)
        reason = "" if support else min(faults.values(), key=len, default="there is no passage")
        found.append(Checked(sentence, support, reason))
    return found


def _cited(answer: str) -> list[tuple[str, list[int]]]:
    """Sentences without their marks, and the numbers in the marks; one between two sentences is the first one's."""
    found: list[tuple[str, list[int]]] = []
    for start, end in sentences(answer):
        piece = answer[start:end]
        leading = _LEADING.match(piece)
        if leading and found:
            found[-1][1].extend(int(number) for number in _NUMBERED.findall(leading[0]))
            piece = piece[leading.end() :]
        cited = [int(number) for number in _NUMBERED.findall(piece)]
        text = MARK.sub("", piece).strip()
        if text:
            found.append((text, cited))
    return found


def verify(answer: str, passages: Sequence[str], names: Sequence[str] = ()) -> Verdict:
    """Whether every sentence of an answer is supported, as `check` has it."""
    checked = check(answer, passages, names)
    if not checked:
        return Verdict(False, 0.0, answer.strip(), "it says nothing")
    bad = [one for one in checked if one.reason]
    first = (bad[0].text, bad[0].reason) if bad else ("", "")
    return Verdict(not bad, 1 - len(bad) / len(checked), *first)


def _fault(sentence: str, passage: str, known: str) -> str:
    terms = set(counted(sentence))
    held = set(counted(passage)) | set(counted(known))
    missing = sorted(terms - held)
    whole = f"{passage} {known}"
    for pattern, what in ((_NUMBER, "number"), (_CODE_NAME, "name")):
        for found in pattern.findall(sentence):
            if found.strip("`") not in whole:
                return f"the {what} {found} is not in the passage"
    if len(missing) > (1 - SUPPORT) * len(terms):
        return f"the passage does not speak of {', '.join(missing[:3])}"
    near = [passage[a:b] for a, b in sentences(passage)] or [passage]
    overlap = max(len(terms & set(counted(s))) for s in near)
    closest = [s for s in near if len(terms & set(counted(s))) == overlap]
    if bool(_NEGATION.search(sentence)) not in {bool(_NEGATION.search(s)) for s in closest}:
        return "it negates what the passage says, or leaves a negation out"
    return ""
