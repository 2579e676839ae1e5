"""Compare: the audit before and after a repair, on the same sentences, with intervals of what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from octavo.measures import fairness
from octavo.measures.intervals import ratio_bootstrap
from octavo.tokenizer.audit.open import Opened
from octavo.tokenizer.audit.parallel import Parallel


@dataclass(frozen=True)
class Change:
    """Tokens of one language after over before: below 1 is shorter."""

    language: str
    before: int
    after: int
    ratio: float
    low: float
    high: float
    premium_before: float
    premium_after: float

    @property
    def verdict(self) -> str:
        """`shorter`, `longer`, `the same` or `can't tell`."""
        if self.before == self.after and self.low == self.high:
            return "the same"
        return "shorter" if self.high < 1 else "longer" if self.low > 1 else "can't tell"


@dataclass(frozen=True)
class Comparison:
    """All languages, and what sums them up, before and after."""

    parallel: str
    changes: list[Change]
    vocabulary: tuple[int, int]
    parity: tuple[float, float]
    gini: tuple[float, float]
    unchanged: float
    """Share of the sentences that are cut into the very same pieces."""

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {**asdict(self), "changes": [{**asdict(one), "verdict": one.verdict} for one in self.changes]}


def compare(before: Opened, after: Opened, parallel: Parallel) -> Comparison:
    """Cut the same sentences with both."""
    counts: dict[str, tuple[list[int], list[int]]] = {}
    same = total = 0
    for language, texts in parallel.texts.items():
        old, new = before.encode_all(texts), after.encode_all(texts)
        counts[language] = ([len(ids) for ids in old], [len(ids) for ids in new])
        for a, b in zip(old, new, strict=True):
            same += [before.pieces[n] for n in a] == [after.pieces[n] for n in b]
        total += len(texts)
    base = counts[parallel.base]
    premiums = [
        {language: fairness.premium(held[at], base[at]) for language, held in counts.items()} for at in range(2)
    ]
    changes = []
    for language, (old_lengths, new_lengths) in counts.items():
        low, high = _interval(new_lengths, old_lengths, parallel.clusters)
        changes.append(
            Change(
                language,
                sum(old_lengths),
                sum(new_lengths),
                fairness.normalised_length(new_lengths, old_lengths),
                low,
                high,
                premiums[0][language],
                premiums[1][language],
            )
        )
    changes.sort(key=lambda one: (one.ratio, one.language))
    return Comparison(
        parallel.name,
        changes,
        (before.size, after.size),
        (fairness.parity(premiums[0]), fairness.parity(premiums[1])),
        (fairness.gini(list(premiums[0].values())), fairness.gini(list(premiums[1].values()))),
        same / max(total, 1),
    )


def _interval(after: list[int], before: list[int], clusters: Sequence[str] | None) -> tuple[float, float]:
    found = ratio_bootstrap([float(n) for n in after], [float(n) for n in before], clusters=clusters)
    return found.low, found.high
