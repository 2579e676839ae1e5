"""Told: what a way of linking says of one advisory, and what all its decisions took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from octavo.challenges.entity_alignment.ground import Ground
from octavo.challenges.response import WATTS_PER_CORE, Prediction, Row

CURRENCY_PER_KWH = 0.30
"""Assumed price of electricity, for what is computed here; an endpoint is paid by its own price."""


@dataclass(frozen=True)
class Spent:
    """What all decisions of one way took together."""

    decisions: int
    seconds: float
    joules: float
    """Estimate from processor time; of an endpoint only what it took here."""
    money: float
    """Infinite where nobody knows."""

    def per_thousand(self) -> tuple[float, float, float]:
        """Seconds, joules and millionths of money for a thousand decisions."""
        part = 1000 / max(1, self.decisions)
        return self.seconds * part, self.joules * part, self.money * 1e6 * part


@dataclass(frozen=True)
class Told:
    """The likeliest candidate, whether it is said to be the same, and what everything took."""

    best: str | None
    linked: bool
    score: float
    spent: Spent


Decided = tuple[str | None, bool, float]
"""(likeliest candidate, linked, score) of one advisory."""


def answers(
    ground: Ground,
    probe: Sequence[Row],
    decide: Callable[[], Sequence[Decided]],
    *,
    money: Callable[[], float] | None = None,
    flops: Callable[[], float] | None = None,
) -> Iterator[Prediction]:
    """One prediction a row; all decisions are made, and timed, when the first is asked for."""
    began, busy = time.perf_counter(), time.process_time()
    decided = {record.id: one for record, one in zip(ground.ready.left, decide(), strict=True)}
    seconds, joules = time.perf_counter() - began, (time.process_time() - busy) * WATTS_PER_CORE
    paid = money() if money else joules / 3.6e6 * CURRENCY_PER_KWH
    spent = Spent(len(decided), seconds, joules, paid)
    each = (flops() if flops else 0.0) / max(1, len(decided))
    for row in probe:
        best, linked, score = decided[row["id"]]
        yield Prediction(row["id"], Told(best, linked, score, spent), each)


def by_method(ground: Ground, method: str) -> list[Decided]:
    """What `octavo link --method` decides on the candidates."""
    from octavo.knowledge.entities.link import chances

    found = chances(ground.ready, method)
    return by_probability(ground, found.chance, found.threshold)


def by_probability(ground: Ground, probabilities: NDArray[np.float64], threshold: float = 0.5) -> list[Decided]:
    """The likeliest candidate of each advisory, linked from `threshold` on; a pair that could not be judged is none."""
    decided: list[Decided] = []
    for number in range(len(ground.ready.left)):
        part = ground.ready.candidates.of(number)
        mine = np.nan_to_num(probabilities[part], nan=-1.0)
        if not len(mine) or mine.max() < 0:
            decided.append((None, False, 0.0))
            continue
        at = int(mine.argmax())
        best = ground.ready.right[int(ground.ready.candidates.right[part][at])].id
        decided.append((best, bool(mine[at] >= threshold), float(mine[at])))
    return decided
