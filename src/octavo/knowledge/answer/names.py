"""Names: which documents a code-like name in a question means, and what is near to one that does not exist."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from octavo.knowledge.answer.question import META, Mention, Question
from octavo.knowledge.index.index import Index
from octavo.knowledge.index.terms import STOP_WORDS, stem, token_terms
from octavo.knowledge.index.thesaurus import PATH, thesaurus

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_JOINTS = frozenset(
    [
        "the",
        "a",
        "of",
        "in",
        "from",
        "s",
        "function",
        "method",
        "class",
        "module",
        "attribute",
        "property",
        "constructor",
    ]
)
EXACT, SUFFIX, SKIPPING, MISTYPED, BARE = 1.0, 0.95, 0.8, 0.7, 0.9


@dataclass(frozen=True)
class Match:
    """A document that a name may mean, and how sure the wording of the name makes it (not its popularity)."""

    number: int
    name: str
    sure: float


@dataclass(frozen=True)
class Resolution:
    """What became of the names in a question.

    `numbers` are documents in the order in which they should be tried; `strength` 1 means that the question is about
    the first of them, 0 that no name was found; `missing` is a name that does not exist here, `nearest` what does.
    """

    numbers: tuple[int, ...] = ()
    strength: float = 0.0
    missing: str = ""
    nearest: tuple[str, ...] = ()


@cache
def imports() -> dict[str, str]:
    """Usual short names of libraries → the whole."""
    found: dict[str, str] = tomllib.loads(PATH.read_text(encoding="utf-8"))["imports"]
    return found


def distance(a: str, b: str, limit: int) -> int:
    """Insertions, deletions, replacements and swaps of neighbours from `a` to `b`; `limit` + 1 when there are more."""
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    before, row = [0] * (len(b) + 1), list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        older, before = before, row
        row = [i]
        for j, y in enumerate(b, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                best = min(best, older[j - 2] + 1)
            row.append(best)
        if min(row) > limit:
            return limit + 1
    return row[-1]


def _allowed(word: str) -> int:
    return 0 if len(word) < 4 else 1 if len(word) < 9 else 2


class Names:
    """Looks names up in an index; after `refresh` it knows how likely a document is meant when several could be."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._prior: NDArray[np.float32] | None = None

    def refresh(self, prior: NDArray[np.float32]) -> None:
        """Take the popularity of each passage, by its number."""
        self._prior = prior

    def _likely(self, number: int) -> float:
        return 0.0 if self._prior is None else float(self._prior[self.index.first_of(number)])

    # ── one name ───────────────────────────────────────────────────────────────────────────────────────────────

    def lookup(self, name: str) -> list[Match]:
        """The documents a dotted or bare name means, surest and then most popular first; none when it is unknown."""
        for spelled in self._spellings(name):
            lower = spelled.lower()
            last = lower.rpartition(".")[2]
            matches: dict[int, Match] = {}
            for full, number, _ in self.index.named(last):
                sure = self._sureness(lower, full)
                if sure and (number not in matches or matches[number].sure < sure):
                    matches[number] = Match(number, full, sure)
            if matches:
                return self._ordered(list(matches.values()), spelled)
        return []

    def _spellings(self, name: str) -> list[str]:
        first, dot, rest = name.partition(".")
        known = imports()
        whole = known.get(first, known.get(first.lower(), "")) if first.lower() in known or first in known else None
        if whole is None or (first.isupper() and first not in known):
            return [name]
        if not dot:
            return [name, whole] if whole else [name]
        return [name, f"{whole}.{rest}" if whole else rest]

    def _sureness(self, wanted: str, full: str) -> float:
        if full == wanted:
            return EXACT
        if full.endswith("." + wanted):
            return SUFFIX
        parts, have = wanted.split("."), full.split(".")
        if len(parts) > 1 and have[0] == parts[0] and have[-1] == parts[-1]:
            middle = iter(have[1:-1])
            if all(part in middle for part in parts[1:-1]):
                return SKIPPING
        return 0.0

    def _ordered(self, matches: list[Match], spelled: str) -> list[Match]:
        case: dict[int, bool] = {}
        best = sorted(matches, key=lambda m: (-m.sure, -self._likely(m.number), m.name))[:40]
        for match in best:
            document = self.index.numbered(match.number)[0]
            case[match.number] = any(("." + n).endswith("." + spelled) for n in (document.id, *document.aliases))
        dotted = "." in spelled
        return sorted(
            best,
            key=lambda m: (
                -m.sure if dotted or m.sure == EXACT else -SUFFIX,
                not case[m.number],
                -self._likely(m.number),
                m.name,
            ),
        )

    def mistyped(self, name: str) -> list[Match]:
        """The documents whose name is a slip of the key away."""
        name = self._spellings(name)[-1].lower()
        parent, _, last = name.rpartition(".")
        found: dict[int, Match] = {}
        if not parent:
            if _allowed(last) and len(last) > 4:
                for other in self.index.lasts(last[:2]):
                    if distance(last, other, _allowed(last)) <= _allowed(last):
                        found.update({n: Match(n, full, MISTYPED) for full, n, _ in self.index.named(other, limit=50)})
            return self._ordered(list(found.values()), name)
        for full, number, _ in self.index.named(last):
            above = full.rpartition(".")[0]
            if above and (distance(parent, above, 2) <= _allowed(parent) or self._tail_close(parent, above)):
                found[number] = Match(number, full, MISTYPED)
        if not found and _allowed(last):
            for full, number in self.members(parent):
                if distance(last, full.rpartition(".")[2], _allowed(last)) <= _allowed(last):
                    found[number] = Match(number, full, MISTYPED)
        return self._ordered(list(found.values()), name)

    def _tail_close(self, parent: str, above: str) -> bool:
        tail = ".".join(above.split(".")[-(parent.count(".") + 1) :])
        return distance(parent, tail, 2) <= _allowed(parent)

    def members(self, parent: str) -> list[tuple[str, int]]:
        """Names directly below a parent that may be given without its beginning."""
        direct = [(full, n) for full, n in self.index.below(parent) if full.count(".") == parent.count(".") + 1]
        if direct:
            return direct
        for match in self.lookup(parent)[:3]:
            direct += [(f, n) for f, n in self.index.below(match.name) if f.count(".") == match.name.count(".") + 1]
        return direct

    def nearest(self, name: str, count: int = 3) -> tuple[str, ...]:
        """Ids of what exists and is most like a name that does not."""
        import difflib

        name = self._spellings(name)[-1].lower()
        parent, _, last = name.rpartition(".")
        options = {full.rpartition(".")[2]: n for full, n in self.members(parent)} if parent else {}
        if not options:
            for other in self.index.lasts(last[:3]):
                options[other] = self.index.named(other, limit=1)[0][1]
        close = difflib.get_close_matches(last, sorted(options), n=count, cutoff=0.5)
        return tuple(self.index.numbered(options[option])[0].id for option in close)

    # ── the names of a question ────────────────────────────────────────────────────────────────────────────────

    def resolve(self, question: Question) -> Resolution:
        """Find what the question names: code first, then `dumps of json`, then a lone word that is a name."""
        numbers: list[int] = []
        strength, missing, nearest = 0.0, "", ()
        for mention in question.mentions:
            matches = self._mentioned(mention)
            sure = self._mention_strength(mention, question)
            if not matches:
                if not missing and self._is_missing(mention, question):
                    missing, nearest = mention.name, self.nearest(mention.name)
                continue
            best = matches[0]
            strength = max(strength, min(sure, best.sure if best.sure < SUFFIX else 1.0))
            numbers += [m.number for m in matches[:5] if m.sure == best.sure][: 1 if sure < 1 else 5]
        if not numbers and not missing:
            return self._plain(question)
        firsts = list(dict.fromkeys(numbers))
        return Resolution(tuple(firsts), strength, missing, nearest)

    def _mentioned(self, mention: Mention) -> list[Match]:
        matches = self.lookup(mention.name)
        if matches:
            return matches
        first, _, rest = mention.name.partition(".")
        if rest and (len(first) <= 3 or "_" in first) and first.lower() not in imports():
            return [Match(m.number, m.name, 0.6) for m in self.lookup(rest)]
        parent = mention.name.rpartition(".")[0]
        above = self.lookup(parent) if parent.count(".") else []
        owner = self.index.numbered(above[0].number)[0] if above else None
        if owner and owner.kind in ("function", "method") and owner.id.endswith(parent.rpartition(".")[2]):
            return [Match(above[0].number, above[0].name, SKIPPING)]  # what hangs on a function: `mock.patch.object`
        return self.mistyped(mention.name) if mention.form in ("dotted", "tick", "call") else []

    def _mention_strength(self, mention: Mention, question: Question) -> float:
        if mention.form in ("dotted", "tick"):
            return 1.0
        others = [w for w in question.content if w not in mention.name.lower()]
        asks = question.words[:1] and question.words[0] in ("what", "explain", "describe", mention.name.lower())
        return 0.9 if len(others) <= 1 or (asks and len(others) <= 2) else 0.3

    def _is_missing(self, mention: Mention, question: Question) -> bool:
        name = mention.name
        if "python" in question.words and (name[:1].isupper() or not self.lookup(name.partition(".")[0])):
            return False  # what another language calls it: `Promise.all in python`
        if mention.form == "dotted":
            return True
        if mention.form in ("call", "tick", "snake", "camel"):
            terms = token_terms(name)
            return not any(self.index.postings(term) for term in (terms[-1:] or (name.lower(),)))
        return False

    def _plain(self, question: Question) -> Resolution:
        """Names written as ordinary words."""
        content = [w for w in question.content if w.isidentifier()]
        found = self._pairs(question)
        if found:
            rest = len(content) - 2
            return Resolution(found, 0.95 if rest <= 1 else 0.5 if rest <= 3 else 0.25)
        named = [w for w in question.words if w not in STOP_WORDS and stem(w) not in META]
        lone = named or [w for w in question.words if w not in ("what", "is", "the", "does", "do", "a", "in", "of")][:1]
        if len(lone) == 1 or (len(lone) == 2 and len(question.words) <= 3):
            for word in lone:
                original = next((t for t in question.text.replace("?", " ").split() if t.lower() == word), word)
                matches = self.lookup(original)
                if matches:
                    about = BARE if len(lone) == 1 and not self._everyday(word, question) else 0.4
                    return Resolution(tuple(m.number for m in matches[:5]), about)
            word = lone[0]
            if len(lone) == 1 and not self.index.postings(stem(word)):
                matches = self.mistyped(word)
                if matches:
                    return Resolution(tuple(m.number for m in matches[:3]), MISTYPED)
        return Resolution()

    def _everyday(self, word: str, question: Question) -> bool:
        """Whether a lone word may well be meant as a word: `how do I sort` rather than `what does sort do`."""
        if len(question.words) <= 3 or question.words[0] == word:
            return False
        asks = question.words[0] in (
            "what",
            "explain",
            "describe",
            "tell",
            "which",
            "when",
            "help",
            "is",
            "does",
            "why",
        )
        return not asks or (question.wanted == "callable" and thesaurus().knows(stem(word)))

    def _pairs(self, question: Question) -> tuple[int, ...]:
        words = [w for w in question.words if w not in _JOINTS]
        pairs = [(a, b) for a, b in pairwise(words) if not {a, b} & (STOP_WORDS - {"all", "any", "get"})]
        for first, second in [*pairs, *((b, a) for a, b in pairs)]:
            whole = imports().get(first, first)
            for full, number, _ in self.index.named(second):
                parent = full.rpartition(".")[0]
                if parent == whole or (parent.endswith("." + first) and parent.count(".") <= 2):
                    matches = self.lookup(f"{whole}.{second}")
                    return tuple(m.number for m in matches[:3]) or (number,)
        return ()
