"""Scores: what was measured, each number with its n, interval, direction and method."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from octavo.kinds.kind import Kind

SCORES = "scores.json"
ITEMS = "items.jsonl"
"""One row per evaluated item, so that each score can be traced to what it was computed from."""

Direction = Literal["higher", "lower"]
PERCENT = "%"
"""Unit of a relative change, given in hundredths."""


@dataclass(frozen=True)
class Score:
    """A measured number, never without its uncertainty.

    `low` and `high` bound the stated `confidence` interval; `n` counts the items; `unparsed` those that could not
    be scored and count against the subject. `baseline` is a trivial or length-only comparison.
    """

    name: str
    value: float
    n: int
    low: float
    high: float
    direction: Direction
    unit: str = ""
    range: tuple[float, float] = (0.0, 1.0)
    method: str = ""
    """How value and interval were computed: "share, Wilson", "mean, bootstrap over documents", …"""
    confidence: float = 0.95
    unparsed: int = 0
    baseline: float | None = None
    baseline_name: str = ""


def write_scores(folder: Path, scores: Sequence[Score], items: Sequence[dict[str, Any]], facts: dict[str, Any]) -> None:
    """Write the artifact: the scores, `facts` about what was evaluated, and the items behind them."""
    document = {"scores": [asdict(score) for score in scores], "facts": facts}
    (folder / SCORES).write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    with (folder / ITEMS).open("w", encoding="utf-8", newline="\n") as out:
        for item in items:
            out.write(json.dumps(item, ensure_ascii=False) + "\n")


def read_scores(folder: Path) -> tuple[list[Score], dict[str, Any]]:
    """The scores and the facts."""
    document = json.loads((folder / SCORES).read_text(encoding="utf-8"))
    return [Score(**{**row, "range": tuple(row["range"])}) for row in document["scores"]], document["facts"]


def describe(folder: Path) -> dict[str, Any]:
    """Each score's value with its interval."""
    scores, _ = read_scores(folder)
    return {score.name: {"value": score.value, "low": score.low, "high": score.high, "n": score.n} for score in scores}


KIND = Kind("scores", (SCORES, ITEMS), describe)
