"""Forgetting: what texts cost a model more after some training than before, in percent of the bits before."""

from __future__ import annotations

import math
from collections.abc import Sequence

from octavo.kinds.scores import PERCENT, Score
from octavo.measures.compression import WORST, Likelihood
from octavo.measures.intervals import ratio_bootstrap


def forgetting(before: Sequence[Likelihood], after: Sequence[Likelihood], *, name: str = "forgetting") -> Score:
    """100 · (bits after / bits before − 1) over the same documents, with a bootstrap over them; below zero it learnt.

    Where a likelihood is not a finite number it counts as `WORST` bits a byte, and the document as unparsed.
    """
    pairs = [(a, b) for a, b in zip(before, after, strict=True) if a.bytes > 0]
    old, new = ([_nats(pair[side]) for pair in pairs] for side in (0, 1))
    if not sum(old):
        raise ValueError("forgetting needs a document that cost something before")
    value = 100 * (sum(new) / sum(old) - 1)
    low, high, method = -100.0, 100 * WORST, "one document: any value is possible"
    if len(pairs) > 1:
        interval = ratio_bootstrap(new, old)
        low, high = 100 * (interval.low - 1), 100 * (interval.high - 1)
        method = "bits after / bits before, bootstrap over documents"
    return Score(
        name=name,
        value=value,
        n=len(pairs),
        low=min(low, value),
        high=max(high, value),
        direction="lower",
        unit=PERCENT,
        range=(-100.0, 100 * WORST),
        method=method,
        unparsed=sum(not (math.isfinite(a.nll) and math.isfinite(b.nll)) for a, b in pairs),
        baseline=0.0,
        baseline_name="nothing forgotten",
    )


def _nats(document: Likelihood) -> float:
    worst = WORST * document.bytes * math.log(2)
    return min(document.nll, worst) if math.isfinite(document.nll) else worst
