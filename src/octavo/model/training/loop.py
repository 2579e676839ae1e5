"""Loop: trains a model by any method: schedule, clipping, spike guard, exact resume, readings and the forecast."""

from __future__ import annotations

import json
import math
import statistics
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from octavo.model.distributed.ranks import ALONE, Ranks
from octavo.model.distributed.rules import rule_for
from octavo.model.machine import Machine, measured_peak, memory_in_use, synchronise, with_threads
from octavo.model.network.experts import expert_load
from octavo.model.network.shape import Course
from octavo.model.training.method import Batch, Method
from octavo.model.training.state import StateFolder
from octavo.spine.errors import OctavoError
from octavo.spine.progress import progress, reading

SAVE_SECONDS = 15.0
READ_SECONDS = 1.0
SPIKE_WINDOW = 128
SPIKE_DEVIATIONS = 6.0
SKIPPED_IN_A_ROW = 20


@dataclass(frozen=True)
class Trained:
    """What was learnt (float32, by parameter name), one row per step, and what a summary should say."""

    method: Method
    weights: dict[str, Tensor]
    rows: list[dict[str, float]]
    facts: dict[str, Any]

    @cached_property
    def model(self) -> Any:
        """The trained model in float32."""
        return self.method.finish(self.weights)


class SpikeGuard:
    """Refuses steps whose loss or gradient norm is not a number or leaps out of the last steps'.

    The rule of OLMo-core: more than six deviations above the mean of the last 128.
    """

    def __init__(self, losses: list[float], norms: list[float]) -> None:
        self.losses, self.norms = losses, norms
        self.in_a_row = 0

    def refuses(self, loss: float, norm: float) -> bool:
        """Whether to skip the step; remembers what it saw of the steps it lets through."""
        broken = not (math.isfinite(loss) and math.isfinite(norm))
        if broken or _leaps(loss, self.losses) or _leaps(norm, self.norms):
            self.in_a_row += 1
            if self.in_a_row >= SKIPPED_IN_A_ROW:
                raise OctavoError(
                    "T003",
                    f"The training came apart: {SKIPPED_IN_A_ROW} steps in a row had a loss or gradient beyond reason",
                    likely="the learning rate is too high for this size",
                    do="set a lower learning_rate and run again",
                )
            return True
        self.in_a_row = 0
        for kept, value in ((self.losses, loss), (self.norms, norm)):
            kept.append(value)
            del kept[:-SPIKE_WINDOW]
        return False


def _leaps(value: float, before: list[float]) -> bool:
    if len(before) < SPIKE_WINDOW:
        return False
    return value > statistics.fmean(before) + SPIKE_DEVIATIONS * statistics.pstdev(before)


