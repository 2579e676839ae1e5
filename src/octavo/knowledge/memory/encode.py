"""Encode: how a text becomes what memory finds it by: a short dense key, a sparse code, terms, and names.

Beside them stands what it speaks of (see `aspects`). The key is a sketch of weighted words, word pairs and pieces of
words (hashed, with signs); the code is made of its strongest components. A code of many more units, as in a fly's brain
(Dasgupta et al. 2017), was measured beside it and
told near-duplicates apart no better (bench/results/memory.md), so there is none.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import xxhash
from numpy.typing import NDArray

from octavo.knowledge.index.terms import STOP_WORDS, TOKEN, stem
from octavo.knowledge.memory.aspects import MOST, marks_of, spoken

WORDS = MOST // 64 + 1
"""Of 64 bits: the aspects of a text, and in the last its marks (low byte), its numbers and its names (a byte each)."""
DENSE = 256
"""Components of a key."""
FIRING = DENSE // 16
"""Components of a key that make up its code."""
TERMS = 40
"""Terms that are kept of an episode, the rarest."""
SPREAD = 8
"""Components that a feature of a text adds to."""
PAIR, PIECE, COMMON = 0.4, 0.35, 0.15
"""Weight of a pair of words, of all pieces of a word, and of a word that carries no topic, beside a word's."""
_NAME = re.compile(
    r"\"([^\"\n]{2,80})\"|((?:[A-Z][\w’'-]*[^\W_]|[A-Z])(?:[ ](?:of |the |de |van |von )?[A-Z0-9][\w’'-]*)*)"
    r"|(\b[\w]+(?:[._-][\w]+)+\b|\b\w*\d\w*\b)"
)
_POSSESSIVE = re.compile(r"[’']s?$")


@dataclass(frozen=True)
class Read:
    """A text as it is looked at: its words in lower case, their stems, and what it names: (name, first word, end)."""

    text: str
    words: tuple[str, ...]
    stems: tuple[str, ...]
    names: tuple[tuple[str, int, int], ...]

    def parts_of_names(self) -> list[int]:
        """The topical words of its names, as terms."""
        at = [at for _, first, end in self.names for at in range(first, end)]
        return [term_of(self.stems[i]) for i in at if self.words[i] not in STOP_WORDS]


@dataclass(frozen=True)
class Encoded:
    """What a text is found by. `key` is int8 (DENSE,), `code` its strongest components, uint16 (FIRING,)."""

    key: NDArray[np.int8]
    code: NDArray[np.uint16]
    terms: NDArray[np.uint32]
    """Hashes of its topical words, at most `TERMS`, the rarest first."""
    names: tuple[int, ...]
    """Hashes of what it names."""
    speaks: NDArray[np.uint64]
    """(WORDS,): aspects, marks and counts."""


def read(text: str) -> Read:
    """Words and names of a text. A name is a run of capitalised words, something quoted, an identifier or a number."""
    found = [(match.group().lower(), match.start()) for match in TOKEN.finditer(text)]
    words = tuple(word for word, _ in found)
    starts = [start for _, start in found]
    names = []
    for match in _NAME.finditer(text):
        quoted, capital, code = match.groups()
        name = _POSSESSIVE.sub("", (quoted or capital or code).strip()).lower()
        parts = name.split()
        first = bisect_left(starts, match.start())
        while parts and parts[0] in STOP_WORDS:
            parts, first = parts[1:], first + 1
        if parts and (len(parts) > 1 or len(parts[0]) > 1):
            names.append((" ".join(parts), first, bisect_left(starts, match.start() + len(match.group()))))
    return Read(text, words, tuple(stem(word) for word in words), tuple(names))


def hashed(text: str, bits: int = 63) -> int:
    """A number for a word or a name that fits into a column."""
    return xxhash.xxh3_64_intdigest(text.encode("utf-8", "replace")) >> (64 - bits)


@lru_cache(maxsize=1 << 18)
def term_of(stemmed: str) -> int:
    """The number of a stem, 32 bits."""
    return hashed(stemmed, 32)


