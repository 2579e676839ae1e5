"""Asked: a cue taken apart into what it names and what it asks of that, and how far an episode answers to each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from octavo.knowledge.index.terms import STOP_WORDS
from octavo.knowledge.memory.aspects import COLOURED, DATED, PLACED, PRICED, REASONED, REPEATED, spoken
from octavo.knowledge.memory.encode import WORDS, Read, term_of
from octavo.model.reading.kinds import kind_of

MARKED = {"time": DATED, "year": DATED, "money": PRICED, "colour": COLOURED, "often": REPEATED, "why": REASONED}
"""Kind of answer → what an episode holds that has one."""
COUNTED = frozenset(("number", "amount", "share", "port", "version"))
_LOW = np.uint64(255)


@dataclass(frozen=True)
class Asked:
    """A cue as units: a word, or a phrase that stands for something. U of them with at most P topical stems."""

    weights: NDArray[np.float64]
    """(U,): how much each tells."""
    terms: NDArray[np.uint32]
    """(U, P), filled up with zeros."""
    aspects: NDArray[np.uint64]
    """(U, WORDS - 1)."""
    named: NDArray[np.bool_]
    """(U,): whether it is a part of a name."""
    wants: str
    """The kind of answer that is wanted, or "other"."""
    numbers: int
    """How many numbers the cue has itself."""
    names: int

    @property
    def any_named(self) -> bool:
        """Whether the cue names something."""
        return bool(self.named.any())


@dataclass(frozen=True)
class Answering:
    """How far some episodes (n) answer to a cue; shares of weight."""

    named: NDArray[np.float64]
    """Of what it names; 1 where it names nothing."""
    by_word: NDArray[np.float64]
    """Of what it says beside, by the same words."""
    by_aspect: NDArray[np.float64]
    """Of what it says beside, in other words."""
    covered: NDArray[np.float64]
    """Of all of it, by the same words."""
    tight: NDArray[np.float64]
    """Share of an episode's own terms that the cue has."""
    fitting: NDArray[np.float64]
    """1 where there is an answer of the wanted kind, -1 where there is none, 0 where that cannot be told."""

    @property
    def related(self) -> NDArray[np.float64]:
        """Of what it says beside, in whatever words."""
        return self.by_word + self.by_aspect


def asked(cue: Read, rarity: Mapping[int, float]) -> Asked:
    """Take a cue apart; `rarity` says how much each of its terms tells."""
    inside = {at for _, first, end in cue.names for at in range(first, end)}
    units: list[tuple[float, list[int], int, bool]] = []
    at = 0
    said = {one.start: one for one in spoken(cue.stems)}
    while at < len(cue.words):
        one = None if at in inside else said.get(at)
        end = one.end if one else at + 1
        terms = [term_of(cue.stems[i]) for i in range(at, end) if cue.words[i] not in STOP_WORDS]
        if terms or one:
            weight = max((rarity[term] for term in terms if term in rarity), default=1.0)
            units.append((weight, terms, one.aspects if one else 0, at in inside))
        at = end
    width = max((len(terms) for _, terms, _, _ in units), default=1) or 1
    table = np.zeros((len(units), width), np.uint32)
    for row, (_, terms, _, _) in enumerate(units):
        table[row, : len(terms)] = terms
    numbers = sum(any(map(str.isdigit, name)) for name, _, _ in cue.names)
    text = cue.text.lower()
    wants = kind_of(text)
    if wants == "other" and cue.words and "why" in cue.words:
        wants = "why"
    return Asked(
        np.array([unit[0] for unit in units]),
        table,
        np.array(
            [[unit[2] >> (64 * part) & 0xFFFFFFFFFFFFFFFF for part in range(WORDS - 1)] for unit in units], np.uint64
        ).reshape(len(units), WORDS - 1),
        np.array([unit[3] for unit in units], bool),
        wants,
        numbers,
        len(cue.names) - numbers,
    )


def answering(cue: Asked, terms: NDArray[np.uint32], speaks: NDArray[np.uint64]) -> Answering:
    """How far episodes with these `terms` (n, TERMS) and `speaks` (n, WORDS) answer."""
    count = len(terms)
    empty = cue.terms == 0
    same = terms[:, None, None, :] == cue.terms[None, :, :, None]
    word = (same.any(3) | empty[None]).all(2) & ~empty.all(1)[None]
    aspect = ((speaks[:, None, : WORDS - 1] & cue.aspects[None]) != 0).any(2) & ~word

    def share(hit: NDArray[np.bool_], some: NDArray[np.bool_], none: float) -> NDArray[np.float64]:
        whole = float(cue.weights[some].sum())
        found: NDArray[np.float64] = (hit[:, some] @ cue.weights[some]) / whole if whole else np.full(count, none)
        return found

    rest, own = ~cue.named, terms != 0
    tight = (same.any((1, 2)) & own).sum(1) / np.maximum(1, own.sum(1))
    return Answering(
        share(word, cue.named, 1.0),
        share(word, rest, 0.0),
        share(aspect, rest, 0.0),
        share(word, np.ones(len(rest), bool), 0.0),
        tight,
        fitting(cue, speaks),
    )


def fitting(cue: Asked, speaks: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Whether episodes hold an answer of the kind that a cue wants, (n,)."""
    last = speaks[:, -1]
    numbers, names = (last >> np.uint64(8)) & _LOW, (last >> np.uint64(16)) & _LOW
    if cue.wants in MARKED:
        otherwise = np.where(numbers > cue.numbers, 0.0, -1.0) if cue.wants == "money" else -1.0
        return np.where((last & np.uint64(MARKED[cue.wants])) != 0, 1.0, otherwise)
    if cue.wants in COUNTED:
        return np.where(numbers > cue.numbers, 1.0, -1.0)
    if cue.wants == "where":
        return np.where(((last & np.uint64(PLACED)) != 0) | (names > cue.names), 1.0, -1.0)
    if cue.wants == "who":
        return np.where(names > cue.names, 1.0, -1.0)
    return np.zeros(len(last))
