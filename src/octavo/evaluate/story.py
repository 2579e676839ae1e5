"""Story: everything the report tells, gathered from the artifacts of a path and from its clock."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from octavo.kinds import checkpoint, index
from octavo.kinds.clock import StageCost, read_clock
from octavo.kinds.documents import DUPLICATE_REASONS, read_documents, read_removed
from octavo.kinds.scores import ITEMS, Score, read_scores

EXAMPLES_EACH = 4


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
    characters: int
    packages: Mapping[str, int]
    """Package (or top folder) → documents."""
    removed: Mapping[str, int]
    """Reason → records left out."""
    removed_examples: Mapping[str, Sequence[str]]
    """Reason → ids of a few records left out."""
    index: Mapping[str, int]
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


def gather(inputs: Mapping[str, Path]) -> Story:
    """Read the inputs `documents`, `scores`, `base`, `model`, `index`, `clock` of the stage `report`."""
    count = characters = 0
    packages: dict[str, int] = {}
    for document in read_documents(inputs["documents"]):
        count += 1
        characters += len(document.text)
        name = document.package or (document.id.split("/")[0] if "/" in document.id else "the folder itself")
        packages[name] = packages.get(name, 0) + 1
    reasons: dict[str, int] = {}
    left_out: dict[str, list[str]] = {}
    for removed in read_removed(inputs["documents"]):
        reasons[removed.reason] = reasons.get(removed.reason, 0) + removed.count
        some = left_out.setdefault(removed.reason, [])
        if len(some) < EXAMPLES_EACH:
            some.append(removed.document.id + (f" ({removed.detail})" if removed.detail else ""))
    scores, facts = read_scores(inputs["scores"])
    return Story(
        documents=count,
        characters=characters,
        packages=dict(sorted(packages.items(), key=lambda item: (-item[1], item[0]))),
        removed=dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        removed_examples=left_out,
        index=index.describe(inputs["index"]),
        trainings=[_training("base model", inputs["base"]), _training("after instruction", inputs["model"])],
        scores=scores,
        facts=facts,
        examples=_examples(inputs["scores"] / ITEMS),
        stages=read_clock(inputs["clock"]),
    )


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
