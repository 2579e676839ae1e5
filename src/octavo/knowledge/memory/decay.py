"""Decay: the order in which a full memory lets go. It never makes a memory that is there count less."""

from __future__ import annotations

import math

from octavo.knowledge.memory.store import Store

AT_ONCE = 0.01
"""Share of the capacity that is let go when it is reached, so that most writes need not look."""
FADING = 0.5
"""ACT-R's exponent (Anderson & Schooler 1991)."""


def strength(uses: int, age: float) -> float:
    """Base-level activation B = ln Σ t^−d of a memory written and then used evenly over its age in seconds, in the
    approximation ln(n / (1 − d)) − d·ln(age)."""
    return math.log((uses + 1) / (1 - FADING)) - FADING * math.log(max(1.0, age))


def least_worth_keeping(store: Store, now: int) -> list[int]:
    """Which episodes to evict from a full memory: first those out of date, then those that were superseded, then what
    was only talked about, then the weakest."""
    rows = store.connection.execute("SELECT number, kind, born, until, superseded, uses FROM episodes").fetchall()
    capacity = int(store.fact("capacity"))
    wanted = len(rows) - capacity + int(AT_ONCE * capacity)

    def worth(row: tuple[int, str, int, int | None, int | None, int]) -> tuple[int, float, int]:
        number, kind, born, until, superseded, uses = row
        over, corrected = until is not None and until <= now, superseded is not None
        rank = 0 if over else 1 if corrected else 2 if kind == "conversation" else 3
        return rank, strength(uses, now - born), number

    newest = max(row[0] for row in rows)
    return [row[0] for row in sorted(rows, key=worth)[: max(0, wanted)] if row[0] != newest]
