"""Story: everything the report tells, gathered from the artifacts of a path and from its clock."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from octavo.kinds import audit, card, checkpoint, index, trials
from octavo.kinds.clock import StageCost, read_clock
from octavo.kinds.documents import DUPLICATE_REASONS, read_documents, read_removed
from octavo.kinds.foundation import Foundation, read_foundation
from octavo.kinds.scores import ITEMS, Score, read_scores

EXAMPLES_EACH = 4
REMOVING = {"collect": "collected", "clean": "cleaned", "decontaminate": "documents"}
"""Stages that leave records out, in their order, and the input that holds what each made."""


@dataclass(frozen=True)
class Training:
    """How one checkpoint came about: its name, what its summary says, and the logged losses."""

    name: str
    summary: Mapping[str, Any]
    losses: Sequence[tuple[float, float]]
    """(step, training loss in nats a token)."""
    vocabulary: int

    @property
    def guessing(self) -> float:
        """Loss of a model that thinks every token equally likely."""
        return math.log(self.vocabulary)


@dataclass(frozen=True)
class Story:
    """What is told; see the fields."""

    documents: int
    card: Mapping[str, Any]
    """What the documents hold that training reads; see `octavo.kinds.card`."""
    audit: Mapping[str, Any]
    """What examining the tokenizer found; see `octavo.kinds.audit`."""
    trials: Sequence[Mapping[str, Any]]
    """The newest kept trial of each challenge."""
    unreadable_trials: Sequence[str]
    """Names of the files in its place that are none."""
    removed: Mapping[str, int]
    """Reason → records left out."""
    removed_at: Mapping[str, Mapping[str, int]]
    """Stage → reason → records it left out."""
    removed_examples: Mapping[str, Sequence[str]]
    """Reason → ids of a few records left out."""
    index: Mapping[str, int]
    given: Foundation
    """What training began from."""
    trainings: Sequence[Training]
    scores: Sequence[Score]
    facts: Mapping[str, Any]
    examples: Mapping[str, Sequence[Mapping[str, Any]]]
    """What happened (right, wrong, …) → items."""
    stages: Sequence[StageCost]

    @property
    def collected(self) -> int:
        """Records before anything was left out."""
        return self.documents + sum(self.removed.values())

    @property
    def duplicates(self) -> int:
        """Records left out of training as duplicates (the index still lists them)."""
        return sum(self.removed.get(reason, 0) for reason in DUPLICATE_REASONS)


def gather(inputs: Mapping[str, Path], store: Path = trials.STORE) -> Story:
    """Read the inputs of the stage `report`, and the trials that the project's store has kept."""
    reasons: Counter[str] = Counter()
    left_out: dict[str, list[str]] = {}
    for removed in read_removed(inputs["documents"]):
        reasons[removed.reason] += removed.count
        some = left_out.setdefault(removed.reason, [])
        if len(some) < EXAMPLES_EACH:
            some.append(removed.document.id + (f" ({removed.detail})" if removed.detail else ""))
    scores, facts = read_scores(inputs["scores"])
    kept, unreadable = trials.kept(store)
    return Story(
        documents=sum(1 for _ in read_documents(inputs["documents"])),
        card=card.read_card(inputs["card"]),
        audit=audit.read_audit(inputs["audit"]),
        trials=kept,
        unreadable_trials=[path.name for path in unreadable],
        removed=_ordered(reasons),
        removed_at=_by_stage(inputs, reasons),
        removed_examples=left_out,
        index=index.describe(inputs["index"]),
        given=read_foundation(inputs["given"]),
        trainings=[_training("base model", inputs["base"]), _training("after instruction", inputs["model"])],
        scores=scores,
        facts=facts,
        examples=_examples(inputs["scores"] / ITEMS),
        stages=read_clock(inputs["clock"]),
    )


def _by_stage(inputs: Mapping[str, Path], in_the_end: Counter[str]) -> dict[str, dict[str, int]]:
    """What each stage left out: each hands on the records that earlier ones left out, so it is what came newly."""
    found, before = {}, Counter[str]()
    for stage, slot in REMOVING.items():
        after = in_the_end if slot == "documents" else Counter[str]()
        if slot != "documents":
            for removed in read_removed(inputs[slot]):
                after[removed.reason] += removed.count
        if new := after - before:
            found[stage] = _ordered(new)
        before = after
    return found


def _ordered(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _training(name: str, folder: Path) -> Training:
    summary = json.loads((folder / checkpoint.SUMMARY).read_text(encoding="utf-8"))
    config = json.loads((folder / checkpoint.CONFIG).read_text(encoding="utf-8"))
    losses = []
    logged = folder / checkpoint.TRAINING
    if logged.is_file():
        for line in logged.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            losses.append((float(row["step"]), float(row["loss"])))
    return Training(name, summary, losses, int(config["vocab_size"]))


def _examples(path: Path) -> dict[str, list[dict[str, Any]]]:
    """A few answers of each outcome, in the order of the probe."""
    found: dict[str, list[dict[str, Any]]] = {}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row.get("measure") == "answers" and row.get("outcome"):
                some = found.setdefault(row["outcome"], [])
                if len(some) < EXAMPLES_EACH and row["mode"] == "quote":
                    some.append(row)
    return found
