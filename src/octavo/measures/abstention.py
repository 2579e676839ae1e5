"""Abstention: does it decline what it can't answer, answer what it can, and is it surer when it is right?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from octavo.kinds.scores import Direction, Score
from octavo.measures.accuracy import share
from octavo.measures.intervals import Floats, bootstrap, wilson

DECLINED = -1.0
"""Confidence given to a declined question: it comes after all answered ones and, if forced, counts as wrong."""


@dataclass(frozen=True)
class Outcome:
    """One question: how sure the answer was, whether it was right, whether it was declined."""

    confidence: float
    right: bool
    declined: bool = False

    def row(self) -> tuple[float, float]:
        """(confidence, 1 when wrong)."""
        return (DECLINED, 1.0) if self.declined else (self.confidence, float(not self.right))


def declined_share(answerable: Sequence[bool], unanswerable: Sequence[bool]) -> list[Score]:
    """Whether each question was declined → the two shares; the baseline declines as often, but at random."""
    everything = [*answerable, *unanswerable]
    at_random = sum(everything) / len(everything) if everything else 0.0
    asked: list[tuple[str, Sequence[bool], Direction]] = [
        ("unanswerable declined", unanswerable, "higher"),
        ("answerable declined", answerable, "lower"),
    ]
    return [
        share(name, outcomes, direction=better, baseline=at_random, baseline_name="declining as often, at random")
        for name, outcomes, better in asked
        if outcomes
    ]


def curve(outcomes: Sequence[Outcome]) -> list[tuple[float, float]]:
    """Risk–coverage curve: (share of questions answered, share of wrong ones among them), surest first.

    Equal confidences are answered in random order: the risk inside such a group is the expected one, so the curve
    does not depend on the order of the input.
    """
    risks = _risks(np.array([outcome.row() for outcome in outcomes], dtype=np.float64).reshape(-1, 2))
    return [((i + 1) / len(risks), float(risk)) for i, risk in enumerate(risks)]


def aurc(outcomes: Sequence[Outcome], name: str = "risk–coverage area") -> Score:
    """Area under the risk–coverage curve, 0 … 1, lower is better (Geifman, El-Yaniv 2017).

    The baseline is the same answers in random order: the plain share of wrong ones. Declined questions come last and
    count as wrong, so declining everything is as bad as being wrong everywhere.
    """
    rows = [outcome.row() for outcome in outcomes]
    value = area(np.array(rows, dtype=np.float64))
    wrong = sum(row[1] for row in rows) / len(rows)
    low, high, how = _bounds(rows, area, value)
    method = f"area, {how}"
    about = "same answers, any order"
    return Score(name, value, len(rows), low, high, "lower", method=method, baseline=wrong, baseline_name=about)


def risk_at(outcomes: Sequence[Outcome], coverage: float, name: str = "") -> Score:
    """The share of wrong answers among the surest `coverage` of the questions (at least one); baseline: of all."""
    if not 0 < coverage <= 1:
        raise ValueError(f"coverage is a share above 0, not {coverage}")

    def risk(rows: Floats) -> float:
        return float(_risks(rows)[max(1, round(coverage * len(rows))) - 1])

    rows = [outcome.row() for outcome in outcomes]
    value = risk(np.array(rows, dtype=np.float64))
    low, high, method = _bounds(rows, risk, value)
    wrong = sum(row[1] for row in rows) / len(rows)
    title, about = name or f"risk at {coverage:.0%} coverage", "same answers, any order"
    return Score(title, value, len(rows), low, high, "lower", method=method, baseline=wrong, baseline_name=about)


def _bounds(
    rows: list[tuple[float, float]], statistic: Callable[[Floats], float], value: float
) -> tuple[float, float, str]:
    if len(rows) < 2:
        return 0.0, 1.0, "one question: any value is possible"
    interval = bootstrap(rows, statistic, resamples=1000)
    if interval.low < interval.high:
        return interval.low, interval.high, "percentile bootstrap over questions"
    # Where all questions went alike a bootstrap has no width; the share of so many questions still has one.
    share = wilson(round(value * len(rows)), len(rows))
    return min(share.low, value), max(share.high, value), "Wilson (all questions alike)"


def _risks(rows: Floats) -> Floats:
    """Expected share of wrong ones among the first i = 1 … n by falling confidence; rows are (confidence, wrong)."""
    confidences, inverse, counts = np.unique(-rows[:, 0], return_inverse=True, return_counts=True)
    wrong = np.bincount(inverse.ravel(), weights=rows[:, 1], minlength=len(confidences))
    expected = np.repeat(wrong / counts, counts)
    return np.asarray(np.cumsum(expected) / np.arange(1, len(rows) + 1), dtype=np.float64)


def area(rows: Floats) -> float:
    """Area under the risk–coverage curve of rows (confidence, 1 when wrong)."""
    return float(np.clip(_risks(rows).mean(), 0.0, 1.0))