class Training:
    """One training run from its first step, or the last saved one, to its end.

    With several `ranks` each process makes this same object and takes the same steps; what one number of ranks saved
    goes on with any other.
    """

    def __init__(
        self,
        method: Method,
        course: Course,
        machine: Machine,
        scratch: Path,
        bytes_per_token: float,
        ranks: Ranks = ALONE,
    ) -> None:
        self.method, self.course, self.bytes_per_token, self.ranks = method, course, bytes_per_token, ranks
        identity = json.dumps([method.name, method.digest(), asdict(course), machine.precision], sort_keys=True)
        self.folder = StateFolder(scratch, identity)
        saved = self.folder.newest()
        self.processes = ranks.count
        if saved is not None and (saved[1]["step"] == course.steps or saved[1].get("ranks", 1) == ranks.count):
            # Sums split over another number of threads round otherwise: go on as it was begun.
            self.processes = saved[1].get("ranks", 1)
            machine = with_threads(machine, saved[1]["threads"])
        self.machine = machine
        self.model: nn.Module = method.prepare().to(machine.device)
        self.size = method.size(self.model)
        self.rule = rule_for(method, self.model, course, machine, ranks)
        self.step, self.tokens, self.skipped = 0, 0, 0
        self.rows: list[dict[str, float]] = []
        self.guard = SpikeGuard([], [])
        if saved is not None:
            self._take_up(*saved)
        ranks.check_same(f"step {self.step} of {self.folder.digest}")

    def run(self) -> Trained:
        """Train to the end; the result does not depend on where it was interrupted or saved."""
        forecast = Forecast(self) if self.step < self.course.steps else None
        bar = progress(f"train ({self.method.name})", self.course.steps, "steps")
        bar.advance(self.step, forecast.note if forecast else "")
        began = saved = told = time.monotonic()
        done = 0
        while self.step < self.course.steps:
            row, counted = self.take_step()
            done += counted
            now = time.monotonic()
            last = self.step == self.course.steps
            if now - told >= READ_SECONDS or last:
                self._tell(row, done / (now - began), forecast)
                told = now
            bar.advance(1, f"loss {row['loss']:.3f}, {done / (now - began):,.0f} tokens/s")
            if self.ranks.agree(now - saved >= SAVE_SECONDS or last):
                self.save()
                saved = time.monotonic()
        if forecast is not None:
            forecast.compare(time.monotonic() - began)
        return self.result()

    def result(self) -> Trained:
        """What is learnt so far."""
        return Trained(self.method, self.rule.weights(), self.rows, self._facts())

    def take_step(self) -> tuple[dict[str, float], int]:
        """One optimizer step (or a refused one): its row, and how many positions were computed."""
        whole = list(self.method.batches(self.step))
        counted = sum(batch.counted for batch in whole)
        batches = self.ranks.share(whole, self.step)
        total = self.rule.measure(lambda batch: self.method.loss(self.model, batch, 1 / max(counted, 1)), batches)
        norm = self.rule.clip(self.course.clip)
        rate = self.course.rate(self.step)
        if self.guard.refuses(total, norm):
            self.skipped += 1
            self.rule.forget()
            reading(skipped_step=self.step, loss=total, grad_norm=norm)
        else:
            self.rule.step(rate)
        self.step += 1
        self.tokens += counted
        row = {"step": self.step, "loss": round(total, 6), "lr": rate, "tokens": self.tokens}
        row["grad_norm"] = round(norm, 6)
        self.rows.append(row)
        return row, sum(batch.tokens.numel() for batch in whole)

    def save(self) -> None:
        """Write the exact state: weights, optimizer, random state, data position (the step), the guard's memory."""
        tensors = self.rule.tensors()
        if not self.ranks.first:
            return
        facts = {
            "step": self.step,
            "ranks": self.ranks.count,
            "updates": self.rule.steps,
            "tokens": self.tokens,
            "skipped": self.skipped,
            "threads": self.machine.threads,
            "rows": self.rows,
            "guard": [self.guard.losses, self.guard.norms, self.guard.in_a_row],
        }
        began = time.monotonic()
        size = self.folder.save(self.step, {**tensors, "random": torch.get_rng_state()}, facts)
        reading(saved_step=self.step, saved_mb=size / 1e6, save_seconds=time.monotonic() - began)

    def _take_up(self, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
        torch.set_rng_state(tensors.pop("random"))
        self.rule.load(tensors, facts["updates"])
        self.step, self.tokens, self.skipped, self.rows = (
            facts[name] for name in ("step", "tokens", "skipped", "rows")
        )
        losses, norms, in_a_row = facts["guard"]
        self.guard = SpikeGuard(losses, norms)
        self.guard.in_a_row = in_a_row

    def _tell(self, row: dict[str, float], speed: float, forecast: Forecast | None) -> None:
        values: dict[str, float] = {
            **row,
            "bits_per_byte": row["loss"] / math.log(2) / self.bytes_per_token,
            "tokens_per_second": speed,
            "memory_gb": memory_in_use(),
            **expert_load(self.model),
        }
        if forecast is not None:
            values["share_of_peak"] = speed * forecast.flops_per_token / forecast.peak / self.ranks.count
        reading(**values)

    def _facts(self) -> dict[str, Any]:
        tail = [row["loss"] for row in self.rows[-max(1, len(self.rows) // 20) :]]
        return {
            "parameters": self.size.parameters,
            **({"trainable": self.size.trainable} if self.size.trainable < self.size.parameters else {}),
            "tokens": self.tokens,
            "final_loss": round(statistics.fmean(tail), 6) if tail else None,
            "skipped_steps": self.skipped,
            "precision": self.machine.precision,
            "precision_reason": self.machine.reason,
            "threads": self.machine.threads,
            **({"processes": self.processes} if self.processes > 1 else {}),
            "data": self.method.digest(),
        }


class Forecast:
    """Time and memory of the steps to come, from trial batches whose gradients are thrown away."""

    TRIALS = 3

    def __init__(self, training: Training) -> None:
        size = training.size
        batches = list(training.method.batches(training.step))
        seconds = list(self._trials(training, batches))
        length = batches[0].tokens.shape[1]
        self.flops_per_token = size.flops_per_token(length)
        self.peak = measured_peak(training.machine)
        steps = training.course.steps - training.step
        self.seconds = steps * statistics.fmean(seconds)
        self.error = max(0.1 * self.seconds, steps * (max(seconds) - min(seconds)))
        self.memory = memory_in_use() + 2 * 12 * size.trainable / 1e9
        self.note = f"about {self.seconds:.0f} s ± {self.error:.0f}, {self.memory:.1f} GB"
        reading(
            forecast_seconds=self.seconds,
            forecast_error_seconds=self.error,
            forecast_memory_gb=self.memory,
            matmul_peak_gflops=self.peak / 1e9,
            precision=training.machine.precision,
        )

    def _trials(self, training: Training, batches: list[Batch]) -> Iterator[float]:
        for trial in range(self.TRIALS):
            began = time.monotonic()
            training.rule.measure(lambda batch: training.method.loss(training.model, batch, 0.0), batches[:1])
            training.rule.clip(1.0)
            synchronise(training.machine)
            computed = time.monotonic() - began
            training.rule.rehearse()
            synchronise(training.machine)
            if trial > 0:  # the first one also fetches memory and prepares kernels
                yield time.monotonic() - began + computed * (len(batches) - 1)

    def compare(self, seconds: float) -> None:
        """Tell how right the forecast was."""
        reading(forecast_seconds=self.seconds, measured_seconds=seconds, forecast_ratio=seconds / self.seconds)
