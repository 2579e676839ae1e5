"""Loop: trains a model by any method: schedule, clipping, exact resume, readings."""

from __future__ import annotations

import json
import math
import statistics
import time
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from octavo.model.distributed.ranks import ALONE, Ranks
from octavo.model.distributed.rules import rule_for
from octavo.model.machine import Machine, memory_in_use, with_threads
from octavo.model.network.experts import expert_load
from octavo.model.network.shape import Course
from octavo.model.training.forecast import Forecast
from octavo.model.training.method import Method
from octavo.model.training.spikes import SpikeGuard
from octavo.model.training.state import StateFolder
from octavo.spine.progress import progress, reading

SAVE_SECONDS = 15.0
READ_SECONDS = 1.0
LONG_SAVE = 0.75
"""Seconds: a state that takes longer to save is saved less often, so that saving stays a twentieth of the time."""


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
        self.step, self.steps, self.tokens, self.skipped = 0, course.steps, 0, 0
        self.rows: list[dict[str, float]] = []
        self.guard = SpikeGuard([], [])
        if saved is not None:
            self._take_up(*saved)
        ranks.check_same(f"step {self.step} of {self.folder.digest}")

    def run(self) -> Trained:
        """Train to the end; the result does not depend on where it was interrupted or saved."""
        forecast = Forecast(self, self.folder.folder, SAVE_SECONDS) if self.step < self.steps else None
        bar = progress(f"train ({self.method.name})", self.steps, "steps")
        bar.advance(self.step, forecast.note if forecast else "")
        began = saved = told = time.monotonic()
        done, wait = 0, SAVE_SECONDS
        while self.step < self.steps:
            row, counted = self.take_step()
            done += counted
            now = time.monotonic()
            last = self.step == self.steps
            if now - told >= READ_SECONDS or last:
                self._tell(row, done / (now - began), forecast)
                told = now
            bar.advance(1, f"loss {row['loss']:.3f}, {done / (now - began):,.0f} tokens/s")
            if self.ranks.agree(now - saved >= wait or last):
                self.save()
                saved = time.monotonic()
                wait = SAVE_SECONDS * max(1.0, (saved - now) / LONG_SAVE)
        if forecast is not None:
            forecast.compare(time.monotonic() - began, memory_in_use(self.machine))
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
            "guard": self.guard.memory(),
        }
        began = time.monotonic()
        size = self.folder.save(self.step, {**tensors, **self._random()}, facts)
        reading(saved_step=self.step, saved_mb=size / 1e6, save_seconds=time.monotonic() - began)

    def _random(self) -> dict[str, Tensor]:
        """The state of the random numbers, of the GPU's too."""
        states = {"random": torch.get_rng_state()}
        if self.machine.device == "cuda":
            states["random_cuda"] = torch.cuda.get_rng_state()
        return states

    def _take_up(self, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
        torch.set_rng_state(tensors.pop("random"))
        if self.machine.device == "cuda" and "random_cuda" in tensors:
            torch.cuda.set_rng_state(tensors.pop("random_cuda"))
        self.rule.load(tensors, facts["updates"])
        self.step, self.tokens, self.skipped, self.rows = (
            facts[name] for name in ("step", "tokens", "skipped", "rows")
        )
        self.guard = SpikeGuard(*facts["guard"])

    def _tell(self, row: dict[str, float], speed: float, forecast: Forecast | None) -> None:
        values: dict[str, float] = {
            **row,
            "bits_per_byte": row["loss"] / math.log(2) / self.bytes_per_token,
            "tokens_per_second": speed,
            "memory_gb": memory_in_use(self.machine),
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
