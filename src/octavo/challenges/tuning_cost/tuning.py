"""Tuning: a method on the base within one budget of FLOPs, the search for its learning rate included.

Successive halving (Jamieson & Talwalkar 2016): all rates begin the same course; after `FIRST` of the steps that the
budget allows the better ones go on, after `SECOND` one alone, to its end: the lowest that is nearly as good as the
best, since what is ahead early on is often too fast for the whole course (short-horizon bias, Wu et al. 2018). What the
losers computed is lost to the winner, so a method that needs no search would have had more.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import nn

from octavo.challenges.tuning_cost.footprint import Footprint
from octavo.challenges.tuning_cost.ground import ROW, Ground
from octavo.challenges.tuning_cost.tuned import Spent, Try, Tuned
from octavo.finetune.methods import method_named
from octavo.finetune.tuning import Tuning
from octavo.model.machine import choose_machine
from octavo.model.network.shape import Course
from octavo.model.training.loop import Training
from octavo.model.training.method import Batch, Method
from octavo.model.training.mezo import ZerothOrder
from octavo.model.training.packing import Rows
from octavo.spine import disk
from octavo.spine.errors import OctavoError

FIRST, SECOND = 0.06, 0.2
NEAR = 1.25
"""Times the best loss at the second rung: up to there the lower rate is preferred."""
MEZO = "mezo"
"""Learns every weight as full fine-tuning does, by another rule."""
KEPT = 2
"""Rates that go on after the first rung."""
RATES: dict[str, tuple[float, ...]] = {
    "full": (1e-4, 3e-4, 1e-3, 3e-3, 1e-2),
    "lora": (3e-4, 1e-3, 3e-3, 1e-2, 3e-2),
    "rslora": (3e-4, 1e-3, 3e-3, 1e-2, 3e-2),
    "dora": (3e-4, 1e-3, 3e-3, 1e-2, 3e-2),
    "qlora8": (3e-4, 1e-3, 3e-3, 1e-2, 3e-2),
    "qlora4": (3e-4, 1e-3, 3e-3, 1e-2, 3e-2),
    "ia3": (3e-2, 1e-1, 3e-1, 1.0, 3.0),
    "prefix": (1e-2, 3e-2, 1e-1, 3e-1, 1.0),
    "prompt": (1e-2, 3e-2, 1e-1, 3e-1, 1.0),
    "adapter": (1e-3, 3e-3, 1e-2, 3e-2, 1e-1),
    "mezo": (1e-4, 3e-4, 1e-3, 3e-3, 1e-2),
}
"""What is tried for each method: two orders of magnitude. The last five were moved up when the best was at the end."""


@dataclass(frozen=True)
class Nature:
    """What a method is before anything is learnt: the share that learns, bytes of tensors, and FLOPs of a step."""

    trainable: float
    memory: int
    step_flops: float


class Candidate:
    """One learning rate, trained as far as it is led."""

    def __init__(self, work: Work, rate: float) -> None:
        self.work, self.rate = work, rate
        self.training: Training | None = work.training(rate)
        self.loss = math.inf

    def lead(self, steps: int) -> None:
        """Train up to so many steps, and measure. Training that comes apart ends the candidate."""
        training = self.training
        try:
            while training is not None and training.step < steps:
                training.take_step()
                self.work.computed += self.work.nature.step_flops
        except OctavoError as error:
            if error.code != "T003":
                raise
            self.training = training = None
        if training is None:
            self.loss = math.inf
            return
        self.loss = loss_of(training.method, training.model, self.work.checked)
        self.work.computed += self.work.check_flops
        self.work.tries.append(Try(self.rate, training.step, self.loss))


class Work:
    """One method on one ground."""

    def __init__(self, ground: Ground, name: str, rates: Sequence[float]) -> None:
        self.ground, self.name, self.rates, self.machine = ground, name, rates, choose_machine("float32")
        self.adaptation = method_named("full" if name == MEZO else name)
        self.checked = ground.packed(ground.checked)
        self.computed = 0.0
        self.tries: list[Try] = []

    def method(self) -> Method:
        """The method with the base as it was."""
        scale, seed = self.ground.scale, self.ground.seed
        tuning = Tuning(
            self.adaptation,
            self.ground.base,
            self.ground.rows,
            self.machine,
            batch=scale.batch,
            micro=scale.batch,
            seed=seed,
        )
        return ZerothOrder(tuning, seed=seed) if self.name == MEZO else tuning

    def training(self, rate: float, steps: int = 0) -> Training:
        """From the beginning, at this rate: a short rise, a plateau, and a fall over the last half."""
        steps = steps or self.steps
        course = Course(steps, rate, max(1, steps // 20), steps // 2, weight_decay=0.0, optimizer="adamw")
        state = self.ground.scratch / "state"
        disk.remove(state)
        return Training(self.method(), course, self.machine, state, 1.0)

    @cached_property
    def nature(self) -> Nature:
        """Known from two steps that teach nothing to anybody."""
        with Footprint() as footprint:
            training = self.training(min(self.rates), steps=2)
            model = training.model
            footprint.count([*model.parameters(), *model.buffers()])
            for _ in range(2):
                training.take_step()
        trainable = sum(p.numel() for p in model.parameters() if p.requires_grad) / self.ground.shape.parameters
        flops = training.size.flops_per_token(ROW) * self.ground.scale.batch * ROW
        return Nature(trainable, footprint.peak, flops)

    @property
    def check_flops(self) -> float:
        """Of one reading of the entries kept apart: a forward pass is a third of full training."""
        return self.ground.shape.flops_per_token(ROW) / 3 * self.checked.tokens.size

    @cached_property
    def affordable(self) -> int:
        """Steps that the budget holds, whoever makes them."""
        checks = len(self.rates) + min(KEPT, len(self.rates)) + 1
        return int((self.ground.budget - checks * self.check_flops) / self.nature.step_flops)

    @cached_property
    def rungs(self) -> tuple[int, int]:
        """Steps after which there are fewer rates."""
        return max(2, round(self.affordable * FIRST)), max(3, round(self.affordable * SECOND))

    @cached_property
    def steps(self) -> int:
        """Steps of the best rate: what the others leave."""
        first, second = self.rungs
        kept = min(KEPT, len(self.rates))
        lost = (len(self.rates) - kept) * first + (kept - 1) * second
        return max(second, self.affordable - lost)

    def search(self) -> Candidate:
        """The candidate with the best rate, at its end; a single rate is not searched for."""
        candidates = [Candidate(self, rate) for rate in self.rates]
        for rung, kept in zip(self.rungs, (KEPT, 1), strict=True):
            if len(candidates) > kept:
                for candidate in candidates:
                    candidate.lead(rung)
                candidates.sort(key=lambda one: one.loss)
                near = [one for one in candidates if one.loss <= NEAR * candidates[0].loss]
                candidates = candidates[:kept] if kept > 1 else [min(near, key=lambda one: one.rate)]
        candidates[0].lead(self.steps)
        return candidates[0]


def tune(ground: Ground, name: str, rates: Sequence[float] | None = None) -> Tuned:
    """The base tuned by the method called `name`, at the best of its rates (or of `rates`)."""
    work = Work(ground, name, tuple(rates or RATES[name]))
    assert work.nature.step_flops > 0, "known before the clock runs"
    began = time.process_time()
    best = work.search()
    return _tuned(work, best, time.process_time() - began)


def tune_at(ground: Ground, name: str, rate: float, steps: int) -> Tuned:
    """The base tuned at one rate for so many steps, whatever the budget: to see how much the rate decides."""
    work = Work(ground, name, (rate,))
    work.steps = steps
    began = time.process_time()
    candidate = Candidate(work, rate)
    candidate.lead(steps)
    return _tuned(work, candidate, time.process_time() - began)


def _tuned(work: Work, best: Candidate, seconds: float) -> Tuned:
    """What came out; where all rates broke the model it is the base with what was put into it."""
    if best.training is None:
        model, rate = work.method().prepare(), math.nan
    else:
        model, rate = best.training.result().model, best.rate
    folder = work.ground.scratch / "written"
    disk.remove(folder)
    folder.mkdir()
    work.adaptation.save(model, folder)
    nature = work.nature
    spent = Spent(
        trainable=nature.trainable,
        memory=nature.memory,
        seconds=seconds,
        size=sum(path.stat().st_size for path in folder.iterdir()),
        flops=work.computed,
        steps=work.steps,
        rate=rate,
        search=1 - work.steps * nature.step_flops / work.computed,
        tries=tuple(work.tries),
    )
    return Tuned(work.adaptation, model, spent)


def untouched(ground: Ground) -> Tuned:
    """The base as it is; its memory is what reading a step's rows takes."""
    from octavo.model.foreign.load import open_model

    choose_machine("float32")
    adaptation = method_named("full")
    model = open_model(ground.base)
    rows = torch.from_numpy(ground.rows.tokens[: ground.scale.batch]).long()
    with Footprint() as footprint, torch.no_grad():
        footprint.count(list(model.parameters()))
        model(rows, use_cache=False)
    return Tuned(adaptation, model, Spent(0.0, footprint.peak, 0.0, 0))


@torch.no_grad()
def loss_of(method: Method, model: nn.Module, rows: Rows) -> float:
    """The loss of a counted token in nats."""
    total, counted = 0.0, 0
    for start in range(0, len(rows), 4):
        tokens, targets, sequences = (
            torch.from_numpy(array[start : start + 4]).long() for array in (rows.tokens, rows.targets, rows.sequences)
        )
        batch = Batch(tokens, targets, sequences, int((targets >= 0).sum()))
        total += float(method.loss(model, batch, 1.0))
        counted += batch.counted
    loss = total / counted
    return loss if math.isfinite(loss) else math.inf
