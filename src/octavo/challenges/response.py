"""Response: what answers the probe of a challenge, the baseline included, and what that costs."""

from __future__ import annotations

import contextlib
import resource
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from octavo.measures.energy import WATTS

WATTS_PER_CORE = sum(busy for _, busy in WATTS) / len(WATTS)
"""Assumed power of one busy virtual processor, the middle of what `measures.energy` takes for possible."""
ENERGY_ASSUMPTION = f"{WATTS_PER_CORE:.1f} W a busy core, no meter read; a graphics card is not counted"

Row = Mapping[str, Any]
"""One row of a probe; it has an `id`."""


@dataclass(frozen=True)
class Prediction:
    """What a response gave for one row; `output` is None when the budget was spent before its turn."""

    item: str
    output: Any
    flops: float | None = None
    """Multiplications and additions it took, where they are known."""


class Respond(Protocol):
    """The one function of a response's module."""

    def __call__(self, ground: Any, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
        """One prediction a row, in order, each made when it is asked for, so that a budget can end the rest."""
        ...


CANNOT_RUN = "C009"
"""Code of the error that a response raises, before its first answer, when it lacks what it needs here: the trial then
says so and goes on without it. Nothing is made up in its place."""


class Prepare(Protocol):
    """The one function of a ground module."""

    def __call__(self, project: Path | None, scratch: Path, seed: int) -> Any:
        """What baseline and responses share (a model, a corpus), from `project` where there is one."""
        ...


@dataclass(frozen=True)
class Cost:
    """What answering the whole probe took, all seeds together."""

    seconds: float
    cpu_seconds: float
    peak_memory: int | None
    """Bytes the process held at most, the ground included; None where the system does not tell."""
    flops: float | None
    late: int
    """Rows left without an answer because the budget was spent."""

    @property
    def joules(self) -> float:
        """Estimate from CPU seconds; see `ENERGY_ASSUMPTION`."""
        return self.cpu_seconds * WATTS_PER_CORE

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {**vars(self), "joules": round(self.joules, 3), "energy_assumption": ENERGY_ASSUMPTION}


def answer_all(
    respond: Respond, grounds: Mapping[int, Any], probe: Sequence[Row], budget: float
) -> tuple[dict[int, list[Prediction]], Cost]:
    """Let a response answer the probe once for each seed, at most `budget` seconds each; what it gave and its cost."""
    told: dict[int, list[Prediction]] = {}
    _forget_peak()
    began, busy, late = time.perf_counter(), time.process_time(), 0
    for seed, ground in grounds.items():
        start = time.perf_counter()
        answers = respond(ground, probe, seed)
        mine: list[Prediction] = []
        for row in probe:
            if time.perf_counter() - start > budget:
                mine.append(Prediction(row["id"], None))
                late += 1
                continue
            prediction = next(answers)
            assert prediction.item == row["id"], f"answered {prediction.item} when asked {row['id']}"
            mine.append(prediction)
        told[seed] = mine
    flops = [prediction.flops for mine in told.values() for prediction in mine if prediction.output is not None]
    known = [count for count in flops if count is not None]
    cost = Cost(
        seconds=time.perf_counter() - began,
        cpu_seconds=time.process_time() - busy,
        peak_memory=_peak(),
        flops=sum(known) if len(known) == len(flops) else None,
        late=late,
    )
    return told, cost


def _forget_peak() -> None:
    """Linux: let the peak of resident memory start again from now."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int | None:
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return None
