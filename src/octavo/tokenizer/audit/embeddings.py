"""Embeddings: which tokens look as if training never saw them, from the rows of a checkpoint alone.

The indicators of Land & Bartolo (2024): a row that training never touched keeps a small norm (untied) or stays near
the rows of tokens that certainly occur nowhere (tied). Lower is more suspicious in all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octavo.measures import fairness
from octavo.tokenizer.audit.open import Opened
from octavo.tokenizer.audit.tokens import OK, TokenReport
from octavo.tokenizer.audit.weights import Embeddings, find_embeddings

SHARE = 0.02
"""Candidates: tokens at or below this quantile of the indicator."""
LIKE = 3.0
"""Standard deviations beyond the mean distance of unused rows up to which a row is like one of them."""
FEW = 3
"""So many known-unused rows are needed for their mean to say something."""
Floats = NDArray[np.float32]


@dataclass
class Indicators:
    """Each indicator as one value a token, and the one that counts for this model."""

    tied: bool
    values: dict[str, NDArray[np.float64]]
    chosen: str
    unused: list[int]
    """Ids that are known to be unused, which the tied indicators compare with."""
    candidates: list[int]
    """Of the tokens that text can produce, those at or below the quantile, the most suspicious first."""
    like_unused: list[int] = field(default_factory=list)
    """Of the tokens that text can produce, those no farther from the unused rows than these are from each other (mean
    and `LIKE` deviations), however many: `candidates` are a fixed share. Empty for untied models, and where too few
    unused rows are known."""
    agreement: dict[str, float] = field(default_factory=dict)
    """AUROC of "never occurs in the corpus" by indicator, where a corpus was counted; 0.5 says nothing."""

    def as_json(self, opened: Opened, most: int = 100) -> dict[str, Any]:
        """Summary and the first candidates."""
        chosen = self.values[self.chosen]
        return {
            "tied": self.tied,
            "indicator": self.chosen,
            "indicators": sorted(self.values),
            "known_unused": len(self.unused),
            "candidates": [
                {"id": n, "piece": opened.pieces[n], "value": float(chosen[n])} for n in self.candidates[:most]
            ],
            "candidate_count": len(self.candidates),
            "like_unused": len(self.like_unused),
            "auroc_against_counts": self.agreement,
        }


def indicate(
    folder: Path, opened: Opened, report: TokenReport, counts: NDArray[np.int64] | None = None, share: float = SHARE
) -> Indicators:
    """Indicators of a checkpoint's rows; with `counts` how well each agrees with what training saw."""
    found = find_embeddings(folder)
    rows = found.input.shape[0]
    unused = sorted({n for n in report.never if n < rows} | set(range(opened.top, rows)))
    values = _values(found, unused, rows)
    chosen = "cosine to unused" if "cosine to unused" in values and found.tied else "input norm"
    ok = [n for n, category in sorted(report.categories.items()) if category == OK and n < rows]
    limit = float(np.quantile(values[chosen][ok], share)) if ok else 0.0
    suspects = sorted((n for n in ok if values[chosen][n] <= limit), key=lambda n: (values[chosen][n], n))
    made = Indicators(found.tied, values, chosen, unused, suspects)
    if chosen != "input norm":
        reach = _reach(found, unused)
        made.like_unused = [n for n in ok if values[chosen][n] <= reach]
    if counts is not None:
        made.agreement = agreement(values, ok, counts)
    return made


def agreement(values: dict[str, NDArray[np.float64]], ok: Sequence[int], counts: NDArray[np.int64]) -> dict[str, float]:
    """AUROC with which each indicator ranks tokens that never occur before those that do, among reachable tokens."""
    never = [bool(counts[n] == 0) for n in ok]
    return {name: fairness.auroc([-float(held[n]) for n in ok], never) for name, held in sorted(values.items())}


def _values(found: Embeddings, unused: list[int], rows: int) -> dict[str, NDArray[np.float64]]:
    values = {"input norm": _over(found.input, lambda block: np.linalg.norm(block, axis=1), rows)}
    output = found.output or found.input
    if found.bias is not None:
        values["output bias"] = found.bias.whole().astype(np.float64)
    if len(unused) < FEW:
        return values
    mean = _mean(output, range(rows))
    mark = np.mean([output.rows(n, 1)[0] for n in unused], axis=0)
    axis = _first_axis(output, mean, rows)

    def without(block: Floats) -> Floats:
        return block - np.outer(block @ axis, axis)

    values["cosine to unused"] = _over(output, lambda block: 1 - _cosine(block, mark), rows)
    values["cosine to unused, mean removed"] = _over(output, lambda b: 1 - _cosine(b - mean, mark - mean), rows)
    values["cosine to unused, first axis removed"] = _over(
        output, lambda b: 1 - _cosine(without(b), without(mark[None])[0]), rows
    )
    values["distance to unused"] = _over(output, lambda block: np.linalg.norm(block - mark, axis=1), rows)
    return values


def _reach(found: Embeddings, unused: list[int]) -> float:
    """How far an unused row may be from the mean of the others: each is compared with a mean that it is not part of,
    as the tokens in question are."""
    stored = found.output or found.input
    rows = np.concatenate([stored.rows(number, 1) for number in unused]).astype(np.float32)
    total = rows.sum(axis=0)
    apart = [1 - float(_cosine(row[None], (total - row) / (len(rows) - 1))[0]) for row in rows]
    return float(np.mean(apart) + LIKE * np.std(apart))


def _over(stored: Any, one: Any, rows: int) -> NDArray[np.float64]:
    """A value for each row, a block of rows at a time."""
    made = np.zeros(rows, dtype=np.float64)
    for first, block in stored.blocks():
        made[first : first + len(block)] = one(block)
    return made


def _mean(stored: Any, rows: range) -> Floats:
    total = np.zeros(stored.shape[1], dtype=np.float64)
    for _, block in stored.blocks():
        total += block.sum(axis=0, dtype=np.float64)
    return (total / len(rows)).astype(np.float32)


def _first_axis(stored: Any, mean: Floats, rows: int) -> Floats:
    """First principal component of all rows."""
    square = np.zeros((stored.shape[1], stored.shape[1]), dtype=np.float64)
    for _, block in stored.blocks():
        centred = (block - mean).astype(np.float64)
        square += centred.T @ centred
    _, vectors = np.linalg.eigh(square / rows)
    return np.asarray(vectors[:, -1], dtype=np.float32)


def _cosine(block: Floats, mark: Floats) -> Floats:
    """Cosine with the product of the norms not below 1e-6, as the method's authors clip it."""
    products = np.linalg.norm(block, axis=1) * float(np.linalg.norm(mark))
    return np.asarray(block @ mark / np.maximum(products, 1e-6), dtype=np.float32)
