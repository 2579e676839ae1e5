"""Link: what one database calls this, another calls that: for each left record its counterpart, or that it has none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from octavo.knowledge.entities.candidates import Candidates, block
from octavo.knowledge.entities.record import Record

METHODS = ("text", "graph", "fused", "model")


@dataclass(frozen=True)
class Link:
    """The decision on one left record."""

    left: str
    right: str | None
    """Its counterpart; None when it has none."""
    score: float
    """Probability that the best candidate is the same thing, 0–1."""
    decision: str
    """`same`, `related` (the same flaw, another package) or `none`."""
    evidence: tuple[str, ...]
    """What speaks for the best candidate and what against it, strongest first."""

    def as_json(self) -> dict[str, Any]:
        """A row of the file of links."""
        return {
            "left": self.left,
            "right": self.right,
            "score": round(self.score, 4),
            "decision": self.decision,
            "evidence": list(self.evidence),
        }


def link(
    left: Sequence[Record], right: Sequence[Record], method: str = "fused", *, candidates: Candidates | None = None
) -> Iterator[Link]:
    """A link for each left record, in order."""
    found = candidates or block(left, right)
    for number, record in enumerate(left):
        part = found.of(number)
        if part.start == part.stop:
            yield Link(record.id, None, 0.0, "none", ("no record shares a rare word or statement",))
            continue
        score = float(found.score[part][0]) / 2
        best = right[int(found.right[part][0])].id
        same = score >= 0.25
        yield Link(record.id, best if same else None, score, "same" if same else "none", ())
