"""Bag: texts as vectors, each the weighted sum of the vectors of its words; words nobody has learnt get one by hash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Protocol

import numpy as np

from octavo.knowledge.index.passages import sentences
from octavo.knowledge.index.postings import counted
from octavo.knowledge.index.thesaurus import thesaurus

if TYPE_CHECKING:
    from numpy.typing import NDArray

DIMENSIONS = 256
TITLE = 2
"""How often a word of the title counts."""
SYNONYMS = 0.5


@dataclass(frozen=True)
class Shown:
    """What an embedder sees of a passage."""

    title: str
    """Of the document, or its name, with the heading."""
    text: str
    opens: bool = True
    """Whether the passage is the first of its document."""


class Embedder(Protocol):
    """What gives questions and passages vectors of length 1, so that their product says how near they are."""

    dimensions: int

    def questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row per question; a row of zeros when nothing of it is understood."""
        ...

    def passages(self, shown: Sequence[Shown]) -> NDArray[np.float32]:
        """One row per passage."""
        ...


class Lexicon(Protocol):
    """Where the vectors of words are."""

    def vectors(self, words: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """A row for each word, and which of them are known; the rows of the others are zeros."""
        ...


class Words:
    """A lexicon in memory."""

    def __init__(self, words: Sequence[str], vectors: NDArray[np.float32]) -> None:
        assert len(words) == len(vectors)
        self.words, self.table = list(words), vectors
        self.number = {word: number for number, word in enumerate(words)}

    def vectors(self, words: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """See `Lexicon`."""
        where = np.array([self.number.get(word, -1) for word in words], np.int64)
        known = where >= 0
        rows = np.zeros((len(words), self.table.shape[1]), np.float32)
        rows[known] = self.table[where[known]]
        return rows, known


class Bag:
    """An embedder of words: the vector of a text is Σ f(n) · v(word), normalised, with f(n) = 2n / (n + 1).

    The learnt vectors carry the weights of their words in their lengths. A word that is not in the lexicon has a
    vector by hash, of the length `unknown`: it is found again where it stands, and means nothing else. The vector of
    a passage is that of all its words with that of its head (title and first sentence), in equal parts: a question is
    mostly about what a text is for, which stands at its head.
    """

    def __init__(self, lexicon: Lexicon, unknown: float, dimensions: int = DIMENSIONS) -> None:
        self.lexicon, self.unknown, self.dimensions = lexicon, unknown, dimensions

    def questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `Embedder`; words that the thesaurus knows bring their synonyms along, `SYNONYMS` of their weight."""
        return self._encoded([_with_synonyms(_weights(counted(text))) for text in texts])

    def passages(self, shown: Sequence[Shown]) -> NDArray[np.float32]:
        """See `Embedder`."""
        return unit(
            self._encoded([_weights(passage_terms(one)) for one in shown])
            + self._encoded([_head(one) for one in shown])
        )

    def _encoded(self, bags: Sequence[dict[str, float]]) -> NDArray[np.float32]:
        words = sorted(set().union(*bags)) if bags else []
        table, known = self.lexicon.vectors(words)
        for at in np.flatnonzero(~known):
            table[at] = self.unknown * hashed(words[at], self.dimensions)
        place = {word: number for number, word in enumerate(words)}
        made = np.zeros((len(bags), self.dimensions), np.float32)
        for number, bag in enumerate(bags):
            if bag:
                where = np.fromiter((place[word] for word in bag), np.int64, len(bag))
                made[number] = np.fromiter(bag.values(), np.float32, len(bag)) @ table[where]
        return unit(made)


def _weights(terms: Sequence[str]) -> dict[str, float]:
    return {word: 2 * n / (n + 1) for word, n in Counter(terms).items()}


def _with_synonyms(weights: dict[str, float]) -> dict[str, float]:
    known = thesaurus().synonyms
    made = dict(weights)
    for word, weight in weights.items():
        others = [terms[0] for terms in known.get(word, ()) if len(terms) == 1]
        for other in others:
            made[other] = made.get(other, 0.0) + SYNONYMS * weight / len(others)
    return made


def _head(shown: Shown) -> dict[str, float]:
    """Title, the last part of a dotted name once more, and the first sentence of a document."""
    name = shown.title if " " in shown.title else shown.title.rpartition(".")[2]
    weights: dict[str, float] = {}
    for part in (shown.title, name):
        for word, weight in _weights(counted(part)).items():
            weights[word] = weights.get(word, 0.0) + weight / 2
    if shown.opens:
        start, end = next(sentences(shown.text, 0, min(len(shown.text), 600)), (0, 0))
        for word in dict.fromkeys(counted(shown.text[start:end])):
            weights[word] = weights.get(word, 0.0) + 1
    return weights


@lru_cache(maxsize=1024)
def passage_terms(shown: Shown) -> tuple[str, ...]:
    """The terms of a passage with those of its title counted `TITLE` times; kept for those who ask again."""
    return (*counted(shown.title) * TITLE, *counted(shown.text))


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of length 1; those of zeros stay."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    result: NDArray[np.float32] = (rows / np.maximum(lengths, np.float32(1e-9))).astype(np.float32)
    return result


@lru_cache(maxsize=1 << 16)
def hashed(word: str, dimensions: int = DIMENSIONS) -> NDArray[np.float32]:
    """A vector of length 1 with signs by hash: nearly orthogonal to that of every other word (Achlioptas 2003)."""
    digest = b"".join(
        blake2b(word.encode("utf-8", "surrogatepass"), digest_size=32, salt=part.to_bytes(8, "little")).digest()
        for part in range(-(-dimensions // 256))
    )
    signs = np.unpackbits(np.frombuffer(digest, np.uint8))[:dimensions].astype(np.float32) * 2 - 1
    made: NDArray[np.float32] = signs / np.float32(np.sqrt(dimensions))
    made.flags.writeable = False
    return made
