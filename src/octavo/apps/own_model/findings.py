"""Findings: what one part of the evaluation found: scores, the items behind them, facts, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from octavo.kinds.scores import Score


@dataclass
class Findings:
    """Collected while a part of the evaluation runs."""

    scores: list[Score] = field(default_factory=list)
    items: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    left_out: dict[str, int | str] = field(default_factory=dict)
    """What was left out → how many, or why."""
