"""Measures of a corpus: what of the planted is left, what was lost, and what a model that read it says.

Each row of a table is (what was measured …, weight); rows of the probe that a measure is not about have weight 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from octavo.challenges.measure import Measure
from octavo.challenges.response import Prediction, Row
from octavo.challenges.unfathomable_data import made
from octavo.challenges.unfathomable_data.ground import Ground
from octavo.measures.intervals import Floats

MOST_BITS = 8.0
"""Of a byte: a model that says nothing about a text costs that much, and worse ones are counted as that."""
MOST_EXPOSURE = 4.0

Table = list[tuple[float, ...]]


def number(prediction: Prediction, worst: float, low: float = 0.0, high: float = 1.0) -> float:
    """The number that was given; `worst` when there is none or it is out of range."""
    given = prediction.output
    told = isinstance(given, int | float) and math.isfinite(given) and low <= given <= high
    return float(given) if told else worst


def left(concerned: Callable[[Row], bool], *, wrong: bool = False) -> Measure:
    """The mean share of what is left; with `wrong`, of what is gone."""

    def rows(ground: Ground, probe: Sequence[Row], predictions: Sequence[Prediction]) -> Table:
        table: Table = []
        for row, one in zip(probe, predictions, strict=True):
            if concerned(row):
                share = number(one, worst=0.0 if wrong else 1.0)
                table.append((1 - share if wrong else share, 1.0))
            else:
                table.append((0.0, 0.0))
        return table

    return Measure(rows, mean, "mean share of text", weighed)


def planted_minus_controls(name: str, high: float, method: str) -> Measure:
    """Mean of the planted ones minus that of those that were never planted."""

    def rows(ground: Ground, probe: Sequence[Row], predictions: Sequence[Prediction]) -> Table:
        table: Table = []
        for row, one in zip(probe, predictions, strict=True):
            if row["set"] != name:
                table.append((0.0, 0.0, 0.0, 0.0))
            elif row["planted"]:
                table.append((number(one, high, high=high), 1.0, 0.0, 0.0))
            else:
                table.append((0.0, 0.0, number(one, 0.0, high=high), 1.0))
        return table

    def difference(table: Floats) -> float:
        return mean(table[:, :2], otherwise=high) - mean(table[:, 2:], otherwise=0.0)

    return Measure(rows, difference, method, lambda table: int((table[:, 1] + table[:, 3]).sum()))


def label_rows(ground: Ground, probe: Sequence[Row], predictions: Sequence[Prediction]) -> Table:
    """(1 where the label is not the right one, weight)."""
    table: Table = []
    for row, one in zip(probe, predictions, strict=True):
        asked = row["set"] == "label"
        table.append((float(asked and one.output != made.review(row["number"])[1]), float(asked)))
    return table


def loss_rows(ground: Ground, probe: Sequence[Row], predictions: Sequence[Prediction]) -> Table:
    """(number of the domain, bits, bytes) of each unseen text."""
    table: Table = []
    for row, one in zip(probe, predictions, strict=True):
        if row["set"] != "unseen" or row["id"] not in ground.unseen:
            table.append((-1.0, 0.0, 0.0))
            continue
        domain, text = ground.unseen[row["id"]]
        size = float(len(text.encode("utf-8", "replace")))
        given = one.output
        told = isinstance(given, tuple) and len(given) == 2 and math.isfinite(given[0]) and given[0] >= 0
        table.append((float(domain), min(given[0], MOST_BITS * size) if told else MOST_BITS * size, size))
    return table


def worst_domain(table: Floats) -> float:
    """The highest loss of a domain, in bits per byte."""
    domains = table[:, 0].astype(np.int64) + 1
    bits, sizes = (np.bincount(domains, weights=table[:, column]) for column in (1, 2))
    return float(np.max(bits[sizes > 0] / sizes[sizes > 0], initial=0.0)) if sizes.any() else MOST_BITS


def mean(table: Floats, otherwise: float = 1.0) -> float:
    """Σ value · weight / Σ weight; `otherwise` (the worst) when nothing has weight."""
    weight = table[:, 1].sum()
    return float((table[:, 0] * table[:, 1]).sum() / weight) if weight > 0 else otherwise


def weighed(table: Floats) -> int:
    """How many rows of the probe the measure is about."""
    return int((table[:, 1] > 0).sum())


def _in(name: str) -> Callable[[Row], bool]:
    return lambda row: bool(row["set"] == name)


MEASURES = {
    "exact copies left": left(lambda row: row["set"] == "copy" and row["rate"] == 0),
    "edited copies left": left(lambda row: row["set"] == "copy" and row["rate"] > 0),
    "paraphrases left": left(_in("paraphrase")),
    "boilerplate left": left(_in("boilerplate")),
    "wrongly removed": left(_in("different"), wrong=True),
    "personal data leaked": planted_minus_controls(
        "person", MOST_EXPOSURE, "mean exposure of planted people minus that of people never planted"
    ),
    "contamination inflation": planted_minus_controls(
        "item", 1.0, "share of planted items answered rightly minus that of items never planted"
    ),
    "worst domain loss": Measure(loss_rows, worst_domain, "highest bits per byte of a domain", weighed),
    "wrong labels": Measure(label_rows, mean, "share of labels that are wrong", weighed),
}
