"""Weigh: which field of one database is which of the other, and how much each agreement weighs, without known pairs.

Fields are paired by what they hold: two that are alike in likely pairs and not in others say the same. Each pair of
fields is a comparison of Fellegi and Sunter (1969), cut into levels of likeness; how often each level occurs among
matches and among others is learnt by EM (Winkler 1988), from likely pairs on: records that are nearest to each other
both ways. What is left out weighs nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octavo.knowledge.entities.attributes.values import (
    Column,
    Value,
    alike_dates,
    alike_numbers,
    alike_versions,
    alike_words,
)  # fmt: skip
from octavo.knowledge.entities.candidates import Candidates

Floats = NDArray[np.float64]
CUTS = (0.2, 0.5, 0.7, 0.88, 0.97)
"""Between the levels of likeness; above the last a value is equal, and rare or not."""
LEVELS = len(CUTS) + 2
USUAL = np.array([0.04, 0.04, 0.07, 0.15, 0.15, 0.2, 0.35])
"""How matches are spread over the levels before anything was seen."""
RARE = np.array([0.4, 0.2, 0.14, 0.12, 0.07, 0.05, 0.02])
"""The same for pairs that are no matches, of which candidates are the nearest."""
SURE = 12.0
"""So many matches, and so many others, are these worth."""
SAMPLE = 400
"""Left records whose nearest record is looked at to pair fields."""
LEAST_LIFT = 0.08
"""By how much two fields must be more alike in likely pairs than in others to be taken for the same."""
ROUNDS = 15
INDEPENDENT = 4.0
"""How many comparisons the comparisons of fields are worth together; see `choice.mixture`."""
WORDS = 0.5
"""What the weight of the words is multiplied by beside fields, whose values they repeat."""
ALONE = 0.67
"""The same where there are no fields: three comparisons of one cosine repeat each other."""
FEWEST = 0.2
"""Share of the pairs to start from that is taken to be right at least, so that doubt cannot feed on itself."""
MARGIN = 1.5
"""By how much (in utility) another left record must fit a right one better to speak as loud as "none" does."""


@dataclass(frozen=True)
class Comparison:
    """A field of each side that say the same, and how alike they are in each pair."""

    left: Column
    right: Column
    alike: Floats
    """0–1; NaN where a side leaves it out."""
    rarity: Floats
    """Of what the left record says: ln of one in how many; 0 where it is no word."""

    @property
    def name(self) -> str:
        """`name~title`, or `name` where both call it so."""
        return self.left.key if self.left.key == self.right.key else f"{self.left.key}~{self.right.key}"


def comparisons(left: Sequence[Column], right: Sequence[Column], found: Candidates) -> list[Comparison]:
    """The fields that say the same on both sides, compared in all candidate pairs."""
    nearest = np.flatnonzero(mutual(found, found.score.astype(float)))
    nearest = (
        nearest[np.linspace(0, len(nearest) - 1, min(SAMPLE, len(nearest))).astype(int)] if len(nearest) else nearest
    )
    pairs = found.left[nearest], found.right[nearest]
    others = pairs[0], np.random.default_rng(0).permutation(pairs[1])
    lifts: dict[tuple[int, int], float] = {}
    for a, one in enumerate(left):
        for b, other in enumerate(right):
            if one.kind == other.kind:
                likely, random = (_alike(one, other, *at) for at in (pairs, others))
                there = ~np.isnan(likely)
                if there.sum() >= 3:
                    lift = float(likely[there].mean() - np.nan_to_num(random, nan=0.0)[~np.isnan(random)].mean())
                    lifts[a, b] = lift * math.sqrt(there.mean()) + (1.0 if one.key == other.key else 0.0)
                elif one.key == other.key:
                    lifts[a, b] = 1.0
    return [_compared(left[a], right[b], found) for a, b in _paired(lifts)]


def _paired(lifts: Mapping[tuple[int, int], float]) -> list[tuple[int, int]]:
    """Fields one to one, the surest first; a field that is left over joins the one that it is most like."""
    chosen: list[tuple[int, int]] = []
    order = sorted((pair for pair in lifts if lifts[pair] >= LEAST_LIFT), key=lambda pair: (-lifts[pair], pair))
    for free in (all, any):
        for a, b in order:
            taken = {a} & {one for one, _ in chosen}, {b} & {other for _, other in chosen}
            if free(not held for held in taken):
                chosen.append((a, b))
    return sorted(chosen)


def mutual(found: Candidates, score: Floats) -> NDArray[np.bool_]:
    """Pairs that are the best of their left and of their right record."""
    best = np.ones(len(score), bool)
    for side in (found.left, found.right):
        top = np.full(int(side.max(initial=-1)) + 1, -np.inf)
        np.maximum.at(top, side, score)
        best &= score >= top[side]
    return best


def _compared(one: Column, other: Column, found: Candidates) -> Comparison:
    weight, rarity = _weights(one, other), np.zeros(len(found.left))
    if one.kind == "words":
        told = np.array([0.0 if value is None else sum(map(weight, value)) for value in one.values])
        rarity = told[found.left]
    return Comparison(one, other, _alike(one, other, found.left, found.right), rarity)


def _weights(one: Column, other: Column) -> Callable[[str], float]:
    counts = Counter(token for column in (one, other) for value in column.values if value for token in set(value))
    total = len(one.values) + len(other.values)
    return lambda token: max(0.3, math.log((total + 1) / (counts[token] + 0.5)))


def _alike(one: Column, other: Column, lefts: NDArray[np.int64], rights: NDArray[np.int64]) -> Floats:
    """How alike both fields are in each pair; equal pairs of values are compared once."""
    compare: Callable[[Value, Value], float] = {
        "date": alike_dates, "number": alike_numbers, "version": alike_versions,
        "words": partial(alike_words, weight=_weights(one, other)),
    }[one.kind]  # fmt: skip
    known: dict[tuple[Value, Value], float] = {}
    alike = np.full(len(lefts), np.nan)
    for at, (a, b) in enumerate(zip(lefts.tolist(), rights.tolist(), strict=True)):
        if (mine := one.values[a]) is not None and (theirs := other.values[b]) is not None:
            if (mine, theirs) not in known:
                if len(known) > 500_000:
                    known.clear()
                known[mine, theirs] = compare(mine, theirs)
            alike[at] = known[mine, theirs]
    return alike


def levels(compared: Comparison, likely: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The level of each pair, −1 where nothing can be compared; words are rare above the middle of likely ones."""
    level = np.searchsorted(CUTS, np.nan_to_num(compared.alike), side="left")
    equal = compared.alike > CUTS[-1]
    told = compared.rarity[equal & likely]
    level[equal & (compared.rarity > (np.median(told) if len(told) else 0.0))] += 1
    return np.where(np.isnan(compared.alike), -1, level)


