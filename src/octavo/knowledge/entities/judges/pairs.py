"""Pairs: two records side by side as a model reads them, and what judging them takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from octavo.knowledge.entities.record import Record

SHOWN_FIELDS = ("fixed", "weakness")
SHOWN_VALUES = 4
"""Values of one field that are shown."""


@dataclass
class Spent:
    """What judging took so far."""

    pairs: int = 0
    undecided: int = 0
    """Pairs without a usable answer."""
    calls: int = 0
    """Requests to an endpoint, repeated ones included."""
    tokens_in: int = 0
    tokens_out: int = 0
    uncounted: int = 0
    """Answers whose endpoint did not say how many tokens they took."""
    flops: float = 0.0
    seconds: float = 0.0


class Judge(Protocol):
    """Says how probably two records are the same; what it took is in `spent`."""

    spent: Spent

    def probabilities(self, pairs: Sequence[tuple[Record, Record]]) -> list[float]:
        """One probability a pair, in order; NaN where none could be had."""
        ...


def shown(record: Record, characters: int) -> str:
    """A record as a judge reads it: names, some fields, text; never an identifier that the record does not show."""
    parts = [", ".join(record.names[:SHOWN_VALUES])]
    for kind in SHOWN_FIELDS:
        values = [str(one) for one in record.fields.get(kind, ())][:SHOWN_VALUES]
        parts += [f"{kind} {', '.join(values)}"] if values else []
    parts.append(" ".join(record.text.split()))
    return ". ".join(part for part in parts if part)[:characters]
