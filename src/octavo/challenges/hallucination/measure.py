"""Measures of hallucination: unsupported claims, risk against coverage, and false answers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from octavo.challenges.hallucination.ground import Ground
from octavo.challenges.measure import Measure
from octavo.challenges.response import Prediction, Row
from octavo.kinds.answer import Answer
from octavo.measures.abstention import Outcome, area
from octavo.measures.claims import judge_answer
from octavo.measures.intervals import Floats


def claim_rows(ground: Ground, probe: Sequence[Row], predictions: Sequence[Prediction]) -> list[tuple[float, float]]:
    """(claims not supported by the corpus, claims) of each answer; a missing answer is one unsupported claim."""
    rows = []
    for prediction in predictions:
        answer = prediction.output
        if not isinstance(answer, Answer):
            rows.append((1.0, 1.0))
        elif answer.declined:
            rows.append((0.0, 0.0))
        else:
            judged = judge_answer(answer.answer, ground.passages)
            rows.append((float(sum(one.verdict != "supported" for one in judged)), float(len(judged))))
    return rows


def claim_share(rows: Floats) -> float:
    """The share of all claims; declining everything makes no claim and counts as all unsupported, not as perfect."""
    return float(rows[:, 0].sum() / rows[:, 1].sum()) if rows[:, 1].sum() > 0 else 1.0


def is_right(row: Row, answer: Answer) -> bool:
    """Whether a given answer says what the question wants (all strings of `say`); never for unanswerable ones."""
    text = " ".join(answer.answer.lower().split())
    return bool(row["say"]) and not answer.declined and all(wanted.lower() in text for wanted in row["say"])


def outcome_rows(ground: Ground, probe: Sequence[Row], predictions: Sequence[Prediction]) -> list[tuple[float, float]]:
    """(confidence, 1 when wrong) of each answer; declined and missing ones come last and count as wrong."""
    rows = []
    for row, prediction in zip(probe, predictions, strict=True):
        answer = prediction.output
        if not isinstance(answer, Answer) or not math.isfinite(answer.confidence):
            rows.append(Outcome(0.0, False, declined=True).row())
        else:
            rows.append(Outcome(answer.confidence, is_right(row, answer), answer.declined).row())
    return rows


def false_rows(ground: Ground, probe: Sequence[Row], predictions: Sequence[Prediction]) -> list[tuple[float]]:
    """1 where an answer was given that is not right (not declined): what a reader would have believed wrongly."""
    rows = []
    for row, prediction in zip(probe, predictions, strict=True):
        answer = prediction.output
        missing = not isinstance(answer, Answer)
        rows.append((float(missing or (not answer.declined and not is_right(row, answer))),))
    return rows


def mean(rows: Floats) -> float:
    """Of the first column."""
    return float(rows[:, 0].mean())


MEASURES = {
    "unsupported claims": Measure(claim_rows, claim_share, "share of claims the corpus does not support"),
    "risk–coverage area": Measure(outcome_rows, area, "area under the risk–coverage curve"),
    "false answers": Measure(false_rows, mean, "share of questions answered wrongly"),
}
