"""Find: records of the same meaning, then repeated lines, then repeated pieces, each among what is left, so that every
removal and every cut is for a record that stays."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octavo.data.repeats.cuts import merge_cuts, reduced_shards
from octavo.data.repeats.lines import LineLimits, find_lines
from octavo.data.repeats.meaning.encoder import check_model
from octavo.data.repeats.meaning.semantic import REMOVAL, SemanticLimits, find_semantic
from octavo.data.repeats.order import behind, take_order
from octavo.data.repeats.settle import EMPTIED, settle
from octavo.data.repeats.substring import SubstringLimits, find_substrings
from octavo.kinds.records import Shard

KINDS = ("line", "substring", "semantic")

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class RepeatLimits:
    """What counts as a repeat, and which copy stays."""

    line: LineLimits = field(default_factory=LineLimits)
    substring: SubstringLimits = field(default_factory=SubstringLimits)
    semantic: SemanticLimits = field(default_factory=SemanticLimits)
    policy: str = "first"
    """One of `duplicates.survivor.POLICIES`."""

    def as_json(self) -> dict[str, Any]:
        """The limits as JSON values."""
        model = self.semantic.model
        found = asdict(self)
        found["semantic"]["model"] = None if model is None else str(model)
        return found


@dataclass(frozen=True)
class Repeats:
    """What was found. Records are counted from 0 over all shards, without what is no record."""

    semantic: NDArray[Any]
    """Rows of `meaning.semantic.REMOVAL`: records that go as a whole."""
    emptied: NDArray[Any]
    """Rows of `settle.EMPTIED`: records of which the cuts leave nothing; they go as a whole too."""
    cuts: list[Path]
    """For each shard a file of `cuts.CUT` rows, the spans to cut out of the records that stay; no files when neither
    lines nor pieces were asked for."""


def find_repeats(
    shards: Sequence[Shard],
    kinds: Collection[str],
    limits: RepeatLimits,
    scratch: Path,
    *,
    gone: Rows | None = None,
    gone_for: Rows | None = None,
    on: str = "processes",
    workers: int = 0,
) -> Repeats:
    """Search for the given kinds (of `KINDS`). `gone` are the records that are already out, sorted, and `gone_for`
    those that stay in their stead: neither are taken away for anything found here. `scratch` survives a kill, and the
    same call goes on with it."""
    if "semantic" in kinds and limits.semantic.model is not None:
        check_model(limits.semantic.model)
    gone = np.empty(0, np.int64) if gone is None else gone
    needed = np.empty(0, np.int64) if gone_for is None else np.unique(gone_for)
    each: dict[str, Any] = {"on": on, "workers": workers}
    counts, order = take_order(shards, limits.policy, scratch / "order", **each)
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    left = _left(shards, gone, starts, scratch / "left", each)
    semantic = np.empty(0, REMOVAL)
    if "semantic" in kinds:
        first = behind(order, needed, int(starts[-1]), scratch / "needed-first.npy")
        found = find_semantic(left, counts, limits.semantic, scratch / "semantic", order=first, **each)
        semantic = found[~np.isin(found["row"], needed)]
    if not {"line", "substring"} & set(kinds):
        return Repeats(semantic, np.empty(0, EMPTIED), [])
    needed = np.union1d(needed, semantic["kept"].astype(np.int64))
    gone = np.union1d(gone, semantic["row"].astype(np.int64))
    if len(semantic):
        left = _left(shards, gone, starts, scratch / "left-of-meaning", each)
    cuts: list[Path] = []
    if "line" in kinds:
        cuts = find_lines(left, limits.line, scratch / "lines", order=order, **each)
    if "substring" in kinds:
        out = _by_shard(np.empty(0, np.int64), starts)
        inside = reduced_shards(left, cuts, out, scratch / "left-of-lines", **each) if cuts else left
        later = find_substrings(inside, limits.substring, scratch / "pieces", order=order, **each)
        cuts = _merged(cuts, later, scratch / "merged") if cuts else later
    cuts, emptied = settle(left, cuts, starts, needed, scratch / "settled", **each)
    return Repeats(semantic, emptied, cuts)


def _left(shards: Sequence[Shard], gone: Rows, starts: Rows, folder: Path, each: dict[str, Any]) -> Sequence[Shard]:
    """The shards without the texts of the records that are gone."""
    if not len(gone):
        return shards
    return reduced_shards(shards, [None] * len(shards), _by_shard(gone, starts), folder, **each)


def _by_shard(rows: Rows, starts: Rows) -> list[Rows]:
    borders = np.searchsorted(rows, starts)
    parts = zip(borders[:-1], borders[1:], starts[:-1], strict=True)
    return [rows[first:last] - start for first, last, start in parts]


def _merged(earlier: Sequence[Path], later: Sequence[Path], folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    merged = []
    for number, (one, other) in enumerate(zip(earlier, later, strict=True)):
        merged.append(folder / f"{number:06d}")
        merge_cuts(one, other, merged[-1])
    return merged
