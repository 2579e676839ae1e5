"""Record: what one run did, as files: its plan, its log, the readings of its stages and where it ran."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from octavo import __version__
from octavo.spine.disk import sync_folder, write_json
from octavo.spine.store import Store


class Record:
    """The folder `runs/<when>` of a run; `when` is UTC and sorts by time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def when(self) -> str:
        """The run's name."""
        return self.folder.name

    @property
    def log_file(self) -> Path:
        """One JSON row an event."""
        return self.folder / "log.jsonl"

    @property
    def readings_file(self) -> Path:
        """One JSON row a reading: `time`, `stage` and the values."""
        return self.folder / "readings.jsonl"

    def write_plan(self, plan: Mapping[str, Any], environment: Mapping[str, Any]) -> None:
        """Keep what was planned and on what machine, before anything runs."""
        write_json(self.folder / "plan.json", plan)
        write_json(self.folder / "environment.json", environment)

    def log(self, event: str, **values: Any) -> None:
        """Add an event to the log."""
        _append(self.log_file, {"time": now(), "event": event, **values})

    def reading(self, stage: str, values: Mapping[str, float | int | str]) -> None:
        """Add a reading of a stage."""
        _append(self.readings_file, {"time": now(), "stage": stage, **values})

    def events(self) -> list[dict[str, Any]]:
        """The log, as far as it was written whole."""
        return _rows(self.log_file)

    def readings(self) -> list[dict[str, Any]]:
        """The readings, as far as they were written whole."""
        return _rows(self.readings_file)

    def plan(self) -> dict[str, Any]:
        """The plan as it was at the start; empty when the run was killed before it was written."""
        try:
            plan = json.loads((self.folder / "plan.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return plan if isinstance(plan, dict) else {}

    def keys(self) -> dict[str, str]:
        """Step → recipe, for what this run kept or made."""
        return {e["stage"]: e["key"] for e in self.events() if e["event"] in ("kept", "made")}

    def unfinished(self) -> list[str]:
        """The recipes that this run began and did not finish: they can go on where they stopped."""
        begun = [e["key"] for e in self.events() if e["event"] == "started"]
        return [key for key in begun if key not in self.keys().values()]


def begin_record(store: Store) -> Record:
    """A new, empty record named by the current time."""
    store.runs.mkdir(parents=True, exist_ok=True)
    while True:
        folder = store.runs / now().replace(":", "-")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        sync_folder(store.runs)
        return Record(folder)


def records(store: Store) -> Iterator[Record]:
    """All runs, the latest first."""
    if store.runs.is_dir():
        for folder in sorted(store.runs.iterdir(), reverse=True):
            yield Record(folder)


def now() -> str:
    """The time in UTC to the microsecond: `2031-04-05T06:07:08.000009Z`."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def environment() -> dict[str, Any]:
    """Where a run happens: recorded so that it can be compared, no part of any recipe."""
    from importlib.metadata import distributions

    versions = {str(d.metadata["Name"]): d.version for d in distributions() if d.metadata["Name"]}
    return {
        "octavo": __version__,
        "python": platform.python_version(),
        "executable": sys.executable,
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "distributions": dict(sorted(versions.items(), key=lambda item: item[0].lower())),
    }


def _append(path: Path, row: Mapping[str, Any]) -> None:
    with path.open("ab") as out:
        out.write((json.dumps(row) + "\n").encode("ascii"))


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return []
    rows = []
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:  # a line that a kill cut off says nothing; the rest of the log stands
            continue
        if isinstance(row, dict):
            rows.append(row)
    return rows
