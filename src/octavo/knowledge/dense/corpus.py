"""Corpus: the passages that a retriever learns from, as numbers of words in titles and sentences."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from octavo.knowledge.dense.bag import TITLE, Shown
from octavo.knowledge.index.passages import sentences
from octavo.knowledge.index.postings import counted

if TYPE_CHECKING:
    import scipy.sparse
    from numpy.typing import NDArray

MOST = 60_000
"""Passages that are learnt from at most, evenly over the index; more cost time and hardly change what words mean."""
WORDS = 100_000
"""Words that get a vector at most, the most frequent ones. Rare names are among them: what stands around a name is what
a question that says it may be after."""
LONGEST = 400
"""Terms of a passage that are looked at."""


@dataclass
class Corpus:
    """Passages as word numbers. Every passage is a run of parts: its title, then its sentences."""

    words: list[str]
    """Sorted; the number of a word is its place."""
    holders: NDArray[np.int64]
    """In how many passages each word stands."""
    tokens: NDArray[np.int32]
    parts: NDArray[np.int64]
    """Where each part begins in `tokens`, and the end."""
    starts: NDArray[np.int64]
    """Which part each passage begins with (the title), and the end."""

    def __len__(self) -> int:
        return len(self.starts) - 1

    def part(self, number: int) -> NDArray[np.int32]:
        """The word numbers of a title or sentence."""
        return self.tokens[self.parts[number] : self.parts[number + 1]]

    def idf(self) -> NDArray[np.float32]:
        """ln(1 + N / n) of each word."""
        result: NDArray[np.float32] = np.log(1 + len(self) / np.maximum(1, self.holders)).astype(np.float32)
        return result

    def matrix(self) -> scipy.sparse.csr_matrix:
        """Passages × words, in the weights of `Bag`."""
        lists = []
        for number in range(len(self)):
            first, last = self.starts[number], self.starts[number + 1]
            body = self.tokens[self.parts[first] : self.parts[last]]
            title = self.part(first)
            lists.append(np.concatenate([*[title] * (TITLE - 1), body]))
        return bags(lists, len(self.words))


def read_corpus(passages: Iterable[Shown]) -> Corpus:
    """Take in passages; the caller has chosen at most `MOST` of them."""
    numbers: dict[str, int] = {}
    tokens, parts, starts = array("i"), array("q", [0]), array("q")
    for shown in passages:
        title, text = shown.title, shown.text
        starts.append(len(parts) - 1)
        room = LONGEST
        for piece in (title, *(text[start:end] for start, end in sentences(text))):
            terms = counted(piece)[:room]
            if terms or piece is title:
                tokens.extend([numbers.setdefault(term, len(numbers)) for term in terms])
                parts.append(len(tokens))
                room -= len(terms)
    starts.append(len(parts) - 1)
    raw = Corpus(list(numbers), np.zeros(len(numbers), np.int64), *(np.array(a) for a in (tokens, parts, starts)))
    return _pruned(raw)


def _pruned(raw: Corpus) -> Corpus:
    """The corpus with the words that get a vector, in sorted order, the same whatever order they were met in."""
    size = len(raw.words)
    tokens = raw.tokens.astype(np.int64)
    passage = np.searchsorted(raw.parts[raw.starts[1:]], np.arange(len(tokens)), side="right")
    holders = np.bincount(np.unique(passage * size + tokens) % size, minlength=size) if len(tokens) else raw.holders
    kept = sorted((n for n in range(size) if holders[n]), key=lambda n: (-int(holders[n]), raw.words[n]))
    kept = sorted(kept[:WORDS], key=lambda n: raw.words[n])
    new = np.full(size, -1, np.int64)
    new[kept] = np.arange(len(kept))
    mapped = new[tokens]
    before = np.concatenate([[0], np.cumsum(mapped >= 0)])
    return Corpus(
        [raw.words[n] for n in kept],
        holders[kept],
        mapped[mapped >= 0].astype(np.int32),
        before[raw.parts],
        raw.starts,
    )


def bags(lists: list[NDArray[np.int32]], size: int) -> scipy.sparse.csr_matrix:
    """Lists of word numbers as rows in the weights of `Bag`: 2n / (n + 1) for a word that stands n times."""
    import scipy.sparse

    lengths = [len(one) for one in lists]
    row = np.repeat(np.arange(len(lists), dtype=np.int64), lengths)
    flat = np.concatenate(lists).astype(np.int64) if lists else np.zeros(0, np.int64)
    keys, counts = np.unique(row * size + flat, return_counts=True)
    n = counts.astype(np.float32)
    ends = np.searchsorted(keys, np.arange(len(lists) + 1) * size)
    return scipy.sparse.csr_matrix((2 * n / (n + 1), keys % max(1, size), ends), (len(lists), size))
