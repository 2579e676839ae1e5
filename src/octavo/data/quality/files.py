"""Files: records of any files or folders cleaned into one file, and all that was removed into another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from octavo.data.duplicates.find import Limits
from octavo.data.quality.sieve import Sieve, check_sieve
from octavo.data.read.records import as_records
from octavo.data.selection import KEPT, REMOVED, Selected, select_records, tell
from octavo.kinds.records import check_outputs, encode_row, join_rows, shards
from octavo.spine.errors import OctavoError
from octavo.spine.shards import file_state, kept_scratch


@dataclass(frozen=True)
class Cleaned:
    """What became of the records of some files."""

    records: int
    kept: int
    edited: int
    reasons: dict[str, int]
    unreadable: dict[str, int]
    """Reason → how many files or rows could not be read as records."""
    alarm: str
    """What is suspicious about the share removed; empty if nothing is."""

    @property
    def removed(self) -> int:
        """How many records went."""
        return self.records - self.kept


def clean_files(
    paths: Sequence[Path],
    out: Path,
    sieve: Sieve,
    limits: Limits | None,
    *,
    removed: Path | None = None,
    alarm: float = 0.6,
    anyway: bool = False,
    on: str = "processes",
    workers: int = 0,
) -> Cleaned:
    """Write the records that stay to `out` and, where wanted, those that go to `removed`, in the order of the input.

    When more than the share `alarm` would go, nothing is written (D044) unless it is to be done `anyway`; when nothing
    would be left, D045. A killed call goes on where it was when it is called again.
    """
    check_sieve(sieve)
    check_outputs([out, removed], [*paths, *([Path(sieve.classifier)] if sieve.classifier else [])])
    decides = {"sieve": asdict(sieve), "limits": asdict(limits) if limits else None, "inputs": _states(paths)}
    if sieve.classifier:
        decides["classifier"] = file_state(Path(sieve.classifier))
    with kept_scratch(out, decides) as scratch:
        spread: dict[str, Any] = {"on": on, "workers": workers}
        files, unread = as_records(paths, scratch / "read", **spread)
        selected = select_records(shards(files, scratch / "unpacked"), sieve, limits, scratch, **spread)
        unreadable = Counter(str(row["reason"]) for row in unread) + Counter(bad.reason for bad in selected.bad)
        note = tell(selected, alarm)
        if not selected.kept:
            raise _nothing_left(selected, paths)
        if note and not anyway:
            raise _alarmed(selected, alarm)
        if removed is not None:
            first = scratch / "unread.jsonl"
            rows = [{"row": None, **row} for row in unread]
            rows += [{"row": None, "id": f"{b.source}:{b.row}", "reason": b.reason} for b in selected.bad]
            first.write_bytes(b"".join(map(encode_row, rows)))
            join_rows(removed, [first, *(part / REMOVED for part in selected.parts)])
        join_rows(out, [part / KEPT for part in selected.parts])
    return Cleaned(selected.records, selected.kept, selected.edited, selected.reasons, dict(unreadable), note)


def _states(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """What tells whether the inputs are still the same, of folders all that lies in them."""
    found: list[dict[str, Any]] = []
    for path in paths:
        if path.is_dir():
            inside = (one for one in sorted(path.rglob("*")) if one.is_file())
            found.append({"path": str(path.resolve()), "files": [file_state(one) for one in inside]})
        else:
            found.append(file_state(path))
    return found


def _worst(selected: Selected) -> str:
    return ", ".join(f"{reason} ({count:,})" for reason, count in list(selected.reasons.items())[:3])


def _alarmed(selected: Selected, alarm: float) -> OctavoError:
    gone = selected.records - selected.kept
    return OctavoError(
        "D044",
        f"{gone:,} of {selected.records:,} records ({selected.share:.0%}) would be removed; nothing was written",
        likely=f"a rule that does not fit these texts: {_worst(selected)}",
        do=f"look at the rules, or accept it with --yes (the alarm is set to {alarm:.0%} by --alarm)",
    )


def _nothing_left(selected: Selected, paths: Sequence[Path]) -> OctavoError:
    return OctavoError(
        "D045",
        f"Nothing would be left of {selected.records:,} records; nothing was written",
        where=", ".join(map(str, paths[:3])),
        likely=_worst(selected),
        do="choose other rules or languages",
    )