def terms_of(text: Read) -> list[int]:
    """The topical words of a text, hashed to 32 bits; when it has none all of its words are."""
    topical = [one for word, one in zip(text.words, text.stems, strict=True) if word not in STOP_WORDS] or text.stems
    return list(dict.fromkeys(term_of(one) for one in topical))


def names_of(text: Read) -> list[int]:
    """What a text names, hashed, in order."""
    return sorted({hashed(name) for name, _, _ in text.names})


def speaks_of(text: Read) -> NDArray[np.uint64]:
    """What a text speaks of, (WORDS,)."""
    bits = 0
    for one in spoken(text.stems):
        bits |= one.aspects
    numbers = sum(any(map(str.isdigit, name)) for name, _, _ in text.names)
    last = marks_of(text.text) | min(numbers, 255) << 8 | min(len(text.names) - numbers, 255) << 16
    return np.array([*(bits >> (64 * at) & 0xFFFFFFFFFFFFFFFF for at in range(WORDS - 1)), last], np.uint64)


@lru_cache(maxsize=1 << 18)
def _places(feature: str) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """The components that a feature adds to, and with which signs."""
    number = xxhash.xxh3_128_intdigest(feature.encode("utf-8", "replace"))
    parts = [(number >> (9 * i)) & 511 for i in range(SPREAD)]
    return tuple(part & 255 for part in parts), tuple(1.0 if part & 256 else -1.0 for part in parts)


def _features(text: Read, weight: Callable[[str], float]) -> dict[str, float]:
    words, stems = text.words, text.stems
    weights = [COMMON if word in STOP_WORDS else weight(one) for word, one in zip(words, stems, strict=True)]
    found: dict[str, float] = {}
    for word, one, much in zip(words, stems, weights, strict=True):
        found["w" + one] = found.get("w" + one, 0.0) + much
        if len(word) > 4 and word not in STOP_WORDS:
            pieces = [word[at : at + 4] for at in range(len(word) - 3)]
            each = PIECE * much / math.sqrt(len(pieces))
            for piece in pieces:
                found["g" + piece] = found.get("g" + piece, 0.0) + each
    for at in range(len(stems) - 1):
        pair = f"b{stems[at]} {stems[at + 1]}"
        found[pair] = found.get(pair, 0.0) + PAIR * (weights[at] + weights[at + 1]) / 2
    return found


def dense(text: Read, weight: Callable[[str], float]) -> NDArray[np.int8]:
    """The key of a text, (DENSE,); `weight` says how much a stem tells. All zeros for a text without a word."""
    places: list[int] = []
    amounts: list[float] = []
    for feature, amount in _features(text, weight).items():
        at, signs = _places(feature)
        places += at
        amounts += [amount * sign for sign in signs]
    if not places:
        return np.zeros(DENSE, np.int8)
    total = np.bincount(places, weights=amounts, minlength=DENSE)
    most = float(np.abs(total).max())
    return np.round(total * (127 / most)).astype(np.int8) if most else np.zeros(DENSE, np.int8)


def strongest(key: NDArray[np.int8]) -> NDArray[np.uint16]:
    """The code of a key: its `FIRING` largest components (k winners take all), ascending; of equals the first."""
    ranked = key.astype(np.int64) * DENSE + np.arange(DENSE)[::-1]
    return np.sort(np.argpartition(ranked, DENSE - FIRING)[DENSE - FIRING :]).astype(np.uint16)


def encoded(text: Read, counts: Callable[[Sequence[int]], dict[int, int]], episodes: int) -> Encoded:
    """Encode a text. `counts` tells in how many of the `episodes` so far a term occurs; rare ones weigh more."""
    terms = terms_of(text)
    known = counts(terms)

    def rarity(term: int) -> float:
        return math.log(1 + (episodes + 1) / (known.get(term, 0) + 1))

    key = dense(text, lambda one: rarity(term_of(one)))
    rarest = sorted(terms, key=lambda term: (-rarity(term), term))[:TERMS]
    return Encoded(key, strongest(key), np.array(rarest, dtype=np.uint32), tuple(names_of(text)), speaks_of(text))
