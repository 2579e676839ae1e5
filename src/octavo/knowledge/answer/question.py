"""Question: what was asked, as weighted groups of terms, with the code-like names and the sort of thing wanted."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from octavo.knowledge.index.terms import STOP_WORDS, TOKEN, pieces, stem, words
from octavo.knowledge.index.thesaurus import LONGEST_GAP, Phrase, thesaurus

META = frozenset(
    stem(word)
    for word in [
        "function",
        "method",
        "class",
        "module",
        "package",
        "library",
        "python",
        "object",
        "code",
        "program",
        "script",
        "standard",
        "builtin",
        "return",
        "returns",
        "value",
        "parameter",
        "argument",
        "default",
        "mean",
        "means",
        "meaning",
        "work",
        "works",
        "purpose",
        "example",
        "explain",
        "describe",
        "tell",
        "know",
        "difference",
        "happen",
        "signature",
        "definition",
        "define",
        "call",
        "usage",
        "syntax",
        "keyword",
        "accept",
        "take",
        "kind",
        "type",
        "call",
        "find",
        "easy",
        "easily",
        "best",
        "simple",
        "simply",
        "quick",
        "quickly",
        "possible",
        "possibility",
        "able",
        "recommended",
        "proper",
        "properly",
        "correct",
        "correctly",
        "good",
        "right",
        "certain",
        "given",
        "specific",
        "different",
        "whole",
        "way",
        "ways",
        "thing",
        "things",
        "help",
        "show",
        "several",
        "many",
        "multiple",
        "various",
    ]
)
"""Words of questions about programs that say little about the topic: they count less."""

_WANTED = (
    (
        "class",
        re.compile(r"\b(?:which|what|a|the|is there a) (?:\w+ )?(?:class|type|object|container|exception)\b", re.I),
    ),
    ("module", re.compile(r"\b(?:which|what|a|the) (?:\w+ )?(?:module|package|library)\b", re.I)),
    (
        "callable",
        re.compile(r"\bhow (?:do|can|could|should|would|to)\b|\b(?:which|what) (?:function|method|call)\b", re.I),
    ),
)
_CODE = re.compile(
    r"`(?P<tick>[^`\n]+)`|(?P<dotted>(?<![\w/.@-])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)|(?P<call>\b[A-Za-z_]\w*)\(\s*[^)]{0,60}\)|"
    r"(?P<snake>(?<![\w/.-])(?:_*[A-Za-z0-9]+_\w+|__\w+__)\b)|(?P<camel>\b(?:[A-Z][a-z0-9]+){2,}[A-Z]?\b|\b[A-Z]{2,}[a-z]\w+\b)"
)
_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_FILE_ENDINGS = frozenset(
    [
        "py",
        "toml",
        "ini",
        "cfg",
        "json",
        "txt",
        "md",
        "rst",
        "csv",
        "xml",
        "html",
        "yaml",
        "yml",
        "zip",
        "gz",
        "tar",
        "log",
        "com",
        "org",
        "net",
        "io",
        "js",
        "ts",
        "exe",
        "pdf",
        "png",
        "jpg",
        "jpeg",
        "docx",
        "xlsx",
        "conf",
        "lock",
        "sh",
        "g",
        "e",
    ]
)


@dataclass(frozen=True)
class Group:
    """One thing that is asked for: the terms that may stand for it, each with a weight; `weight` is its own."""

    said: str
    terms: tuple[tuple[str, float], ...]
    weight: float
    origin: str
    """word, or phrase for what the thesaurus made of several words."""


@dataclass(frozen=True)
class Mention:
    """A piece of the question that looks like a name in code; `form` is tick, dotted, call, snake or camel."""

    name: str
    form: str


@dataclass(frozen=True)
class Question:
    """An analysed question."""

    text: str
    words: tuple[str, ...]
    content: tuple[str, ...]
    """The words that are neither stop words nor about programs in general."""
    groups: tuple[Group, ...]
    mentions: tuple[Mention, ...]
    wanted: str = ""
    """class, module, callable or nothing."""
    phrases: tuple[Phrase, ...] = field(default=())


@dataclass(frozen=True)
class Expansion:
    """How much the thesaurus' words count beside those of the question."""

    synonym: float = 0.4
    phrase: float = 0.9
    phrase_term: float = 0.6
    meta: float = 0.25


