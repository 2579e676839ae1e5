"""Clock: what every earlier stage of a run cost, for stages that report times. The run itself writes it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

CLOCK = "clock.json"


@dataclass(frozen=True)
class StageCost:
    """Of one stage: wall seconds of all attempts, most bytes of memory held at once, and its last readings."""

    stage: str
    seconds: float
    peak_memory: int
    attempts: int
    observed: dict[str, float | int | str]


def read_clock(folder: Path) -> list[StageCost]:
    """The costs, in the order of the path."""
    return [StageCost(**row) for row in json.loads((folder / CLOCK).read_bytes())]