def cosine_levels(cosine: Floats, likely: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Levels of a cosine by how it is spread over likely pairs."""
    told = cosine[likely & (cosine > 0)]
    if len(told) < 2 * LEVELS:
        return np.full(len(cosine), -1)
    return np.searchsorted(np.quantile(told, np.linspace(0, 1, LEVELS + 1)[1:-1]), cosine)


@dataclass(frozen=True)
class Weighed:
    """What was learnt."""

    weights: tuple[Floats, ...]
    """Of each level of each comparison, tempered."""
    start: float
    utility: Floats
    chance: Floats


def weigh(found: Candidates, levelled: Sequence[NDArray[np.int64]], likely: NDArray[np.bool_], fields: int) -> Weighed:
    """Learn the weights of all levels, of which the first `fields` are of fields; `likely` is where to start from."""
    belief = np.where(likely, 0.75, 0.02)
    temper = np.full(len(levelled), WORDS if fields else ALONE)
    temper[:fields] = min(1.0, INDEPENDENT / max(1, fields))
    made = Weighed((), 0.0, belief, belief)
    for _ in range(ROUNDS):
        weights = tuple(
            worth * np.log(_spread(level, belief, USUAL, SURE) / _spread(level, 1 - belief, RARE, SURE))
            for worth, level in zip(temper, levelled, strict=True)
        )
        odds = (max(belief.sum(), FEWEST * likely.sum()) + 1) / ((1 - belief).sum() + 1)
        utility = np.full(len(belief), math.log(odds))
        for level, weight in zip(levelled, weights, strict=True):
            utility += np.where(level < 0, 0.0, weight[level])
        belief = compete(found, utility)
        made = Weighed(weights, math.log(odds), utility, belief)
    return made


def _spread(level: NDArray[np.int64], weight: Floats, usual: Floats, sure: float) -> Floats:
    there = level >= 0
    counts = np.bincount(level[there], weight[there], minlength=LEVELS) + sure * usual
    return np.asarray(counts / counts.sum())


def compete(found: Candidates, utility: Floats) -> Floats:
    """Probability of each pair against "none", the other candidates of its left record, and the other left records that
    its right one could go to, which count only as far as they fit better: several may well be the same thing."""
    risen = np.exp(np.clip(utility, -40, 40))
    lefts, rights = (np.bincount(side, risen)[side] for side in (found.left, found.right))
    return np.asarray(risen / (1 + lefts + math.exp(-MARGIN) * (rights - risen)))


def stacked(compared: Sequence[Comparison], found: Candidates, cosine: Floats) -> tuple[tuple[str, ...], NDArray[Any]]:
    """Names and numbers of all comparisons, for weights that are fitted to known pairs; −1 where nothing is said."""
    names = [one.name for one in compared]
    rows = [np.nan_to_num(one.alike, nan=-1.0) for one in compared]
    return (*names, "text"), np.stack([*rows, cosine], 1).astype(np.float32)
