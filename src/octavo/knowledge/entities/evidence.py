"""Evidence: what speaks for a pair and what against it, in words, each with its weight."""

from __future__ import annotations

from typing import Any

import numpy as np

from octavo.knowledge.entities.record import Record
from octavo.knowledge.entities.vectors import Vectors

_SAID = {
    "fixed": "fixed version {} on both sides",
    "version": "version {} on both sides",
    "commit": "same commit {}",
    "thread": "same pull request or issue {}",
    "tag": "same release {}",
    "repository": "same repository {}",
    "owner": "same owner of repositories {}",
    "url": "same reference {}",
    "host": "references to {}",
    "weakness": "same weakness {}",
    "symbol": "both name {}",
    "package": "same package {}",
    "vendor": "same vendor {}",
    "name": "name {}",
    "severity": "same severity {}",
    "declared": "one declares the other's identifier {}",
}
"""Kind → how a shared value is told."""
_QUIET = frozenset({"gram", "host"})
_DIFFER = {
    "fixed": "no fixed version in common",
    "version": "no version in common",
    "repository": "other repositories",
    "weakness": "other weaknesses",
    "package": "other packages",
}
MOST = 6
"""Items for and items against that are told."""
WORDS = 5
AWAY = 120
"""Days from which a distance of dates speaks against a pair."""


def evidence(
    left: Record, right: Record, at: tuple[int, int], text: Vectors, fields: Vectors
) -> list[tuple[str, float]]:
    """Items with weights: shared values by their rarity (ln of one in how many records), contradictions below 0.

    `at` is where both records stand in their collections.
    """
    told = _statements(left, right, at, fields)
    shared = _shared(text.left, text.right, at)
    rare = shared[np.argsort(-text.idf[shared], kind="stable")][:WORDS]
    if len(rare):
        told.append((f"rare words: {', '.join(text.terms[int(c)] for c in rare)}", float(text.idf[rare].mean())))
    days = [record.fields.get("date") for record in (left, right)]
    against: list[tuple[str, float]] = []
    if None not in days:
        apart = abs(days[0] - days[1])  # type: ignore[operator]
        if apart <= 31:
            told.append((f"dated {apart:.0f} days apart", 1.0))
        elif apart > AWAY:
            against.append((f"dated {apart:.0f} days apart", -float(np.log(apart / AWAY)) - 0.5))
    for kind, words_ in _DIFFER.items():
        mine, theirs = set(left.fields.get(kind, ())), set(right.fields.get(kind, ()))
        if mine and theirs and not mine & theirs and not (kind == "package" and "vendor" in right.fields):
            against.append((f"{words_}: {_some(mine)} against {_some(theirs)}", -1.0))
    told.sort(key=lambda item: (-item[1], item[0]))
    return told[:MOST] + against[:MOST]


def said(items: list[tuple[str, float]]) -> tuple[str, ...]:
    """Items as lines: `same commit 063a3fb (+9.1)`."""
    return tuple(f"{what} ({weight:+.1f})" for what, weight in items)


def _statements(left: Record, right: Record, at: tuple[int, int], fields: Vectors) -> list[tuple[str, float]]:
    told: list[tuple[str, float]] = []
    for kind in left.fields:
        mine, theirs = left.fields[kind], right.fields.get(kind)
        if kind in _QUIET or not isinstance(mine, tuple) or not isinstance(theirs, tuple):
            continue
        for value in sorted(set(mine) & set(theirs)):
            column = fields.vocabulary.get(f"{kind}={value}")
            if column is not None and not (kind == "version" and value in left.fields.get("fixed", ())
                                           and value in right.fields.get("fixed", ())):  # fmt: skip
                what = _SAID.get(kind, f"same {kind} {{}}").format(value[:80])
                told.append((what, float(fields.idf[column])))
    names = [c for term, c in _named(fields, at) if term.startswith("name=")]
    if names:
        best = max(names, key=lambda c: float(fields.idf[c]))
        told.append((f"name {fields.terms[best].removeprefix('name=')}", float(fields.idf[best])))
    return told


def _named(fields: Vectors, at: tuple[int, int]) -> list[tuple[str, int]]:
    return [(fields.terms[int(c)], int(c)) for c in _shared(fields.left, fields.right, at)]


def _shared(left: Any, right: Any, at: tuple[int, int]) -> Any:
    rows = [side.indices[side.indptr[i] : side.indptr[i + 1]] for side, i in zip((left, right), at, strict=True)]
    return np.intersect1d(rows[0], rows[1])


def _some(values: set[str]) -> str:
    listed = sorted(values)
    return ", ".join(listed[:2]) + (" …" if len(listed) > 2 else "")
