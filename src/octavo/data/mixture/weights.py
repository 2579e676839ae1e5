"""Weights: how much of a mixture each domain gets, and how often it is read for that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from octavo.spine.errors import WRONG_USE, OctavoError

Floats = NDArray[np.float64]

MOST_EPOCHS = 4.0
"""Text read more often than this hardly teaches (Muennighoff et al. 2023, scaling data-constrained models)."""


@dataclass(frozen=True)
class Mixture:
    """A weighted choice of domains. `weights` add up to 1; `sizes` are bytes; `budget` is the bytes of one training."""

    domains: tuple[str, ...]
    sizes: tuple[int, ...]
    weights: tuple[float, ...]
    budget: int
    how: str
    """In words: natural, temperature 2, found by regmix …"""

    @property
    def natural(self) -> tuple[float, ...]:
        """Each domain's share of the bytes."""
        total = sum(self.sizes)
        return tuple(size / total for size in self.sizes)

    @property
    def epochs(self) -> tuple[float, ...]:
        """How often each domain is read in one training."""
        return tuple(w * self.budget / size for w, size in zip(self.weights, self.sizes, strict=True))

    def rows(self) -> list[dict[str, float | int | str]]:
        """A row a domain, the largest weight first."""
        found: list[dict[str, float | int | str]] = [
            {"domain": d, "bytes": s, "natural": round(n, 6), "weight": round(w, 6), "epochs": round(e, 4)}
            for d, s, n, w, e in zip(self.domains, self.sizes, self.natural, self.weights, self.epochs, strict=True)
        ]
        return sorted(found, key=lambda row: (-float(row["weight"]), str(row["domain"])))


def by_temperature(
    sizes: Mapping[str, int], temperature: float, *, budget: int = 0, most: float = MOST_EPOCHS
) -> Mixture:
    """p_i ∝ n_i^(1/T) (Devlin et al. 2019, multilingual BERT): T = 1 leaves the shares as they are, a higher one
    brings them closer; no domain is read more than `most` times."""
    if not temperature > 0:
        raise OctavoError(
            "D100",
            f"The temperature must be above 0, not {temperature:g}",
            do="1 leaves all as it is; try 2",
            exit_code=WRONG_USE,
        )
    domains, n = _domains(sizes)
    # in logarithms, since n^(1/T) leaves the range of floats for a small T
    logs = np.log(n) / temperature
    raw = np.exp(logs - logs.max())
    how = "natural" if temperature == 1 else f"temperature {temperature:g}"
    return limited(domains, n, raw / raw.sum(), budget=budget, most=most, how=how)


def given_weights(
    sizes: Mapping[str, int], weights: Mapping[str, float], *, budget: int = 0, most: float = MOST_EPOCHS
) -> Mixture:
    """The weights as given (they need not add up to 1); a domain that is not named gets nothing."""
    unknown = sorted(set(weights) - set(sizes))
    if unknown:
        raise OctavoError(
            "D101",
            f'There is no domain "{unknown[0]}" in the records',
            do=f"the domains are: {', '.join(sorted(sizes)[:12])}",
            exit_code=WRONG_USE,
        )
    if any(not (0 <= w < float("inf")) for w in weights.values()) or sum(weights.values()) <= 0:
        raise OctavoError(
            "D101", "Weights must be 0 or more, one of them more", do="correct the weights", exit_code=WRONG_USE
        )
    domains, n = _domains(sizes)
    raw = np.array([weights.get(domain, 0.0) for domain in domains])
    return limited(domains, n, raw / raw.sum(), budget=budget, most=most, how="given")


def _domains(sizes: Mapping[str, int]) -> tuple[tuple[str, ...], Floats]:
    kept = {domain: size for domain, size in sorted(sizes.items()) if size > 0}
    if not kept:
        raise OctavoError("D102", "There is no text to mix", do="give records with text")
    return tuple(kept), np.array(list(kept.values()), dtype=np.float64)


def limited(domains: Sequence[str], sizes: Floats, weights: Floats, *, budget: int, most: float, how: str) -> Mixture:
    """Take from domains what would be read more than `most` times, and share it out among the others by their weights.

    A budget that even all domains read `most` times can't fill is lowered to that. 0 is all bytes once.
    """
    budget = budget or int(sizes.sum())
    room = most * sizes[weights > 0].sum()
    budget = min(budget, int(room))
    caps = np.where(weights > 0, most * sizes / max(budget, 1), 0.0)
    result = weights.astype(np.float64).copy()
    full = np.zeros(len(sizes), dtype=bool)
    while True:
        over = (result > caps * (1 + 1e-12)) & ~full
        if not over.any():
            break
        full |= over
        result[full] = caps[full]
        rest = ~full & (weights > 0)
        if not rest.any():
            break
        result[rest] = weights[rest] / weights[rest].sum() * max(0.0, 1 - result[full].sum())
    result /= result.sum()
    return Mixture(tuple(domains), tuple(int(s) for s in sizes), tuple(float(w) for w in result), budget, how)
