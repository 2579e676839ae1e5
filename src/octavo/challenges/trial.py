"""Trial: baseline and responses under the same probe, seeds and budget → before and after, cost, and a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from octavo.challenges.card import MeasureCard, ResponseCard
from octavo.challenges.catalogue import Challenge
from octavo.challenges.measure import Measure, score
from octavo.challenges.response import CANNOT_RUN, Cost, Prediction, answer_all
from octavo.kinds.scores import Direction, Score
from octavo.measures.intervals import Floats, Interval, mcnemar
from octavo.spine.errors import OctavoError
from octavo.spine.progress import progress

Verdict = Literal["better", "worse", "no effect", "cannot tell"]


@dataclass(frozen=True)
class Effect:
    """What a response did to one measure: after − before over the same items."""

    measure: str
    direction: Direction
    before: Score
    after: Score
    difference: float
    interval: Interval
    margin: float
    p: float | None
    """Exact McNemar, for measures that are yes or no for each item; None for others."""
    verdict: Verdict
    by_seed: tuple[float, ...] = ()
    """The value after, for each seed."""


@dataclass(frozen=True)
class Tried:
    """One response: its effect on each measure, and what it cost."""

    response: str
    effects: tuple[Effect, ...]
    cost: Cost
    predictions: Mapping[int, Sequence[Prediction]]


@dataclass(frozen=True)
class Trial:
    """A challenge tried: what was held equal, the baseline, and each response against it."""

    challenge: str
    subject: str
    items: int
    seeds: tuple[int, ...]
    budget: float
    baseline: str
    scores: tuple[Score, ...]
    cost: Cost
    tried: tuple[Tried, ...]
    predictions: Mapping[int, Sequence[Prediction]]
    not_run: Mapping[str, str] = field(default_factory=dict)
    """Response → what it lacks here."""
    recommendation: tuple[str, ...] = ()
    """What it speaks for and what that rests on, line by line, where the challenge says so."""

    def as_json(self) -> dict[str, Any]:
        """For `--json` and for keeping; without the predictions."""
        return {
            "challenge": self.challenge,
            "subject": self.subject,
            "items": self.items,
            "seeds": list(self.seeds),
            "budget_seconds": self.budget,
            "baseline": {
                "name": self.baseline,
                "scores": [asdict(one) for one in self.scores],
                "cost": self.cost.as_json(),
            },
            "responses": [
                {
                    "name": one.response,
                    "effects": [asdict(effect) for effect in one.effects],
                    "cost": one.cost.as_json(),
                }
                for one in self.tried
            ],
            "not_run": dict(self.not_run),
            "recommendation": list(self.recommendation),
        }


def verdict(direction: Direction, low: float, high: float, margin: float) -> Verdict:
    """What an interval of after − before says.

    Inside ± margin: no effect (however sure the sign may be, it does not matter). Else wholly on one side of zero:
    better or worse. Else: cannot tell; more items would be needed.
    """
    if -margin <= low and high <= margin:
        return "no effect"
    if low > 0 or high < 0:
        return "better" if (low > 0) == (direction == "higher") else "worse"
    return "cannot tell"


def run_trial(
    challenge: Challenge,
    *,
    scratch: Path,
    project: Path | None = None,
    responses: Sequence[ResponseCard] | None = None,
    seeds: Sequence[int] = (0, 1, 2),
    budget: float = 60.0,
    grounds: Mapping[int, Any] | None = None,
) -> Trial:
    """Carry out a trial; every system answers all rows for all seeds within `budget` seconds a seed.

    `grounds` (seed → ground) are used instead of preparing them, by who tries several things on the same.
    """
    card = challenge.card
    probe = sorted(challenge.probe(), key=lambda row: str(row["id"]))
    measures: Mapping[str, Measure] = challenge.module(card.measure).MEASURES
    if grounds is None:
        grounds = _prepared(challenge, project, scratch, seeds)
    before, cost = answer_all(challenge.module(card.baseline.module).respond, grounds, probe, budget)
    tables = {one.name: _tables(measures[one.name], grounds, probe, before) for one in card.measures}
    scores = {one.name: score(one, measures[one.name], tables[one.name]) for one in card.measures}
    tried = []
    not_run: dict[str, str] = {}
    for response in card.responses if responses is None else responses:
        try:
            after, spent = answer_all(challenge.module(response.module).respond, grounds, probe, budget)
        except OctavoError as error:
            if error.code != CANNOT_RUN or (responses is not None and len(responses) == 1):
                raise
            not_run[response.name] = f"{error.what}; {error.do}" if error.do else error.what
            continue
        effects = []
        for one in card.measures:
            mine = _tables(measures[one.name], grounds, probe, after)
            effects.append(_effect(one, measures[one.name], tables[one.name], mine, scores[one.name]))
        tried.append(Tried(response.name, tuple(effects), spent, after))
    first = grounds[seeds[0]]
    trial = Trial(
        challenge=challenge.name,
        subject=str(getattr(first, "subject", "")),
        items=len(probe),
        seeds=tuple(seeds),
        budget=budget,
        baseline=card.baseline.name,
        scores=tuple(scores.values()),
        cost=cost,
        tried=tuple(tried),
        predictions=before,
        not_run=not_run,
    )
    if not card.recommendation:
        return trial
    said = challenge.module(card.recommendation).recommend(trial)
    return replace(trial, recommendation=tuple(said))


def _prepared(challenge: Challenge, project: Path | None, scratch: Path, seeds: Sequence[int]) -> dict[int, Any]:
    prepare = challenge.module(challenge.card.ground).prepare
    grounds = {}
    bar = progress("prepare", len(seeds), "seeds")
    for seed in seeds:
        place = scratch / f"seed-{seed}"
        place.mkdir(parents=True, exist_ok=True)
        grounds[seed] = prepare(project, place, seed)
        bar.advance()
    return grounds


def _tables(
    measure: Measure, grounds: Mapping[int, Any], probe: Sequence[Any], told: Mapping[int, Sequence[Prediction]]
) -> list[Floats]:
    return [measure.table(grounds[seed], probe, predictions) for seed, predictions in told.items()]


def _effect(card: MeasureCard, measure: Measure, before: list[Floats], after: list[Floats], old: Score) -> Effect:
    interval = measure.interval(before, after)
    same = all(map(np.array_equal, before, after))
    new = old if same else score(card, measure, after)
    return Effect(
        measure=card.name,
        direction=card.direction,
        before=old,
        after=new,
        difference=new.value - old.value,
        interval=interval,
        margin=card.margin,
        p=_yes_or_no(before, after),
        verdict=_judged(card, measure, interval, len(after)),
        by_seed=tuple(measure.statistic(table) for table in after),
    )


def _judged(card: MeasureCard, measure: Measure, interval: Interval, seeds: int) -> Verdict:
    """The verdict; where the seeds alone are drawn, one of them has no interval, and any difference may be luck."""
    if measure.over == "seeds" and seeds < 2 and (interval.low, interval.high) != (0.0, 0.0):
        return "cannot tell"
    return verdict(card.direction, interval.low, interval.high, card.margin)


def _yes_or_no(before: list[Floats], after: list[Floats]) -> float | None:
    """McNemar's p when every item has one number that is 0 or 1; several seeds decide by majority."""
    if any(table.shape[1] != 1 or not np.isin(table, (0.0, 1.0)).all() for table in (*before, *after)):
        return None
    old, new = (np.mean([table[:, 0] for table in tables], axis=0) > 0.5 for tables in (before, after))
    return mcnemar([bool(one) for one in old], [bool(one) for one in new])
