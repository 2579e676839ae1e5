"""Forecast: how long a training will take and how much memory, from trial steps that leave no trace.

What the optimizer keeps is counted before it is made; what a step needs is measured: one row, then two, then a whole
batch, so that a batch that cannot fit is refused and not tried.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from octavo.model.distributed.ranks import Ranks
from octavo.model.machine import Machine, measured_peak, resident_memory, synchronise
from octavo.model.training.method import Batch, Method, Rule, Size
from octavo.model.training.room import GB, refuse_without_room
from octavo.spine.disk import write_durably
from octavo.spine.progress import reading

TRIALS = 3
"""Whole trial steps; the first one also fetches memory and prepares kernels, and its time does not count."""
LEAST_ERROR = 0.1
"""Of the time: what a machine varies by on its own."""
PROBE_BYTES = 8_000_000


class Run(Protocol):
    """What a forecast needs to know of a training run."""

    method: Method
    model: nn.Module
    rule: Rule
    size: Size
    machine: Machine
    ranks: Ranks
    step: int
    steps: int


@dataclass(frozen=True)
class Needs:
    """Time of a step and of a save, bytes of memory; arithmetic alone, so that it can be tested."""

    step_seconds: Sequence[float]
    save_seconds: float
    memory: float

    def seconds(self, steps: int, save_every: float) -> float:
        """Of so many steps with a save every so many seconds and one at the end."""
        computed = steps * statistics.fmean(self.step_seconds)
        return computed + (computed // max(save_every, 1e-3) + 1) * self.save_seconds

    def error(self, steps: int, save_every: float) -> float:
        """How far the time may be off, as a share of it: the spread of the trial steps, and at least a tenth."""
        spread = steps * (max(self.step_seconds) - min(self.step_seconds))
        return max(LEAST_ERROR, spread / max(self.seconds(steps, save_every), 1e-9))


class Forecast:
    """What a run will take, told before it starts, and compared with what it took."""

    def __init__(self, run: Run, folder: Path, save_every: float) -> None:
        # The trials may draw random numbers (dropout); the steps to come must not notice.
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            batches = run.ranks.share(list(run.method.batches(run.step)), run.step)
            if run.ranks.count == 1:  # several would have to try together, and their rows may differ in number
                fit(run, batches[0])
            seconds = list(_trials(run, batches))
            self.peak = measured_peak(run.machine)
        state = sum(tensor.numel() * tensor.element_size() for tensor in run.rule.tensors().values())
        # A save holds the state twice more: as bytes, and as the file's content.
        needs = Needs(seconds, state * _seconds_a_byte(folder), resident_memory(run.machine) + 2 * state)
        steps = run.steps - run.step
        self.flops_per_token = run.size.flops_per_token(batches[0].tokens.shape[1])
        self.seconds = needs.seconds(steps, save_every)
        self.error = needs.error(steps, save_every)
        self.memory = needs.memory / GB
        self.note = line(self.seconds, self.error, self.memory)
        reading(
            forecast=self.note,
            forecast_seconds=self.seconds,
            forecast_error_seconds=self.error * self.seconds,
            forecast_memory_gb=self.memory,
            matmul_peak_gflops=self.peak / 1e9,
            precision=run.machine.precision,
        )

    def compare(self, seconds: float, memory_gb: float) -> None:
        """Tell how right the forecast was."""
        ratio = seconds / max(self.seconds, 1e-9)
        off = f"{abs(ratio - 1):.0%} {'longer' if ratio > 1 else 'shorter'}"
        right = abs(ratio - 1) <= self.error
        reading(
            outcome=f"took {spell(seconds)}, forecast {spell(self.seconds)} ± {self.error:.0%}:"
            f" {'as forecast' if right else off};"
            f" {memory_gb:.1f} GB, forecast {self.memory:.1f} GB",
            forecast_seconds=self.seconds,
            measured_seconds=seconds,
            forecast_ratio=ratio,
            forecast_memory_gb=self.memory,
            measured_memory_gb=memory_gb,
            memory_ratio=memory_gb / self.memory,
        )


def fit(run: Run, batch: Batch) -> None:
    """Refuse a batch that does not fit into the free memory, by what one row and two rows of it take."""
    rows = batch.tokens.shape[0]
    if rows < 4:
        return
    before = resident_memory(run.machine)
    held = []
    for count in (1, 2):
        _compute(run, first_rows(batch, count))
        run.rule.forget()
        held.append(resident_memory(run.machine))
    need = whole_batch(before, held[0], held[1], rows) - held[1]
    refuse_without_room(need, f"a batch of {rows} rows of {batch.tokens.shape[1]:,} tokens", run.machine.device)


def whole_batch(before: float, one: float, two: float, rows: int) -> float:
    """Memory with a batch of so many rows, from what was held before, with one row and with two."""
    return before + (one - before) + (rows - 1) * max(0.0, two - one)


def first_rows(batch: Batch, count: int) -> Batch:
    """A smaller batch, whatever tensors it holds."""
    rows = len(batch.tokens)
    cut: dict[str, Any] = {
        field.name: value[:count]
        for field in fields(batch)
        if isinstance(value := getattr(batch, field.name), Tensor) and value.ndim and len(value) == rows
    }
    return replace(batch, **cut, counted=int((cut["targets"] >= 0).sum()))


def line(seconds: float, error: float, memory_gb: float) -> str:
    """As people say it: "fits in 3.1 GB, 6 min 40 s ± 10 %"."""
    return f"fits in {memory_gb:.1f} GB, {spell(seconds)} ± {100 * error:.0f} %"


def spell(seconds: float) -> str:
    """A duration in its two largest units."""
    if seconds < 59.5:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min"


def _compute(run: Run, batch: Batch) -> None:
    """Loss and gradient of a batch, times nothing."""

    def loss(part: Batch) -> Tensor:
        return run.method.loss(run.model, part, 0.0)

    run.rule.measure(loss, [batch])


def _trials(run: Run, batches: Sequence[Batch]) -> Iterator[float]:
    for trial in range(TRIALS):
        began = time.monotonic()
        _compute(run, batches[0])
        synchronise(run.machine)
        computed = time.monotonic() - began
        run.rule.clip(1.0)
        run.rule.rehearse()
        synchronise(run.machine)
        if trial > 0:
            yield time.monotonic() - began + computed * (len(batches) - 1)


def _seconds_a_byte(folder: Path) -> float:
    """How slow the disk is that the state is saved to."""
    probe = folder / f"forecast-{os.getpid()}.probe"  # several ranks may try the same disk at once
    began = time.monotonic()
    write_durably(probe, bytes(PROBE_BYTES))
    taken = time.monotonic() - began
    probe.unlink()
    return taken / PROBE_BYTES
