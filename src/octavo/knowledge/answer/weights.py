"""Weights: what was fitted about the ranking, and the features of a candidate that the weights apply to."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from octavo.knowledge.answer.question import Expansion, Question
from octavo.knowledge.index.postings import DEPRECATED, DUNDER, DUPLICATE, FIELDS, KINDS, PRIVATE, STANDARD

if TYPE_CHECKING:
    from numpy.typing import NDArray

PATH = Path(__file__).with_name("weights.json")
_COVERED = ("last", "parents", "heading", "summary", "body", "asked")
FEATURES = (
    "relative", "match", "direct", *(f"said in {name}" for name in _COVERED), *(f"phrase in {n}" for n in _COVERED),
    "name matched", "name unmatched", "summary matched", "asked matched", "uses", "standard", "duplicate", "dunder",
    "deprecated", "private", "depth", "short", "long", *(f"is {kind}" for kind in KINDS), "wanted",
)  # fmt: skip
_WANTED = {"class": ("class",), "module": ("module",), "callable": ("function", "method", "class")}


def _ranker() -> dict[str, float]:
    start = {"relative": 1.0, "uses": 0.03, "standard": 0.06, "dunder": -0.15, "deprecated": -0.08, "wanted": 0.04}
    return {name: start.get(name, 0.0) for name in FEATURES}


@dataclass(frozen=True)
class Weights:
    """Everything that was fitted about the ranking; `bench/retrieval.py fit` makes the shipped ones."""

    fields: tuple[float, ...] = (3.0, 1.2, 0.8, 1.5, 1.5, 1.0, 0.5, 3.0)
    """In the order of `FIELDS`."""
    lengths: tuple[float, ...] = (0.5, 0.3, 0.5, 0.5, 0.4, 0.6, 0.5, 0.3)
    """How much the length of each field counts (BM25's b)."""
    saturation: float = 1.2
    norm: float = 2.0
    """How the terms of a group add up: 1 is a sum, large is the maximum."""
    uses: float = 0.03
    standard: float = 0.06
    flags: tuple[float, ...] = (-0.02, -0.15, -0.08, -0.1)
    """In the first ranking, for duplicate, dunder, deprecated, private."""
    expansion: Expansion = field(default_factory=Expansion)
    ranker: dict[str, float] = field(default_factory=_ranker)
    """In the second ranking, by feature."""


@cache
def shipped() -> Weights:
    """The weights that come with the package."""
    data: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))
    return Weights(ranker={name: float(data["ranker"].get(name, 0.0)) for name in FEATURES})


def priors(columns: NDArray[np.void], w: Weights) -> NDArray[np.float32]:
    """What popularity and kind add to a passage in the first ranking."""
    flags = columns["flags"]
    prior = np.float32(w.uses) * np.log1p(columns["uses"].astype(np.float32))
    prior += np.float32(w.standard) * ((flags & STANDARD) > 0)
    for weight, flag in zip(w.flags, (DUPLICATE, DUNDER, DEPRECATED, PRIVATE), strict=True):
        prior += np.float32(weight) * ((flags & flag) > 0)
    result: NDArray[np.float32] = prior.astype(np.float32)
    return result


def candidate_features(
    question: Question,
    idf: NDArray[np.float32],
    hits: list[tuple[int, str, float, NDArray[np.bool_]]],
    match: NDArray[np.float32],
    total: NDArray[np.float32],
    columns: NDArray[np.void],
) -> NDArray[np.float64]:
    """One row of `FEATURES` per candidate; `hits` as `Searcher._field_hits` gives them, `idf` with group weights."""
    size, groups = len(columns), len(idf)
    best_GFC = np.zeros((groups, len(FIELDS), size), np.float32)
    direct_GC = np.zeros((groups, size), bool)
    matched = {name: np.zeros(size) for name in ("last", "summary", "asked")}
    seen: set[str] = set()
    for group, term, weight, inside_FC in hits:
        np.maximum(best_GFC[group], np.float32(min(1.0, weight)) * inside_FC, out=best_GFC[group])
        direct_GC[group] |= (weight >= 0.99) & inside_FC.any(axis=0)
        if term not in seen:
            seen.add(term)
            for name in matched:
                matched[name] += min(1.0, weight + 0.2) * inside_FC[FIELDS.index(name)]
    said = np.array([g.origin == "word" for g in question.groups])
    values: dict[str, NDArray[Any] | float] = {
        "relative": total / max(1e-9, float(total.max())),
        "match": match,
        "direct": _share(idf * said, direct_GC),
    }
    for name in _COVERED:
        rows = best_GFC[:, FIELDS.index(name)]
        values[f"said in {name}"] = _share(idf * said, rows)
        values[f"phrase in {name}"] = _share(idf * ~said, rows)
    length = columns["lengths"].astype(np.float64)
    last = length[:, FIELDS.index("last")]
    values["name matched"] = np.minimum(1.0, matched["last"] / np.maximum(1.0, last))
    values["name unmatched"] = np.minimum(1.0, np.maximum(0.0, last - matched["last"]) / 4)
    values["summary matched"] = np.minimum(
        1.0, matched["summary"] / np.maximum(4.0, length[:, FIELDS.index("summary")])
    )
    values["asked matched"] = np.minimum(1.0, matched["asked"] / 4)
    values["uses"] = np.log1p(columns["uses"].astype(np.float64)) / 10
    flags = columns["flags"]
    names = {
        "standard": STANDARD,
        "duplicate": DUPLICATE,
        "dunder": DUNDER,
        "deprecated": DEPRECATED,
        "private": PRIVATE,
    }
    values.update({name: (flags & flag) > 0 for name, flag in names.items()})
    values["depth"] = np.minimum(columns["depth"], 8) / 8
    body = length[:, FIELDS.index("body")]
    values["short"], values["long"] = np.maximum(0.0, 1 - body / 12), np.minimum(1.0, body / 200)
    for code, kind in enumerate(KINDS):
        values[f"is {kind}"] = columns["kind"] == code
    wanted = [KINDS.index(kind) for kind in _WANTED.get(question.wanted, ())]
    values["wanted"] = np.isin(columns["kind"], wanted)
    return np.stack([np.broadcast_to(np.asarray(values[name], np.float64), size) for name in FEATURES], axis=1)


def _share(weights: NDArray[np.float32], rows_GC: NDArray[Any]) -> NDArray[np.float64]:
    whole = float(weights.sum())
    covered: NDArray[np.float64] = (weights[:, None] * rows_GC).sum(axis=0).astype(np.float64)
    return covered / whole if whole else np.zeros(rows_GC.shape[1])
