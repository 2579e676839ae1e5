"""Widen: duplicates of whole records, and what `find_repeats` found among the others, as one list of removals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from octavo.data.duplicates.find import KINDS, Removals
from octavo.data.repeats.cuts import KINDS as CUT_KINDS
from octavo.data.repeats.cuts import read_cuts
from octavo.data.repeats.find import RepeatLimits, Repeats, find_repeats
from octavo.kinds.records import Shard


def widen(
    shards: Sequence[Shard],
    kinds: Sequence[str],
    limits: RepeatLimits,
    removals: Removals,
    scratch: Path,
    *,
    on: str = "processes",
    workers: int = 0,
) -> tuple[Removals, list[Path]]:
    """Search what `removals` leave for the further kinds; all removals, and for each shard the file of spans to cut
    out of the records that stay (`cuts.CUT`; no files when none were asked for)."""
    found = find_repeats(
        shards, kinds, limits, scratch, gone=removals.row, gone_for=removals.kept, on=on, workers=workers
    )
    return _together(removals, found), found.cuts


def _together(removals: Removals, found: Repeats) -> Removals:
    names = np.array([KINDS.index(kind) for kind in CUT_KINDS], np.uint8)
    row = np.concatenate([removals.row, found.semantic["row"], found.emptied["row"]]).astype(np.int64)
    kept = np.concatenate([removals.kept, found.semantic["kept"], found.emptied["kept"]]).astype(np.int64)
    semantic = np.full(len(found.semantic), KINDS.index("semantic"), np.uint8)
    kind = np.concatenate([removals.kind, semantic, names[found.emptied["kind"]]])
    alike = np.concatenate([removals.similarity, found.semantic["similarity"], np.ones(len(found.emptied))])
    order = np.argsort(row, kind="stable")
    return Removals(row[order], kept[order], kind[order], alike[order].astype(np.float32), removals.first)


BOILERPLATE = 10
"""From so many copies on a line or piece counts as boilerplate."""


def cut_counts(cuts: Sequence[Path]) -> dict[str, dict[str, int]]:
    """Kind → how many spans were cut, how many characters they have, and how many of these are boilerplate."""
    counts: dict[str, dict[str, int]] = {}
    for path in cuts:
        spans = read_cuts(path)
        for number, kind in enumerate(CUT_KINDS):
            mine = spans[spans["kind"] == number]
            if len(mine):
                held = counts.setdefault(kind, {"spans": 0, "characters": 0, "boilerplate": 0})
                held["spans"] += len(mine)
                long = mine["end"].astype(np.int64) - mine["start"]
                held["characters"] += int(long.sum())
                held["boilerplate"] += int(long[mine["copies"] >= BOILERPLATE].sum())
    return counts
