"""Recall: how much of the evidence is among the first k that were retrieved, and whether all of it is."""

from __future__ import annotations

from collections.abc import Sequence

from octavo.kinds.scores import Score
from octavo.measures.accuracy import share
from octavo.measures.intervals import ratio_bootstrap


def recall_at(ranked: Sequence[str], gold: Sequence[str], k: int) -> float:
    """|first k ∩ gold| / |gold|; questions need gold."""
    wanted = set(gold)
    return len(wanted & set(ranked[:k])) / len(wanted)


def mean_recall(name: str, ranked: Sequence[Sequence[str]], gold: Sequence[Sequence[str]], k: int) -> Score:
    """The mean over questions of recall at `k`, with a bootstrap interval over them."""
    values = [recall_at(r, g, k) for r, g in zip(ranked, gold, strict=True)]
    ends = ratio_bootstrap(values, [1.0] * len(values))
    mean = sum(values) / len(values)
    return Score(
        name=name, value=mean, n=len(values), low=ends.low, high=ends.high, direction="higher", method=ends.method
    )


def all_gold(name: str, ranked: Sequence[Sequence[str]], gold: Sequence[Sequence[str]], k: int) -> Score:
    """The share of questions with all of their evidence among the first `k`: the honest figure for several hops."""
    return share(name, [set(g) <= set(r[:k]) for r, g in zip(ranked, gold, strict=True)])
