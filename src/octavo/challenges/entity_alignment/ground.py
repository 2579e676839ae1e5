"""Ground: what all ways of linking stand on: the records of both databases, read blind, and the same candidates."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from octavo.challenges.catalogue import PROBE
from octavo.challenges.entity_alignment.made import made
from octavo.kinds.records import write_rows

if TYPE_CHECKING:
    from octavo.knowledge.entities.link import Prepared

WORLD = "probe"
"""Name that decides both databases."""
CANDIDATES, TOKENS = 5, 48
"""Candidates for each record, and tokens of a record that the small model reads."""


@dataclass(frozen=True)
class Ground:
    """The same for the baseline and for every response."""

    subject: str
    ready: Prepared
    """The records of both sides, and the candidates: the only pairs that anybody may link."""
    checkpoint: Path
    """The small model that judges."""
    tokens: int


def prepare(project: Path | None, scratch: Path, seed: int, k: int = CANDIDATES, tokens: int = TOKENS) -> Ground:
    """Write both databases, read them without identifiers, and block. Nothing depends on the seed.

    The small model is the project's, or the seed that comes with the package.
    """
    from octavo.knowledge.entities.link import prepare as make_ready
    from octavo.knowledge.entities.record import read_records
    from octavo.model.machine import wait_asleep
    from octavo.model.reading.place import SEED, checkpoint_named

    wait_asleep()  # before torch is loaded: small steps suffer most from threads that spin
    probe = read_probe()
    write_rows(scratch / "left.jsonl", [row["record"] for row in probe])
    write_rows(scratch / "right.jsonl", made(WORLD).catalogue)
    left, right = (tuple(read_records(scratch / name, blind=True)) for name in ("left.jsonl", "right.jsonl"))
    if project is None:
        checkpoint, model = checkpoint_named(SEED), "the seed"
    else:
        from octavo.spine.project import open_project

        opened = open_project(project)
        checkpoint, model = opened.artifact("instruct"), f"the model of the project {opened.name}"
    ready = make_ready(left, right, k)
    proposed = {(left[a].id, right[b].id) for a, b in zip(ready.candidates.left, ready.candidates.right, strict=True)}
    pairs = [(row["id"], row["truth"]) for row in probe if row["truth"]]
    subject = (
        f"{len(left)} made advisories against {len(right)} made catalogue entries, at most {k} candidates each"
        f" (they hold {len(proposed.intersection(pairs))} of {len(pairs)} counterparts); the small model is {model}"
    )
    return Ground(subject, ready, checkpoint, tokens)


def tiny(project: Path | None, scratch: Path, seed: int) -> Ground:
    """The same with two candidates and little reading, where only that everything works is to be seen."""
    return prepare(project, scratch, seed, k=2, tokens=12)


def read_probe() -> list[dict[str, Any]]:
    """The rows of the probe, sorted by id."""
    lines = (Path(__file__).parent / PROBE).read_text(encoding="utf-8").splitlines()
    return sorted(map(json.loads, lines), key=lambda row: str(row["id"]))
