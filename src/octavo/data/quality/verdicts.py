"""Verdicts: what a rule measured in a text and whether that is reason enough to remove it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Verdict:
    """Why a text is removed: the rule, what it measured, and the limit that this is beyond."""

    reason: str
    """`gopher: word count`: what removals are counted by."""
    score: float
    limit: str
    """`< 50`: how the score stands to the threshold."""

    @property
    def detail(self) -> str:
        """`12 < 50`"""
        return f"{number(self.score)} {self.limit}"


def number(value: float) -> str:
    """A score as people read it: whole numbers whole, others with four digits."""
    return str(int(value)) if value == int(value) else f"{value:.4g}"


@dataclass(frozen=True)
class Rule:
    """One rule of a set over a batch: its value for each text, and the side of the threshold that removes."""

    name: str
    values: NDArray[np.float64]
    """NaN where the rule does not apply."""
    threshold: float
    above: bool = False
    """Whether values above the threshold remove (else values below)."""

    def broken(self) -> NDArray[np.bool_]:
        """Which texts it removes; a value at the threshold is still allowed."""
        with np.errstate(invalid="ignore"):
            return self.values > self.threshold if self.above else self.values < self.threshold


def judge(family: str, rules: Sequence[Rule], count: int) -> list[Verdict | None]:
    """For each text the verdict of the first rule that removes it, or None."""
    verdicts: list[Verdict | None] = [None] * count
    for rule in rules:
        for at in np.flatnonzero(rule.broken()):
            if verdicts[at] is None:
                limit = f"{'>' if rule.above else '<'} {number(rule.threshold)}"
                verdicts[at] = Verdict(f"{family}: {rule.name}", round(float(rule.values[at]), 6), limit)
    return verdicts
