"""Journal: a file of JSON lines that is only ever appended to, whole lines at a time, durably.

Whoever appends must hold the queue's lock. A line that a kill cut short is no line: readers stop before it, and the
next writer takes it away.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from octavo.spine.errors import OctavoError


def append(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Add rows; they are on disk when this returns."""
    data = b"".join(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n" for row in rows)
    new = not path.exists()
    with path.open("a+b") as out:
        whole = _whole(out)
        if whole < out.seek(0, os.SEEK_END):
            out.truncate(whole)
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    if new:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _whole(lines: Any) -> int:
    """Where the last whole line ends."""
    end = lines.seek(0, os.SEEK_END)
    while end:
        start = max(0, end - 65536)
        lines.seek(start)
        last = lines.read(end - start).rfind(b"\n")
        if last >= 0:
            return int(start + last + 1)
        end = start
    return 0


class Tail:
    """The rows of a journal, given as they come: each call of `new` reads only what was added."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read = 0
        self._row = 0

    def new(self) -> list[dict[str, Any]]:
        """The whole rows since the last call; a damaged one is D087."""
        try:
            size = self.path.stat().st_size
        except FileNotFoundError:
            return []
        if size <= self._read:
            return []
        with self.path.open("rb") as lines:
            lines.seek(self._read)
            data = lines.read()
        data = data[: data.rfind(b"\n") + 1]
        rows = []
        for line in data.splitlines():
            self._row += 1
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            if not isinstance(row, dict):
                raise OctavoError(
                    "D087",
                    f"Line {self._row} of the journal is damaged",
                    where=str(self.path),
                    likely="the file was edited",
                    do="take the line out; every other line counts",
                )
            rows.append(row)
        self._read += len(data)
        return rows
