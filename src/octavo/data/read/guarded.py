"""Guarded: reads files in a process of their own that may hang, crash or grow, and lists the file where it did."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import octavo
from octavo.data.read.readers import TEXTS, read_source
from octavo.data.read.sniff import HEAD, sniff
from octavo.data.read.source import Limits, Source
from octavo.data.read.worker import line_of
from octavo.kinds.documents import Document, Removed

AGAIN = 20
"""Parts of one archive that may fail before the rest of it is given up."""

START = 120.0
"""Seconds in which the reading process must have started, on however busy a machine."""


@dataclass(frozen=True)
class Errand:
    """A file to be read, or one that was refused already."""

    name: str
    path: Path
    size: int = 0
    licence: str = ""
    domain: str = ""
    reason: str = ""
    detail: str = ""


class _GoneError(Exception):
    """The reading process had to be ended, or ended itself."""


class Guard:
    """Reads files one after the other; starts its process when it first needs one and after each accident."""

    def __init__(self, limits: Limits, rows: str) -> None:
        self._limits, self._rows = limits, rows
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = bytearray()

    def __enter__(self) -> Guard:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def read(self, errand: Errand) -> Iterator[bytes]:
        """The lines of a file, as the worker gives them: `K…` documents and `R…` removals."""
        if errand.reason:
            yield self._left(errand.name, errand.reason, errand.detail)
            return
        try:
            if self._harmless(errand):
                yield from self._here(errand)
                return
        except OSError as error:
            yield self._left(errand.name, "cannot be read", error.strerror or type(error).__name__)
            return
        yield from self._apart(errand)

    def _left(self, name: str, reason: str, detail: str = "") -> bytes:
        return line_of(Removed(Document(name, "", file=name), reason, detail), self._rows)

    def _harmless(self, errand: Errand) -> bool:
        """Whether it is plain UTF-8 text, for which no library is needed that could fail."""
        if errand.size > self._limits.largest:
            return False
        with errand.path.open("rb") as handle:
            head = handle.read(HEAD)
            if b"\0" in head or head.startswith((b"PK", b"\x1f\x8b")):
                return False
            try:
                head[:-4].decode() if len(head) == HEAD else head.decode()
            except UnicodeDecodeError as error:
                if len(head) < HEAD or error.start < len(head) - 8:
                    return False
            if sniff(handle, PurePosixPath(errand.name).suffix.lower()).kind not in TEXTS:
                return False
            handle.seek(0)
            try:
                handle.read().decode()
            except UnicodeDecodeError:
                return False
        return True

    def _here(self, errand: Errand) -> Iterator[bytes]:
        with errand.path.open("rb") as handle:
            source = Source(
                errand.name, handle, errand.size, self._limits, licence=errand.licence, domain=errand.domain
            )
            for one in read_source(source):
                yield line_of(one, self._rows)

    def _apart(self, errand: Errand) -> Iterator[bytes]:
        passed: dict[str, str] = {}
        given = 0
        while True:
            here = {"at": errand.name}
            seen = 0
            try:
                for line in self._answer(errand, passed, here):
                    seen += 1
                    if seen > given:
                        given += 1
                        yield line
                return
            except _GoneError as why:
                self._end()
                if here["at"] == errand.name or here["at"] in passed or len(passed) >= AGAIN:
                    yield self._left(errand.name, str(why), f"after {given:,} rows" if given else "")
                    return
                # the rest of the archive is read without the part that failed
                passed[here["at"]] = str(why)

    def _answer(self, errand: Errand, passed: dict[str, str], here: dict[str, str]) -> Iterator[bytes]:
        request: dict[str, Any] = {
            "path": os.fsencode(errand.path.absolute()).hex(),
            "name": errand.name,
            "licence": errand.licence,
            "domain": errand.domain,
            "limits": asdict(self._limits),
            "rows": self._rows,
            "passed": passed,
        }
        process = self._started()
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise _GoneError("crashed the reader") from None
        while True:
            line = self._line(process)
            if line == b"E\n":
                return
            if line[:1] == b"P":
                here["at"] = json.loads(line[1:])
            elif line[:1] == b"X":
                yield self._left(errand.name, "cannot be read", json.loads(line[1:]))
            elif line != b"B\n":
                yield line

    def _line(self, process: subprocess.Popen[bytes], seconds: float = 0.0) -> bytes:
        """The next line; ends the wait when nothing whole has come for as long as a file may take."""
        assert process.stdout is not None
        handle = process.stdout.fileno()
        until = time.monotonic() + (seconds or self._limits.seconds)
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            ready, _, _ = select.select([handle], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                raise _GoneError("took too long")
            block = os.read(handle, 2**20)
            if not block:
                raise _GoneError("crashed the reader")
            self._buffer += block
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        return line

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            home = str(Path(octavo.__file__).parents[1])
            paths = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH", ""))))
            self._process = subprocess.Popen(
                [sys.executable, "-m", "octavo.data.read.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": paths},
            )
            self._line(self._process, START)
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        self._buffer.clear()
        if process is None:
            return
        process.kill()
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # what was still to be sent has nobody to go to
            process.stdin.close()
        process.stdout.close()
        process.wait()
