"""Verify: whether each sentence of a generated answer is supported by the passages it was generated from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from octavo.knowledge.index.passages import sentences
from octavo.knowledge.index.postings import counted

SUPPORT = 0.75
"""The share of a sentence's terms that one passage must hold."""
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


def verify(answer: str, passages: Sequence[str], names: Sequence[str] = ()) -> Verdict:
    """Check an answer sentence by sentence against `passages`; `names` (ids, signatures) may be said as well.

    A sentence is supported when one passage holds most of its terms, every number and every code-like name, and
    says neither more nor less negation in the sentences it was taken from. This is lexical: it can refuse a good
    paraphrase, and is meant to err on that side.
    """
    checked = unsupported = 0
    first = ("", "")
    known = " ".join(names)
    for start, end in sentences(answer):
        sentence = answer[start:end]
        if not counted(sentence):
            continue
        checked += 1
        reasons = [_fault(sentence, passage, known) for passage in passages] or ["there is no passage"]
        if all(reasons):
            unsupported += 1
            first = first if first[0] else (sentence, min(reasons, key=len))
    if not checked:
        return Verdict(False, 0.0, answer.strip(), "it says nothing")
    return Verdict(not unsupported, 1 - unsupported / checked, *first)


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
