"""Files: duplicates of record files from the first read to the last write."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from octavo.data.duplicates.find import Limits, Removals, among, sketch_all
from octavo.data.duplicates.ids import Ids, no_records
from octavo.data.duplicates.write import cluster_rows, kept_parts, removed_rows
from octavo.kinds.records import Row, Shard, join_rows, shards, write_rows
from octavo.spine.errors import OctavoError
from octavo.spine.shards import one_pool

if TYPE_CHECKING:
    from octavo.data.repeats.find import RepeatLimits


@dataclass(frozen=True)
class Outputs:
    """Where to write; what isn't named isn't written."""

    kept: Path | None = None
    clusters: Path | None = None
    removed: Path | None = None


@dataclass(frozen=True)
class Outcome:
    """What a search over files found."""

    records: int
    removed: dict[str, int]
    no_records: int
    biggest: tuple[str, int]
    """Id of the record with the most copies, and how many were removed for it."""
    cut: dict[str, dict[str, int]] = field(default_factory=dict)
    """Kind → spans that are cut out of records that stay, and their characters."""

    @property
    def share(self) -> float:
        """Removed records over all records."""
        return sum(self.removed.values()) / self.records if self.records else 0.0

    def as_json(self) -> dict[str, Any]:
        """The outcome as JSON values."""
        gone = sum(self.removed.values())
        return {**asdict(self), "kept": self.records - gone, "share": round(self.share, 4)}


def deduplicate(
    inputs: Sequence[Path],
    limits: Limits,
    outputs: Outputs,
    scratch: Path,
    *,
    repeats: RepeatLimits | None = None,
    alarm: float = 1.0,
    on: str = "processes",
    workers: int = 0,
) -> Outcome:
    """Find the duplicates among the records of files and write what is asked for, unless more than the share `alarm`
    of them would go (D050). `repeats` are the limits of the kinds line, substring and semantic."""
    with one_pool(on, workers):
        return _deduplicate(inputs, limits, outputs, scratch, repeats, alarm, on, workers)


def _deduplicate(
    inputs: Sequence[Path],
    limits: Limits,
    outputs: Outputs,
    scratch: Path,
    repeats: RepeatLimits | None,
    alarm: float,
    on: str,
    workers: int,
) -> Outcome:
    parts = shards(inputs, scratch / "unpacked")
    sketches = sketch_all(parts, limits, scratch, on=on, workers=workers)
    removals = among(sketches, limits, scratch, on=on, workers=workers)
    if not {"exact", "near"} & set(limits.kinds):
        columns = (removals.row, removals.kept, removals.kind, removals.similarity)
        removals = Removals(*(column[:0] for column in columns), removals.first)
    cuts: list[Path] = []
    further = [kind for kind in ("line", "substring", "semantic") if kind in limits.kinds]
    if further:
        from octavo.data.repeats.find import RepeatLimits
        from octavo.data.repeats.widen import widen

        wanted = repeats or RepeatLimits(policy=limits.policy)
        removals, cuts = widen(parts, further, wanted, removals, scratch / "repeats", on=on, workers=workers)
    outcome = outcome_of(sketches, removals, cuts)
    check_alarm(outcome, alarm)
    write_outputs(parts, sketches, removals, outputs, scratch, cuts)
    return outcome


def outcome_of(sketches: Sequence[Path], removals: Removals, cuts: Sequence[Path] = ()) -> Outcome:
    """What was found, in numbers."""
    cut = {}
    if cuts:
        from octavo.data.repeats.widen import cut_counts

        cut = cut_counts(cuts)
    row, copies = removals.biggest()
    with Ids(sketches, removals.first) as ids:
        name = ids.of([row])[row] if copies else ""
    return Outcome(removals.records, removals.counts(), len(no_records(sketches)), (name, copies), cut)


def check_alarm(outcome: Outcome, alarm: float) -> None:
    """Refuse (D050) to remove more than the share `alarm` of the records."""
    if outcome.share <= alarm:
        return
    name, copies = outcome.biggest
    raise OctavoError(
        "D050",
        f"{outcome.share:.0%} of {outcome.records:,} records would be removed; nothing was written",
        likely=f"many records share a template, or a limit is too low; of {name} alone there are {copies:,} copies",
        do="look at it with --calibrate, raise --near, or add --yes to go on",
    )


def write_outputs(
    parts: Sequence[Shard],
    sketches: Sequence[Path],
    removals: Removals,
    outputs: Outputs,
    scratch: Path,
    cuts: Sequence[Path] = (),
) -> None:
    """Write the files that are named. `cuts` has a file of spans for each shard, to be cut out of what is kept."""
    told: Iterable[Row] = cluster_rows(sketches, removals)
    undo: Iterable[Row] = removed_rows(parts, sketches, removals)
    with Ids(sketches, removals.first) as ids:
        if cuts:
            from octavo.data.repeats.rows import cut_parts, cut_rows, undo_rows

            told = chain(told, cut_rows(cuts, removals.first, ids.of))
            undo = chain(undo, undo_rows(parts, cuts, removals.first, ids.of))
        if outputs.clusters is not None:
            write_rows(outputs.clusters, told)
        if outputs.removed is not None:
            write_rows(outputs.removed, undo)
    if outputs.kept is not None:
        kept = kept_parts(parts, sketches, removals, scratch / "kept")
        if cuts:
            kept = cut_parts(kept, removals.row, removals.first, cuts, scratch / "kept-cut")
        join_rows(outputs.kept, kept)
