"""Evidence: what speaks for a span besides the model: words and names shared with the question, the kind of answer.

A small model is surer of what kind of words answer a question than of whom the question is about; names are plain to
see. A few weights, fitted on made items (`octavo.apps.seed.calibrate`), put both together.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from octavo.model.reading.kinds import fits, kind_of

_WORD = re.compile(r"[^\W_]+(?:[._@/:+-][^\W_]+)*")
_SENTENCE = re.compile(r"(?<=[.!?;])\s+(?=[\"“'(\[]?[A-Z0-9])")
_STOP_WORDS = (
    "a according an and any are as at be been being but by call called can could did do does far for from had has "
    "have he her high his how i in into is it its long many me much name no not now of often old on one or "
    "passage passages please say she so some such tall tell than that the their then there these they this those "
    "to today was we were what when where which who whom whose why will with would you "
)
_STOP = frozenset(_STOP_WORDS.split())
_SMALLEST_WORDS = (
    "a according an and any are as at be been but by can could did do does for from had has have he her his how i "
    "in into is it its many me much not of on one or passage passages please say she so some such tell than that "
    "the their then there these they this those to was we were what where which who whom whose will with would "
    "you "
)
_SMALLEST = frozenset(_SMALLEST_WORDS.split())
_YEAR = re.compile(r"\b(1[5-9]\d\d|20\d\d)\b")
_PRESENT = re.compile(
    r"\b(?:now|today|current|currently|present|presently|latest|newest|recent|nowadays)\b|\b(?:is|are|does|do|has)\b",
    re.IGNORECASE,
)
_FORMERLY = re.compile(r"\b(?:until|formerly|previously|used to|before)\b", re.IGNORECASE)
_WHICH = re.compile(r"\b(?:which|what)(?: (?:kind|sort|type) of)? ([a-z-]+(?: [a-z-]+)?)", re.IGNORECASE)
_CLAUSE = re.compile(r"[,;:()–—]\s|\s[(–—]|\b(?:and|but|while|whereas|which|who|then|before|after)\b|[.!?]\s")
_BEFORE = re.compile(r"([\w'’.-]*\w) $")
_AFTER = re.compile(r" ([\w'’-]+)")
_PRONOUNS_WORDS = "he her him his i it its one she that their them these they this those we which who you "
PRONOUNS = frozenset(_PRONOUNS_WORDS.split())
_LINKS_WORDS = (
    "about after against ago also among became because before began behind beside between came during ended gave "
    "he it later lies lives made near not now only opened over said says she since stands still that they through "
    "today together took under until went when where which while who whose within without works "
)
_LINKS = frozenset(_LINKS_WORDS.split())
NAMES = (
    "number", "words", "passage", "sentence", "names in passage", "names in sentence", "repeats", "kind", "length",
    "near", "last names", "akin", "akin near", "akin in passage", "cut left", "cut right", "pronoun", "figures",
    "recent", "clause", "head",
)  # fmt: skip
"""What is known of a span, in the order of the weights."""


@dataclass(frozen=True)
class Asked:
    """What is looked for: content words with their weight, names among them, the kind of answer."""

    words: dict[str, float]
    names: frozenset[str]
    kind: str
    akin: tuple[frozenset[str], ...]
    """For each word of the question that is no name: the words that state the same."""
    figures: frozenset[str] = frozenset()
    """Its numbers."""
    head: frozenset[str] = frozenset()
    """What the noun after "which" means."""
    newest: int = 0
    """The newest year in the passages, when the present is asked for; else 0."""


@cache
def stem(word: str) -> str:
    """The beginning of a word, without the endings of English."""
    word = word.lower()
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) > 3:
            word = word[: -len(ending)]
            break
    return word[:6] if word.isalpha() else word


def stems(text: str) -> list[str]:
    """The words of a text as stems, in order."""
    return [stem(word) for word in _WORD.findall(text)]


@cache
def akin() -> dict[str, frozenset[str]]:
    """For each stem those that ask for or state the same thing, itself included (`akin.txt`)."""
    found: dict[str, set[str]] = {}
    for line in (Path(__file__).parent / "akin.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            group = {stem(word) for word in line.split()}
            for one in group:
                found.setdefault(one, set()).update(group)
    return {one: frozenset(group) for one, group in found.items()}


def asked(question: str, texts: Sequence[str]) -> Asked:
    """The question in the light of the passages: a word that stands in all of them says less."""
    found = [word for word in _WORD.findall(question) if word.lower() not in _STOP]
    spread = Counter(one for text in texts for one in set(stems(text)))
    words = {stem(word): math.log(1.5 + len(texts)) - 0.6 * math.log(1 + spread[stem(word)]) for word in found}
    begins = _WORD.match(question)
    names = frozenset(
        stem(word)
        for word in found
        if (word[0].isupper() and (begins is None or word != begins.group())) or not word.isalpha()
    )
    plain = dict.fromkeys(stem(word) for word in _WORD.findall(question) if word.lower() not in _SMALLEST)
    meant = tuple(akin().get(one, frozenset((one,))) for one in plain if one not in names)
    figures = frozenset(one for one in names if any(letter.isdigit() for letter in one))
    years = [int(year) for text in texts for year in _YEAR.findall(text)]
    present = not figures and _PRESENT.search(question)
    newest = max(years, default=0) if present else 0
    return Asked(words, names, kind_of(question), meant, figures, _head(question), newest)


def _head(question: str) -> frozenset[str]:
    """What the noun after "which" or "what" means, in all words that state it; nothing for other questions."""
    found = _WHICH.search(question)
    nouns = [] if found is None else [word for word in found.group(1).lower().split() if word not in _SMALLEST]
    return frozenset(other for word in nouns for other in akin().get(stem(word), frozenset((stem(word),))))


class Page:
    """A piece of text, cut into sentences, ready to be asked about many spans."""

    def __init__(self, text: str, looked_for: Asked) -> None:
        self.text, self.looked_for = text, looked_for
        cuts = [0, *(match.end() for match in _SENTENCE.finditer(text)), len(text)]
        self.sentences = list(pairwise(cuts))
        self.clauses = [match.start() for match in _CLAUSE.finditer(text)]
        self.words = set(stems(text))
        self.total = sum(looked_for.words.values()) or 1.0
        self.akin_places = [
            [match.start() for match in _WORD.finditer(text) if stem(match.group()) in group]
            for group in looked_for.akin
        ]
        self.places = [match.start() for match in _WORD.finditer(text) if stem(match.group()) in looked_for.words]

    def covered(self, words: set[str]) -> float:
        """Share of the question's weight that these words hold."""
        return sum(weight for word, weight in self.looked_for.words.items() if word in words) / self.total

    def named(self, words: set[str]) -> float:
        """Share of the question's names that are among these words; 0.5 when it has none."""
        names = self.looked_for.names
        return len(names & words) / len(names) if names else 0.5

    def features(self, start: int, end: int, number: float, score: float) -> list[float]:
        """What is known of the span from `start` to `end`, in the order of `NAMES`; `number` and `score` are the
        model's logarithms for the passage and for the words in it."""
        first, last = next((one for one in self.sentences if one[0] <= start < one[1]), (0, len(self.text)))
        around = set(stems(self.text[first:start] + " " + self.text[end:last]))
        before = set(stems(self.text[:last]))
        span = self.text[start:end]
        mine = stems(span)
        near = min((abs(place - start) for place in self.places if not start <= place < end), default=400)
        return [
            max(number, -12.0),
            max(score, -24.0),
            self.covered(self.words),
            self.covered(around),
            self.named(self.words),
            self.named(around),
            sum(one in self.looked_for.words for one in mine) / max(1, len(mine)),
            fits(self.looked_for.kind, span),
            math.log(1 + len(mine)),
            math.exp(-near / 40),
            self.named(before),
            *self.meant(start, end, first, last),
            *self.edges(start, end),
            float(span.lower() in PRONOUNS),
            self.figured(first, last),
            self.recent(first, last),
            self.in_clause(start, end),
            self.headed(start, end),
        ]

    def in_clause(self, start: int, end: int) -> float:
        """How much of what is asked, names apart, is stated in the clause that the span stands in."""
        if not self.akin_places:
            return 0.5
        left = max((cut for cut in self.clauses if cut <= start), default=0)
        right = min((cut for cut in self.clauses if cut >= end), default=len(self.text))
        stated = sum(any(left <= at < right and not start <= at < end for at in places) for places in self.akin_places)
        return stated / len(self.akin_places)

    def headed(self, start: int, end: int) -> float:
        """Whether the noun that is asked for stands in the span or beside it."""
        head = self.looked_for.head
        if not head:
            return 0.0
        beside = stems(self.text[max(0, start - 30) : start])[-3:] + stems(self.text[end : end + 25])[:2]
        return 1.0 if head & {*beside, *stems(self.text[start:end])} else -0.5

    def edges(self, start: int, end: int) -> tuple[float, float]:
        """Whether the words before and after look as if they belonged to the span: the rest of a name, a noun after
        its adjective, a unit after its number."""
        before, after = _BEFORE.search(self.text[max(0, start - 40) : start]), _AFTER.match(self.text[end : end + 40])
        left = right = 0.0
        if before is not None and self.text[start].isupper() and before.group(1)[0].isupper():
            left = 1.0 if before.start(1) > 0 and self.text[max(0, start - 40) + before.start(1) - 1] == " " else 0.5
        if after is not None and after.group(1).lower() not in _SMALLEST | _LINKS:
            tail = self.text[start:end].rsplit(" ", 1)[-1]
            right = 1.0 if not after.group(1)[0].isupper() or tail[:1].isupper() else 0.5
        return left, right

    def figured(self, first: int, last: int) -> float:
        """Share of the question's numbers that stand in the sentence; 0.5 when it has none."""
        figures = self.looked_for.figures
        if not figures:
            return 0.5
        return len(figures & set(stems(self.text[first:last]))) / len(figures)

    def recent(self, first: int, last: int) -> float:
        """When the present is asked for: 1 in the sentence of the newest year, -1 in one of an older year."""
        if not self.looked_for.newest:
            return 0.0
        years = [int(year) for year in _YEAR.findall(self.text[first:last])]
        if _FORMERLY.search(self.text[first:last]):
            return -1.0
        if not years:
            return 0.0
        return 1.0 if max(years) >= self.looked_for.newest else -1.0

    def meant(self, start: int, end: int, first: int, last: int) -> tuple[float, float, float]:
        """How much of what is asked, names apart, is stated in the sentence, how near to the span, and anywhere."""
        groups = self.akin_places
        if not groups:
            return 0.5, 0.0, 0.5
        inside = [[at for at in places if first <= at < last and not start <= at < end] for places in groups]
        near = [math.exp(-min(abs(at - start) for at in places) / 30) for places in inside if places]
        found = sum(any(not start <= at < end for at in places) for places in groups)
        return len(near) / len(groups), max(near, default=0.0), found / len(groups)


def coverage(pages: Sequence[Page]) -> tuple[float, float]:
    """How much of the question, and of its names, the best piece holds: little speaks for a refusal."""
    if not pages:
        return 0.0, 0.0
    return max(page.covered(page.words) for page in pages), max(page.named(page.words) for page in pages)
