"""Consensus: the likely true label of each item and how good each annotator is, from answers that disagree.

Dawid and Skene (1979): annotators have confusion matrices; labels and matrices are estimated in turn (EM).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_ROUNDS = 100
_PRIOR = 1.0
"""Answers that each annotator is taken to have given beforehand, mostly right: few answers prove little."""


@dataclass(frozen=True)
class Consensus:
    """Item → probability of each label, and annotator → confusion (true label × answer) and share of right answers."""

    labels: Floats
    confusion: Floats
    right: Floats
    """Expected share of right answers of each annotator."""


def dawid_skene(
    items: Sequence[int],
    annotators: Sequence[int],
    answers: Sequence[int],
    labels: int,
    known: Mapping[int, int] | None = None,
) -> Consensus:
    """From answers as three equally long rows of numbers (which item, which annotator, which label).

    `known` gives the true label of some items, which then is not estimated.
    """
    item, who, answer = (np.asarray(row, dtype=np.int64) for row in (items, annotators, answers))
    if not len(item):
        raise ValueError("there is no answer")
    truth = np.zeros((int(item.max()) + 1, labels))
    np.add.at(truth, (item, answer), 1.0)
    truth /= np.maximum(truth.sum(axis=1, keepdims=True), 1)
    fixed = np.array(sorted(known or ()), dtype=np.int64)
    certain = np.eye(labels)[[known[at] for at in fixed.tolist()]] if known else np.zeros((0, labels))
    truth[fixed] = certain
    people = int(who.max()) + 1
    prior = np.full((labels, labels), _PRIOR / labels / max(1, labels)) + np.eye(labels) * _PRIOR / labels
    confusion = np.zeros((people, labels, labels))
    for _ in range(_ROUNDS):
        confusion = np.tile(prior, (people, 1, 1))
        np.add.at(confusion.transpose(0, 2, 1), (who, answer), truth[item])
        confusion /= confusion.sum(axis=2, keepdims=True)
        share = (truth.sum(axis=0) + 1) / (truth.sum() + labels)
        logs = np.tile(np.log(share), (len(truth), 1))
        np.add.at(logs, item, np.log(confusion[who, :, answer]))
        new = np.exp(logs - logs.max(axis=1, keepdims=True))
        new /= new.sum(axis=1, keepdims=True)
        new[fixed] = certain
        moved = float(np.abs(new - truth).max())
        truth = new
        if moved < 1e-8:
            break
    right, count = np.zeros(people), np.zeros(people)
    np.add.at(right, who, truth[item, answer])
    np.add.at(count, who, 1.0)
    return Consensus(truth, confusion, right / np.maximum(count, 1))