def analyse(text: str, expansion: Expansion | None = None) -> Question:
    """Analyse a question in natural language or a few search words."""
    weights = expansion or Expansion()
    text = text.strip()[:4000]
    mentions = tuple(dict.fromkeys(_mentions(text)))
    said = words(text)
    content = tuple(w for w in said if w not in STOP_WORDS and stem(w) not in META)
    found, _ = _phrases([stem(word) for word in said])
    groups = [*_word_groups(text, weights), *_phrase_groups(found, weights)]
    wanted = next((kind for kind, pattern in _WANTED if pattern.search(text)), "")
    return Question(text, tuple(said), content, tuple(groups), mentions, wanted, tuple(found))


def _mentions(text: str) -> list[Mention]:
    mentions = []
    for match in _CODE.finditer(text):
        form = match.lastgroup or ""
        raw = match[form]
        name = _NAME.search(raw)
        if name is None:
            continue
        if form == "dotted" and name[0].rpartition(".")[2].lower() in _FILE_ENDINGS and name[0].count(".") == 1:
            continue
        if form == "tick" and len(raw.split()) > 3:
            continue
        mentions.append(Mention(name[0].rstrip("."), form))
    return mentions


def _word_groups(text: str, weights: Expansion) -> list[Group]:
    groups: dict[str, Group] = {}
    synonyms = thesaurus().synonyms
    for token in TOKEN.findall(text):
        parts = pieces(token)
        stems = [stem(part) for part in parts if part not in STOP_WORDS]
        if not stems or (len(token) == 1 and token.isascii()):
            continue
        lower = token.lower()
        terms: dict[str, float] = {lower: 1.0} if len(parts) > 1 else {}
        for term in stems:
            terms.setdefault(term, 1.0 if len(parts) == 1 else 0.7)
        whole = stems[0] if len(parts) == 1 else lower
        for other in synonyms.get(whole, ()):
            for term in other:
                terms.setdefault(term, weights.synonym / len(other))
        if whole not in groups:
            weight = weights.meta if whole in META else 1.0
            groups[whole] = Group(lower, tuple(terms.items()), weight, "word")
    return list(groups.values())


def _phrases(stems: list[str]) -> tuple[list[Phrase], set[int]]:
    """The phrases found, longest first where they begin together, and the positions of their words."""
    found: dict[Phrase, None] = {}
    used: set[int] = set()
    for position, first in enumerate(stems):
        for phrase in thesaurus().phrases.get(first, ()):
            where = _match(stems, position, phrase.said)
            if where:
                found[phrase] = None
                used.update(where)
    return list(found), used


def _match(stems: list[str], position: int, said: tuple[str, ...]) -> list[int]:
    where = [position]
    for wanted in said[1:]:
        window = stems[where[-1] + 1 : where[-1] + 2 + LONGEST_GAP]
        if wanted not in window:
            return []
        where.append(where[-1] + 1 + window.index(wanted))
    return where


def _phrase_groups(found: list[Phrase], weights: Expansion) -> list[Group]:
    """One group per distinct meaning; a phrase of more words is surer."""
    groups: dict[tuple[str, ...], Group] = {}
    for phrase in found:
        known = groups.get(phrase.means)
        sure = weights.phrase * (0.75 if len(phrase.said) == 1 else 1.0 if len(phrase.said) == 2 else 1.2)
        if known is None or known.weight < sure:
            terms = tuple((term, weights.phrase_term) for term in phrase.means)
            groups[phrase.means] = Group(" ".join(phrase.said), terms, sure, "phrase")
    return list(groups.values())
