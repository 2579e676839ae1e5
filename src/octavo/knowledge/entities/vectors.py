"""Vectors: records as sparse rows, one matrix for what their text says and one for what their fields state (TF-IDF)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from octavo.knowledge.entities.fields import name_words
from octavo.knowledge.entities.record import Record
from octavo.knowledge.index.terms import text_terms

KINDS = ("package", "vendor", "repository", "owner", "commit", "thread", "tag", "url", "host", "version", "fixed",
         "weakness", "symbol", "severity", "declared")  # fmt: skip
"""Kinds of field that are understood; every other kind is compared too, under its own name."""
_NAMING = ("package", "vendor", "repository")
_SILENT = frozenset({"date", "ecosystem"})
"""Kinds that are compared otherwise, or that tell one database from another rather than one flaw from another."""


@dataclass(frozen=True)
class Vectors:
    """Two collections over one vocabulary. Rows have length one (or zero, where there is nothing)."""

    left: Any
    """CSR, records × terms, float32."""
    right: Any
    vocabulary: dict[str, int]
    idf: NDArray[np.float32]
    """ln((N + 1) / (n + .5)) over the records of both sides."""
    counts_right: NDArray[np.int64]
    """In how many right records each term is."""

    @cached_property
    def terms(self) -> tuple[str, ...]:
        """Column → term."""
        return tuple(self.vocabulary)


@dataclass(frozen=True)
class Counts:
    """How often which terms are in the records of one side."""

    ends: NDArray[np.int64]
    """Where each record begins in `indices`, and the end."""
    indices: NDArray[np.int32]
    """Numbers of terms."""
    weights: NDArray[np.float32]
    """1 + ln tf of each."""
    terms: tuple[str, ...]


class Keeps(Protocol):
    """What remembers the counts of a right side."""

    def counts(self, name: str, make: Callable[[], Counts]) -> Counts:
        """The counts of that name, made only when they are not known."""


def text_of(record: Record) -> Iterable[str]:
    """Stems of the text, and the parts of the names, which the other database may spell out."""
    yield from text_terms(record.text)
    for name in record.names:
        yield from name_words(name)


def plain_text_of(record: Record) -> Iterable[str]:
    """Stems of the text alone."""
    return text_terms(record.text)


def statements_of(record: Record) -> Iterable[str]:
    """`kind=value` for all that the fields state, and the parts, the glued form and the 4-grams of names."""
    for kind, values in record.fields.items():
        if kind not in _SILENT and isinstance(values, tuple):
            for value in values:
                yield f"{kind}={value}"
    words: set[str] = set()
    for kind in _NAMING:
        for value in record.fields.get(kind, ()):
            parts = name_words(value)
            words.update(parts)
            words.add("".join(parts[-2:]))
    for word in sorted(words):
        yield f"name={word}"
        if len(word) > 4:
            for at in range(len(word) - 3):
                yield f"gram={word[at : at + 4]}"


def vectors(
    left: Sequence[Record],
    right: Sequence[Record],
    terms: Callable[[Record], Iterable[str]],
    kept: Keeps | None = None,
    name: str = "",
) -> Vectors:
    """TF-IDF rows of both sides, (1 + ln tf) · idf, of length one; `kept` remembers the right side under a name."""

    def make() -> Counts:
        known: dict[str, int] = {}
        return Counts(*_counts(right, terms, known), tuple(known))

    theirs = make() if kept is None else kept.counts(name, make)
    vocabulary = {term: number for number, term in enumerate(theirs.terms)}
    rows = [_counts(left, terms, vocabulary), (theirs.ends, theirs.indices, theirs.weights)]
    size = len(vocabulary)
    both = [np.bincount(indices, minlength=size) for _, indices, _ in rows]
    total = len(left) + len(right)
    idf = np.log((total + 1) / (both[0] + both[1] + 0.5)).astype(np.float32)
    made = [_matrix(row, idf, size) for row in rows]
    return Vectors(made[0], made[1], vocabulary, idf, both[1])


def _counts(
    records: Sequence[Record], terms: Callable[[Record], Iterable[str]], vocabulary: dict[str, int]
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    ends = np.zeros(len(records) + 1, np.int64)
    chunks: list[NDArray[np.int32]] = []
    weights: list[NDArray[np.float32]] = []
    for number, record in enumerate(records):
        counts = Counter(terms(record))
        ids = np.fromiter((vocabulary.setdefault(t, len(vocabulary)) for t in counts), np.int32, len(counts))
        chunks.append(ids)
        weights.append(np.fromiter((1 + math.log(c) for c in counts.values()), np.float32, len(counts)))
        ends[number + 1] = ends[number] + len(counts)
    empty_i, empty_f = np.zeros(0, np.int32), np.zeros(0, np.float32)
    return ends, np.concatenate([empty_i, *chunks]), np.concatenate([empty_f, *weights])


def _matrix(row: tuple[NDArray[Any], NDArray[Any], NDArray[Any]], idf: NDArray[np.float32], size: int) -> Any:
    ends, indices, weights = row
    data = weights * idf[indices]
    made = sparse.csr_matrix((data.astype(np.float32), indices, ends), shape=(len(ends) - 1, size))
    lengths = np.sqrt(np.asarray(made.multiply(made).sum(1)).ravel())
    lengths[lengths == 0] = 1
    made = sparse.diags((1 / lengths).astype(np.float32)) @ made
    made = made.tocsr()
    made.sort_indices()
    return made
