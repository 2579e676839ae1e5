"""Abstain: how likely it is that the first hit answers the question, from what the hit and the question show."""

from __future__ import annotations

import json
import math
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from octavo.knowledge.answer.retrieve import Found
from octavo.knowledge.index.index import Index
from octavo.knowledge.index.postings import counted
from octavo.knowledge.index.terms import STOP_WORDS, stem
from octavo.knowledge.index.thesaurus import phrasebook, thesaurus

PATH = Path(__file__).with_name("abstain.json")
ELSEWHERE = Path(__file__).with_name("elsewhere.toml")
COVERED = 0.12
"""A group of the question counts as met by a passage from this share of its possible weight on."""
NAMES = (
    "named", "missing", "match", "coverage", "unknown", "worst", "margin", "asked", "phrases", "vocabulary", "foreign",
    "everyday", "private", "person", "python", "content", "short", "popular",
)  # fmt: skip


@dataclass(frozen=True)
class Calibration:
    """Logistic weights by feature name, and the threshold below which a question is declined."""

    bias: float
    weights: dict[str, float]
    threshold: float

    def probability(self, features: dict[str, float]) -> float:
        """The probability that the first hit answers."""
        z = self.bias + sum(weight * features.get(name, 0.0) for name, weight in self.weights.items())
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))


@cache
def calibrations() -> dict[str, Calibration]:
    """The calibrations that come with the package: `objects` for documented code, `files` for running text."""
    data = json.loads(PATH.read_text(encoding="utf-8"))
    return {
        name: Calibration(row["bias"], row["weights"], row["threshold"]) for name, row in data["calibrations"].items()
    }


@cache
def elsewhere() -> dict[str, frozenset[str]]:
    """Words by sort (`foreign`: languages, libraries and tools; `everyday`) that point away from the documents."""
    data = tomllib.loads(ELSEWHERE.read_text(encoding="utf-8"))
    foreign = frozenset((data["languages"] + data["libraries"] + data["tools"]).split())
    return {"foreign": foreign, "everyday": frozenset(data["everyday"].split())}


_PRIVATE = frozenset(
    [
        "our",
        "ours",
        "we",
        "us",
        "my",
        "office",
        "team",
        "company",
        "boss",
        "yesterday",
        "today's",
        "tomorrow",
        "tonight",
    ]
)
_PERSONAL = frozenset(
    [
        "who",
        "whose",
        "whom",
        "where",
        "when",
        "why",
        "should",
        "recommend",
        "opinion",
        "favourite",
        "favorite",
        "best",
        "better",
    ]
)


def features(found: Found, index: Index) -> dict[str, float]:
    """What speaks for and against the first hit; all numbers are around 0 to 1."""
    question = found.question
    values = dict.fromkeys(NAMES, 0.0)
    values["missing"] = float(bool(found.resolution.missing) and not found.named)
    values["short"] = float(not question.content)
    words = set(question.words)
    values["private"] = float(bool(words & _PRIVATE))
    values["person"] = float(bool(words & _PERSONAL))
    values["python"] = float("python" in words)
    values["content"] = min(len(question.content), 12) / 12
    known = [w for w in question.content if thesaurus().knows(stem(w))]
    values["vocabulary"] = len(known) / len(question.content) if question.content else 0.0
    if not found.hits:
        values["unknown"] = values["worst"] = 1.0
        return values
    top = found.hits[0]
    document = index.numbered(top.number)[0]
    held = {*counted(document.id.replace(".", " ")), *counted(document.title), *counted(document.text[:20000])}
    asked = _asked_terms(document.id, document.aliases)
    values["named"] = found.resolution.strength if found.named else 0.0
    values["match"] = min(1.5, top.match)
    values["popular"] = min(1.0, math.log1p(document.uses) / 8)
    if len(found.hits) > 1:
        values["margin"] = max(0.0, min(1.0, top.score - found.hits[1].score))
    _coverage(values, found, asked)
    for sort, lexicon in elsewhere().items():
        outside = [w for w in question.content if w in lexicon and not {stem(w), w} & (held | asked)]
        values[sort] = min(1.0, len(outside) / 2) if sort == "everyday" else float(bool(outside))
    unfamiliar = [w for w in words - STOP_WORDS if w.isalpha() and not index.postings(stem(w))]
    values["person"] += 0.5 * float(any(w.capitalize() in question.text.split()[1:] for w in unfamiliar))
    return values


def _asked_terms(name: str, aliases: tuple[str, ...]) -> frozenset[str]:
    rows = phrasebook()
    return frozenset(term for n in (name, *aliases) if n in rows for term in counted(rows[n]))


def _coverage(values: dict[str, float], found: Found, asked: frozenset[str]) -> None:
    ranking, top = found.ranking, found.hits[0]
    groups = list(zip(found.question.groups, ranking.idf, ranking.found, top.parts or [0.0] * len(ranking.idf)))
    said = [(g, idf, count, part) for g, idf, count, part in groups if g.origin == "word"]
    total = sum(idf for _, idf, _, _ in said) or 1.0
    values["coverage"] = sum(idf * min(1.0, part / 0.5) for _, idf, _, part in said) / total
    values["unknown"] = sum(idf for _, idf, count, _ in said if count == 0) / total
    values["worst"] = max((idf for _, idf, _, part in said if part < COVERED), default=0.0) / 12
    values["asked"] = sum(idf for g, idf, _, _ in said if any(t in asked for t, w in g.terms if w >= 0.7)) / total
    phrases = [part for g, _, _, part in groups if g.origin == "phrase"]
    values["phrases"] = min(1.0, sum(part >= COVERED for part in phrases) / 3)
