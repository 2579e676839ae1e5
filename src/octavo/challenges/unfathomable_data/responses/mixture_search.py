"""Response: domains are weighed by how far a small model lags behind a reference in each (DoReMi, Xie et al. 2023)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from octavo.challenges.response import Prediction, Row
from octavo.challenges.unfathomable_data.answering import Curated, respond_by
from octavo.challenges.unfathomable_data.ground import Ground
from octavo.challenges.unfathomable_data.learner import BATCH, STEPS, shape, stream
from octavo.data.mixture.proxy import STEP_BYTES, WINDOW, Course
from octavo.kinds.records import Row as Record

SEARCH_STEPS = 40
"""Of the reference and of the reweighted proxy."""
MOST_EPOCHS = 12.0
"""No domain is read more often than this; the natural mixture reads all nearly twice."""
EVERY = 5
"""Every fifth text is kept for what is not learnt from in the search."""


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """Train on the found mixture, with the same steps and seeds."""
    return respond_by(curate, ground, probe, seed)


def curate(ground: Ground, scratch: Path, seed: int) -> Curated:
    """The corpus as it is, with weights."""
    weights, flops = weigh(ground.planting.rows, scratch, seed)
    return Curated(ground.planting.rows, weights, flops=flops)


def weigh(rows: Sequence[Record], scratch: Path, seed: int) -> tuple[dict[str, float] | None, float]:
    """(domain → weight, what the search took); no weights where there is one domain only."""
    from octavo.data.mixture.doremi import reweigh
    from octavo.data.mixture.weights import limited

    domains = sorted({row["domain"] for row in rows})
    if len(domains) < 2:
        return None, 0.0
    streams = scratch / "streams"
    streams.mkdir()
    sizes = []
    for number, domain in enumerate(domains):
        mine = [row for row in rows if row["domain"] == domain]
        sizes.append(float(len(stream(mine))))
        np.save(streams / f"learn-{number}.npy", stream([row for at, row in enumerate(mine) if at % EVERY]))
        np.save(streams / f"unseen-{number}.npy", stream(mine[::EVERY]))
    (streams / "domains.json").write_text(json.dumps(domains), encoding="utf-8")
    n = np.array(sizes)
    raw, _ = reweigh(streams, n / n.sum(), Course(steps=SEARCH_STEPS, seed=seed), scratch / "doremi")
    budget = STEPS * BATCH * WINDOW
    mixture = limited(domains, n, raw, budget=budget, most=MOST_EPOCHS, how="doremi")
    # two models learn (forward and backward: 3 parts), and both are also only asked in the second pass (1 part each)
    flops = shape().flops_per_token(WINDOW) * STEP_BYTES * SEARCH_STEPS * (2 + 2 / 3)
    return dict(zip(domains, mixture.weights, strict=True)), float(flops)
