"""Calibrate: the weights by which the seed chooses among spans and declines, fitted on made and on written items.

Both have names, wordings and relations that the training never had: weights fitted on wordings that it knows would
trust the model more than it deserves where a stranger asks. The written ones (`wordings.jsonl`) come from somebody who
had not seen the synthetic world. The choice is a softmax over the spans of an answerable item; declining is a logistic
regression.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from octavo.apps.seed.measure import UNWORDED, Probe, made_probes, matches, written_probes
from octavo.model.reading.judge import SURE, Judge
from octavo.model.reading.prompt import pieces
from octavo.model.reading.reader import Reader
from octavo.spine.progress import progress

DECLINED = 0.94
"""Share of the made unanswerable items that the threshold declines: somewhat more than the 90 % that are asked for. The
written ones are made to mislead; a threshold that declined nine in ten of them would decline half of what is plain."""
WRITTEN = Path(__file__).with_name("wordings.jsonl")
PULL = 0.02
"""How strongly weights are pulled to where they began, for each item."""


@dataclass(frozen=True)
class Seen:
    """The spans of an item: features a row, what is known for declining a row, and which are right."""

    features: NDArray[np.float32]
    about: NDArray[np.float32]
    right: NDArray[np.bool_]
    answerable: bool


def calibrated(folder: Path, count: int) -> Judge:
    """The judge for the checkpoint in a folder."""
    reader = Reader.of(folder)
    reader.judge = Judge()
    made, written = list(made_probes("calibration", count, UNWORDED)), list(written_probes(WRITTEN))
    bar = progress("calibrate", len(made) + len(written), "items")
    seen: tuple[list[Seen], list[Seen]] = ([], [])
    for found, probes in zip(seen, (made, written), strict=True):
        for probe in probes:
            found += look(reader, probe)
            bar.advance()
    return fitted(*seen)


def look(reader: Reader, probe: Probe) -> list[Seen]:
    """What the reader sees of an item; nothing where there is no span."""
    shown = pieces(probe.passages, probe.question)
    found = reader.choices(probe.question, shown)
    if not found:
        return []
    texts = [shown[one.span.piece].text[one.span.start : one.span.end] for one in found]
    right = [bool(probe.answers) and matches(text, probe.answers) for text in texts]
    return [
        Seen(
            np.array([one.features for one in found], np.float32),
            np.array([one.about for one in found], np.float32),
            np.array(right),
            bool(probe.answers),
        )
    ]


def fitted(made: Sequence[Seen], written: Sequence[Seen] = ()) -> Judge:
    """First the choice, then what makes sure, both on all items; at last the threshold, on the made ones."""
    judge, seen = Judge(), [*made, *written]
    choice = _choice([one for one in seen if one.right.any()], judge)
    judge = replace(judge, choice=choice)
    rows, labels = [], []
    for one in seen:
        scores = one.features @ np.array(choice, np.float32)
        best = int(scores.argmax())
        about = one.about[best].copy()
        about[1] = scores[best]
        rows.append(about)
        labels.append(one.answerable)
    about_, answerable = np.array(rows, np.float32), np.array(labels)
    sure = _sure(about_, answerable, judge)
    judge = replace(judge, sure=sure)
    logits = (about_ @ np.array(sure, np.float32))[: len(made)]
    unanswerable = logits[~answerable[: len(made)]]
    threshold = float(np.quantile(unanswerable, DECLINED)) if len(unanswerable) else 0.0
    return replace(judge, threshold=threshold)


def _choice(seen: Sequence[Seen], judge: Judge) -> tuple[float, ...]:
    if not seen:
        return judge.choice
    start = torch.tensor(judge.choice)
    weights = start.clone().requires_grad_()
    items = [(torch.from_numpy(one.features), torch.from_numpy(one.right)) for one in seen]

    def loss() -> torch.Tensor:
        total = PULL * len(items) * (weights - start).square().sum() / 10
        for features, right in items:
            scores = features @ weights
            total = total + scores.logsumexp(0) - scores[right].logsumexp(0)
        return total / len(items)

    return _least(loss, weights)


def _sure(about: NDArray[np.float32], answerable: NDArray[np.bool_], judge: Judge) -> tuple[float, ...]:
    if answerable.all() or not answerable.any():
        return judge.sure
    rows, labels = torch.from_numpy(about), torch.from_numpy(answerable.astype(np.float32))
    weights = torch.zeros(len(SURE), requires_grad=True)

    def loss() -> torch.Tensor:
        logits = rows @ weights
        fit = torch.nn.functional.binary_cross_entropy_with_logits(logits, labels)
        return fit + PULL * weights[1:].square().sum() / 10

    return _least(loss, weights)


def _least(loss: object, weights: torch.Tensor) -> tuple[float, ...]:
    """Where the loss is least, found by L-BFGS."""
    optimizer = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        value = loss()  # type: ignore[operator]
        value.backward()
        return value

    optimizer.step(closure)
    return tuple(float(one) for one in weights.detach())
