"""Answering: what a tuned model says to the probe: which fields of a record it gets right, and what texts cost it.

One pass over entry and right record is enough: if each token of the record is the likeliest after those before it,
that is what greedy decoding writes, and if one is not, it writes something else there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from octavo.challenges.response import Prediction, Row
from octavo.challenges.tuning_cost.ground import Ground
from octavo.challenges.tuning_cost.logbook import FIELDS, Entry, most_frequent
from octavo.challenges.tuning_cost.tuned import Spent, Tuned
from octavo.model.foreign.packed import split
from octavo.model.training.method import Batch

READ_AT_ONCE = 16


@dataclass(frozen=True)
class Told:
    """The answer to one row: the fields that are right (of an entry), or bits and bytes (of a text)."""

    spent: Spent
    right: tuple[bool, ...] = ()
    bits: float = 0.0
    bytes: int = 0


def answers(ground: Ground, probe: Sequence[Row], tune: Callable[[], Tuned]) -> Iterator[Prediction]:
    """One prediction a row. Tuning is done when the first is asked for."""
    tuned = tune()
    entries = [entry_of(row) for row in probe if row["set"] == "task"]
    texts = [ground.general[row["number"] % len(ground.general)] for row in probe if row["set"] == "text"]
    right = iter(fields_right(ground, tuned, entries))
    bits = iter(text_bits(ground, tuned, texts))
    for number, row in enumerate(probe):
        flops = tuned.spent.flops if number == 0 else 0.0
        if row["set"] == "task":
            yield Prediction(row["id"], Told(tuned.spent, right=next(right)), flops)
        else:
            found, size = next(bits)
            yield Prediction(row["id"], Told(tuned.spent, bits=found, bytes=size), flops)


def always(ground: Ground, probe: Sequence[Row], tuned: Tuned) -> Iterator[Prediction]:
    """What who never reads an entry would answer: the most frequent values; texts are read by the untouched base."""
    said = most_frequent(list(ground.known))
    for row, prediction in zip(probe, answers(ground, probe, lambda: tuned), strict=True):
        if row["set"] == "task":
            right = tuple(mine == true for mine, true in zip(said, row["record"], strict=True))
            yield Prediction(row["id"], Told(tuned.spent, right=right), 0.0)
        else:
            yield prediction


def entry_of(row: Row) -> Entry:
    """An entry of the probe."""
    place, trouble, urgency = row["record"]
    return Entry(row["entry"], (place, trouble, urgency))


def fields_right(ground: Ground, tuned: Tuned, entries: Sequence[Entry]) -> list[tuple[bool, ...]]:
    """For each entry which fields greedy decoding gets right, each after the right fields before it; the separator
    belongs to the field before, the end of the turn to the last."""
    told = [ground.conversation(entry) for entry in entries]
    found = []
    for entry, (ids, learnt), (likeliest, _) in zip(entries, told, read(tuned, [ids for ids, _ in told]), strict=True):
        begin = learnt.index(True)
        wrong = likeliest[begin - 1 :] != np.array(ids[begin:])
        ends = field_ends(ground, entry, ids[begin:])
        found.append(tuple(not wrong[a:b].any() for a, b in zip((0, *ends), ends, strict=False)))
    return found


def field_ends(ground: Ground, entry: Entry, ids: Sequence[int]) -> tuple[int, ...]:
    """How many tokens of the record there are up to the end of each field; a token that reaches into the next field
    belongs to that."""
    ends = []
    for count in range(1, len(FIELDS)):
        said = "; ".join(entry.record[:count])
        whole = max(n for n in range(len(ids)) if said.startswith(ground.tokenizer.decode(ids[:n])))
        ends.append(whole)
    return (*ends, len(ids))


def text_bits(ground: Ground, tuned: Tuned, texts: Sequence[str]) -> list[tuple[float, int]]:
    """(bits, bytes) of each text after an end-of-text token."""
    told = [[ground.tokenizer.end_of_text, *ground.tokenizer.encode(text)] for text in texts]
    nats = [one for _, one in read(tuned, told)]
    return [(one / math.log(2), len(text.encode("utf-8", "replace"))) for one, text in zip(nats, texts, strict=True)]


@torch.no_grad()
def read(tuned: Tuned, sequences: Sequence[Sequence[int]]) -> list[tuple[np.ndarray, float]]:
    """For each sequence the likeliest token after each of its tokens but the last, and Σ −log p in nats of those that
    are there."""
    trunk, head = split(tuned.adaptation.base(tuned.model))
    order = sorted(range(len(sequences)), key=lambda one: len(sequences[one]))
    found: dict[int, tuple[np.ndarray, float]] = {}
    for start in range(0, len(order), READ_AT_ONCE):
        mine = order[start : start + READ_AT_ONCE]
        length = max(len(sequences[one]) for one in mine) - 1
        tokens, targets = torch.zeros(2, len(mine), length, dtype=torch.long)
        inside = torch.full((len(mine), length), -1)
        for row, one in enumerate(mine):
            ids = torch.tensor(sequences[one])
            tokens[row, : len(ids) - 1], targets[row, : len(ids) - 1] = ids[:-1], ids[1:]
            inside[row, : len(ids) - 1] = 0
        batch = Batch(tokens, targets, inside, 0)
        logits = _logits(trunk, head, tuned.adaptation.inputs(tuned.model, batch))[:, -length:].float()
        nats = torch.logsumexp(logits, -1) - logits.gather(2, targets[..., None])[..., 0]
        for row, one in enumerate(mine):
            last = len(sequences[one]) - 1
            found[one] = (logits[row, :last].argmax(-1).numpy(), float(nats[row, :last].double().sum()))
    return [found[one] for one in range(len(sequences))]


def _logits(trunk: nn.Module, head: nn.Module | None, inputs: dict[str, Any]) -> Tensor:
    answer = trunk(**inputs, use_cache=False)
    logits: Tensor = answer.logits if head is None else head(answer[0])
    return logits
