"""Search: which mixture gives the lowest loss, by regression over many small trainings, with how sure that is.

As in RegMix (Liu et al. 2024) many proxies are trained on random mixtures and their losses are regressed on the
weights; here the regression is a Gaussian process, which says how unsure it is, and the mixture that it likes best is
then trained beside the natural one with several seeds before anything is claimed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import linalg, stats

from octavo.data.mixture.doremi import reweigh
from octavo.data.mixture.proxy import STEP_BYTES, Course, Proxy, train_proxy
from octavo.data.mixture.weights import Floats, limited
from octavo.spine.shards import over_shards

CANDIDATES = 2000
DRAWS = 300
"""Functions drawn from the regression, for the interval of the weights."""


@dataclass(frozen=True)
class Compared:
    """A loss with the natural mixture and with the found one, over paired seeds: bits per byte, lower is better."""

    what: str
    natural: float
    found: float
    difference: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """What the interval of the difference says."""
        if self.low <= 0 <= self.high:
            return "not distinguishable at this budget"
        return "better" if self.high < 0 else "worse"


@dataclass(frozen=True)
class Found:
    """What a search found: weights with intervals, and the comparison with the natural mixture."""

    weights: tuple[float, ...]
    intervals: tuple[tuple[float, float], ...]
    overall: Compared
    domains: tuple[Compared, ...]
    trained: int

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "verdict": self.overall.verdict,
            "overall": vars(self.overall),
            "domains": [{**vars(one), "verdict": one.verdict} for one in self.domains],
            "weights": [
                {"weight": w, "low": i[0], "high": i[1]} for w, i in zip(self.weights, self.intervals, strict=True)
            ],
            "proxies": self.trained,
        }


def search(
    streams: Path,
    sizes: Sequence[int],
    course: Course,
    scratch: Path,
    *,
    budget: int,
    most: float,
    on: str,
    workers: int,
) -> Found:
    """Find weights for the domains in `streams` (see `proxy.write_streams`), whose text has `sizes` bytes each."""
    n = np.array(sizes, dtype=np.float64)
    domains = json.loads((streams / "domains.json").read_text(encoding="utf-8"))
    natural = n / n.sum()
    goal = natural if not course.target else np.array([float(domain == course.target) for domain in domains])
    read = course.steps * STEP_BYTES
    share = min(1.0, read / max(budget, 1))
    trials = Trials(streams, share, course, scratch, on, workers)
    if course.method == "doremi":
        raw, intervals = reweigh(streams, natural, course, scratch / "doremi")
        best = np.array(limited(domains, n, raw, budget=budget, most=most, how="").weights)
        trained = 2
    else:
        designs = design(natural, n, course, budget=budget, most=most)
        losses = trials.losses("designs", [(weights, course.seed) for weights in designs]) @ goal
        best, intervals = best_of(designs, losses, natural, n, budget=budget, most=most, seed=course.seed)
        trained = len(designs)
    seeds = [course.seed + 1 + number for number in range(course.seeds)]
    after = trials.losses("found", [(best, seed) for seed in seeds])
    before = trials.losses("natural", [(natural, seed) for seed in seeds])
    rows = [compare(domain, before[:, at], after[:, at]) for at, domain in enumerate(domains)]
    overall = compare(course.target or "all domains", before @ goal, after @ goal)
    return Found(tuple(map(float, best)), tuple(intervals), overall, tuple(rows), trained + 2 * len(seeds))


class Trials:
    """Trains proxies, each once."""

    def __init__(self, streams: Path, share: float, course: Course, scratch: Path, on: str, workers: int) -> None:
        self.streams, self.share, self.course, self.scratch = streams, share, course, scratch
        self.on, self.workers = on, workers

    def losses(self, what: str, tasks: Sequence[tuple[Floats, int]]) -> Floats:
        """(tasks, domains): bits per byte."""
        proxies = [
            Proxy(self.streams, tuple(map(float, weights)), self.course.steps, seed, self.share)
            for weights, seed in tasks
        ]
        parts = over_shards(
            train_proxy,
            proxies,
            self.scratch / what,
            what=f"train proxies ({what})",
            on=self.on,
            workers=self.workers,
            unit="models",
        )
        return np.array([json.loads(part.read_text(encoding="utf-8")) for part in parts])


def design(natural: Floats, sizes: Floats, course: Course, *, budget: int, most: float) -> list[Floats]:
    """The mixtures to try: the natural one, equal shares, and random ones from near to far."""
    random = np.random.Generator(np.random.PCG64([11, course.seed]))
    count = len(natural)
    raw = [natural, np.full(count, 1 / count)]
    while len(raw) < max(4, course.runs):
        centre = natural ** (1 / random.uniform(1, 4))
        raw.append(random.dirichlet(np.maximum(1e-3, centre / centre.sum() * count * random.uniform(0.5, 4))))
    names = [str(number) for number in range(count)]
    return [
        np.array(limited(names, sizes, weights + 1e-6, budget=budget, most=most, how="").weights) for weights in raw
    ]


def best_of(
    designs: Sequence[Floats], losses: Floats, natural: Floats, sizes: Floats, *, budget: int, most: float, seed: int
) -> tuple[Floats, list[tuple[float, float]]]:
    """The candidate with the lowest expected loss, and for each domain where 95 % of the likely optima lie."""
    random = np.random.Generator(np.random.PCG64([13, seed]))
    near = designs[int(np.argmin(losses))]
    names = [str(number) for number in range(len(natural))]
    candidates = [*designs]
    while len(candidates) < CANDIDATES:
        centre = (natural, near, np.full(len(natural), 1 / len(natural)))[len(candidates) % 3]
        raw = random.dirichlet(np.maximum(1e-3, centre * len(natural) * random.uniform(1, 20)))
        candidates.append(np.array(limited(names, sizes, raw + 1e-6, budget=budget, most=most, how="").weights))
    tried, points = np.sqrt(np.array(designs)), np.sqrt(np.array(candidates))
    mean, covariance = regress(tried, losses, points)
    order = np.argsort(mean)[:200]
    jitter = 1e-9 * np.eye(len(order)) * max(1e-12, float(covariance.diagonal().max()))
    functions = random.multivariate_normal(mean[order], covariance[np.ix_(order, order)] + jitter, DRAWS, method="eigh")
    optima = np.array(candidates)[order[functions.argmin(axis=1)]]
    low, high = np.quantile(optima, [0.025, 0.975], axis=0)
    return candidates[int(order[0])], [(float(a), float(b)) for a, b in zip(low, high, strict=True)]


def regress(tried: Floats, losses: Floats, points: Floats) -> tuple[Floats, Floats]:
    """Mean (P) and covariance (P, P) of a Gaussian process at `points`, length and noise by maximum likelihood.

    Weights go in as square roots, so that distances are Hellinger's and a change from 0 to 1 % counts more than one
    from 50 to 51 %. Rasmussen and Williams 2006, chapters 2 and 5.
    """
    centre = float(losses.mean())
    y = losses - centre
    best: tuple[float, float, float, float] | None = None
    for length in np.geomspace(0.1, 3, 12):
        shape = np.exp(-_squared(tried, tried) / (2 * length**2))
        for noise in np.geomspace(1e-4, 1, 9):
            factor = linalg.cho_factor(shape + noise * np.eye(len(y)), lower=True)
            scale = float(y @ linalg.cho_solve(factor, y)) / len(y)
            evidence = -0.5 * len(y) * np.log(max(scale, 1e-18)) - float(np.log(factor[0].diagonal()).sum())
            if best is None or evidence > best[0]:
                best = (evidence, float(length), float(noise), scale)
    assert best is not None
    _, length, noise, scale = best
    factor = linalg.cho_factor(np.exp(-_squared(tried, tried) / (2 * length**2)) + noise * np.eye(len(y)), lower=True)
    across = np.exp(-_squared(points, tried) / (2 * length**2))
    within = np.exp(-_squared(points, points) / (2 * length**2))
    mean = centre + across @ linalg.cho_solve(factor, y)
    return mean, scale * (within - across @ linalg.cho_solve(factor, across.T))


def _squared(a: Floats, b: Floats) -> Floats:
    return np.maximum(0.0, (a**2).sum(1)[:, None] + (b**2).sum(1)[None, :] - 2 * a @ b.T)


def compare(what: str, before: Floats, after: Floats) -> Compared:
    """Paired over the seeds, with Student's t; what the unseen text happens to be is not in the interval."""
    differences = after - before
    mean = float(differences.mean())
    if len(differences) < 2:
        return Compared(what, float(before.mean()), float(after.mean()), mean, -np.inf, np.inf)
    wide = float(stats.t.ppf(0.975, len(differences) - 1) * differences.std(ddof=1) / np.sqrt(len(differences)))
    return Compared(what, float(before.mean()), float(after.mean()), mean, mean - wide, mean + wide)
