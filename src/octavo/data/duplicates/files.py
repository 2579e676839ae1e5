"""Files: duplicates of record files from the first read to the last write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from octavo.data.duplicates.find import Limits, Removals, among, sketch_all
from octavo.data.duplicates.ids import Ids, no_records
from octavo.data.duplicates.write import cluster_rows, kept_parts, removed_rows
from octavo.kinds.records import Shard, join_rows, shards, write_rows
from octavo.spine.errors import OctavoError


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
    alarm: float = 1.0,
    on: str = "processes",
    workers: int = 0,
) -> Outcome:
    """Find the duplicates among the records of files and write what is asked for, unless more than the share `alarm`
    of them would go (D050)."""
    parts = shards(inputs, scratch / "unpacked")
    sketches = sketch_all(parts, limits, scratch, on=on, workers=workers)
    removals = among(sketches, limits, scratch, on=on, workers=workers)
    outcome = outcome_of(sketches, removals)
    check_alarm(outcome, alarm)
    write_outputs(parts, sketches, removals, outputs, scratch)
    return outcome


def outcome_of(sketches: Sequence[Path], removals: Removals) -> Outcome:
    """What was found, in numbers."""
    row, copies = removals.biggest()
    with Ids(sketches, removals.first) as ids:
        name = ids.of([row])[row] if copies else ""
    return Outcome(removals.records, removals.counts(), len(no_records(sketches)), (name, copies))


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
    parts: Sequence[Shard], sketches: Sequence[Path], removals: Removals, outputs: Outputs, scratch: Path
) -> None:
    """Write the files that are named."""
    if outputs.clusters is not None:
        write_rows(outputs.clusters, cluster_rows(sketches, removals))
    if outputs.removed is not None:
        write_rows(outputs.removed, removed_rows(parts, sketches, removals))
    if outputs.kept is not None:
        join_rows(outputs.kept, kept_parts(parts, sketches, removals, scratch / "kept"))
