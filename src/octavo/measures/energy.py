"""Energy: what work may have taken, by three proxies that must not be mixed, and per correct answer with intervals.

Without a counter in reach, joules are estimates: from processor time (uncertain about fivefold), from operations, and
from bytes moved. Ratios of two ways within one proxy are sturdier than any of the joules.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from octavo.measures.intervals import RESAMPLES, Floats, Interval

WATTS = ((0.47, 1.69), (3.68, 8.96))
"""(idle, busy) watts of one virtual processor on the thriftiest and the hungriest server processors of 2019–2024
(EPYC of generations 2 and 5), from SPECpower by way of the Cloud Carbon Footprint coefficients."""
PICOJOULES_PER_FLOP = 2.3
"""A 32-bit addition (0.9) or multiplication (3.7) on average, 45 nm (Horowitz 2014); newer chips need a third of it."""
PICOJOULES_PER_BYTE = 160.0
"""Read from DRAM (Horowitz 2014: 640 pJ for 32 bits); what stays in a cache costs a hundredth."""
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Joules:
    """An estimate with the ends between which it may lie, and the proxy that it is by; compare like with like only."""

    low: float
    high: float
    proxy: str


@dataclass
class Spent:
    """What a stretch of work took; filled in when it ends."""

    wall: float = 0.0
    cpu: float = 0.0
    """Seconds of user and system, with all children, those that ended too."""
    steal: float = 0.0
    """Seconds that the host gave to others, all processors together: a sign that wall time tells little."""
    processors: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))


@contextmanager
def metered() -> Iterator[Spent]:
    """Measure what is done inside."""
    spent = Spent()
    cpu, steal, wall = _cpu(), _steal(), time.perf_counter()
    try:
        yield spent
    finally:
        spent.wall, spent.cpu, spent.steal = time.perf_counter() - wall, _cpu() - cpu, _steal() - steal


def by_time(cpu: float, wall: float, processors: int = 1) -> Joules:
    """E = n·P_idle·wall + (P_busy − P_idle)·cpu, for the thriftiest and the hungriest processor."""
    low, high = (processors * idle * wall + (busy - idle) * cpu for idle, busy in WATTS)
    return Joules(low, high, "processor time")


def by_operations(flops: float) -> Joules:
    """From operations: between a third of the published figure and all of it."""
    most = flops * PICOJOULES_PER_FLOP * 1e-12
    return Joules(most / 3, most, "operations")


def by_bytes(count: float) -> Joules:
    """From bytes moved: between all of them in a cache and all from DRAM."""
    most = count * PICOJOULES_PER_BYTE * 1e-12
    return Joules(most / 100, most, "bytes")


def per_correct(costs: Sequence[float], right: Sequence[float]) -> float:
    """Σ cost of all answers, wrong and declined ones too, over the correct ones; infinite when there are none."""
    correct = float(sum(right))
    return float(sum(costs)) / correct if correct else float("inf")


def ratio_per_correct(
    before: Sequence[tuple[float, float]],
    after: Sequence[tuple[float, float]],
    clusters: Sequence[Hashable],
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Interval of (cost per correct answer after) / (before), from (cost, right) of the same items, paired, whole
    clusters drawn (an item with all its seeds). Draws without a correct answer count as infinite or zero."""
    rows = np.array([(*b, *a) for b, a in zip(before, after, strict=True)], dtype=np.float64)
    names = list(dict.fromkeys(clusters))
    place = {name: number for number, name in enumerate(names)}
    sums = np.zeros((len(names), 4))
    np.add.at(sums, [place[one] for one in clusters], rows)
    generator = np.random.default_rng(seed)
    counts = generator.multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
    low, high = np.quantile(_ratios(counts @ sums), [(1 - confidence) / 2, (1 + confidence) / 2], method="nearest")
    value = float(_ratios(sums.sum(axis=0)[None])[0])
    method = f"paired bootstrap over {len(names)} clusters"
    return Interval(min(float(low), value), max(float(high), value), method, confidence)


@dataclass(frozen=True)
class BreakEven:
    """Which of two ways is the cheaper one, by how much is asked."""

    first_for_few: bool
    """Whether it is the first while little is asked."""
    flips: float
    """Number of questions from which the other one is cheaper; infinite when it never is."""


def break_even(build: float, each: float, other_build: float, other_each: float) -> BreakEven:
    """Of two ways that cost `build` once (or for each update) and `each` for every question: N* = Δbuild / Δeach."""
    if (build, each) == (other_build, other_each):
        return BreakEven(True, float("inf"))
    first = (build, each) <= (other_build, other_each)
    dearer, saved = abs(build - other_build), (each - other_each if first else other_each - each)
    return BreakEven(first, dearer / saved if saved > 0 else float("inf"))


def _ratios(totals: Floats) -> Floats:
    cost_before, right_before, cost_after, right_after = totals.T
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio: Floats = np.where(right_before > 0, (cost_after * right_before) / (cost_before * right_after), 0.0)
    return np.where((right_after == 0) & (right_before > 0), np.inf, np.nan_to_num(ratio, nan=1.0, posinf=np.inf))


def _cpu() -> float:
    """Of this process, its ended children, and those that run."""
    mine, ended = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    total = mine.ru_utime + mine.ru_stime + ended.ru_utime + ended.ru_stime
    return total + sum(_running(pid) for pid in _descendants(os.getpid()))


def _descendants(pid: int) -> list[int]:
    found, todo = [], [pid]
    while todo:
        for tasks in Path(f"/proc/{todo.pop()}/task").glob("*/children"):
            try:
                children = [int(child) for child in tasks.read_text().split()]
            except OSError:  # it ended meanwhile and is counted as ended
                continue
            found += children
            todo += children
    return found


def _running(pid: int) -> float:
    """User and system seconds of a process and of its ended children."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(one) for one in fields[11:15]) / _TICK


def _steal() -> float:
    try:
        fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    except OSError:
        return 0.0
    return int(fields[8]) / _TICK if len(fields) > 8 else 0.0
