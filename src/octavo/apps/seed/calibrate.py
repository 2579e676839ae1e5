"""Calibrate: from which margin on the seed answers, set on generated items whose names and wordings it never saw."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from octavo.apps.seed.measure import UNWORDED, Probe, by_reader, judged, made_probes
from octavo.model.reading.reader import Reader

DECLINED = 0.93
"""Share of the unanswerable items that the threshold declines: a little more than the 90 % that are asked for."""


def calibrated(folder: Path, count: int) -> dict[str, float]:
    """`{"threshold", "slope"}` for the checkpoint in a folder."""
    reader = Reader.of(folder)
    reader.threshold = -np.inf
    verdicts = judged(by_reader(reader), probes(count))
    unanswerable = [verdict.margin for verdict in verdicts if not verdict.probe.answers]
    threshold = float(np.quantile(unanswerable, DECLINED)) if unanswerable else 0.0
    pairs = [(verdict.margin, bool(verdict.probe.answers) and verdict.right) for verdict in verdicts]
    return {"threshold": round(threshold, 3), "slope": round(slope(pairs, threshold), 3)}


def probes(count: int) -> list[Probe]:
    """Of the wordings and relations that are kept out of training."""
    return list(made_probes("calibration", count, UNWORDED))


def slope(pairs: Sequence[tuple[float, bool]], threshold: float) -> float:
    """The slope that makes 1 / (1 + exp(-slope · (margin - threshold))) the likeliest probability of being right."""
    margins = np.array([margin - threshold for margin, _ in pairs])
    right = np.array([1.0 if good else -1.0 for _, good in pairs])
    finite = np.isfinite(margins)
    candidates = np.geomspace(0.02, 4, 60)
    losses = [np.logaddexp(0, -right[finite] * one * margins[finite]).sum() for one in candidates]
    return float(candidates[int(np.argmin(losses))])
