"""Worker: the process that reads what others made, under a limit of memory; it answers line by line on its stdout.

A request is one JSON line. The answer is a line for each document (`K`, the hash of its id, a JSON row), each removal
(`R`, a JSON row), each part that begins (`P`, its name) and each sign of life (`B`), then a line `E`.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import xxhash

from octavo.data.read.readers import read_source
from octavo.data.read.source import Kept, Limits, Source, Watch, record_row, removed_row
from octavo.kinds.documents import Removed, document_row

_DIE_WITH_PARENT = 1


def line_of(one: Kept | Removed, rows: str) -> bytes:
    """One answer as a line; `rows` says whether they are `records` of plain files or `documents` of the artifact."""
    if isinstance(one, Removed):
        row = removed_row(one) if rows == "records" else {**vars(one), "document": document_row(one.document)}
        return b"R" + _encoded(row)
    row = record_row(one) if rows == "records" else document_row(one.document)
    return b"K" + id_hash(row["id"]) + _encoded(row)


def id_hash(name: str) -> bytes:
    """16 hex digits by which equal ids are found."""
    return xxhash.xxh3_64_hexdigest(name.encode("utf-8", "replace")).encode()


def _encoded(row: Mapping[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False, default=str).encode("utf-8", "replace") + b"\n"


def lines_of(request: Mapping[str, Any], watch: Watch) -> Iterator[bytes]:
    """The answer to a request, without the signs of life."""
    limits = Limits(**request["limits"])
    with Path(os.fsdecode(bytes.fromhex(request["path"]))).open("rb") as handle:
        size = os.fstat(handle.fileno()).st_size
        source = Source(
            request["name"], handle, size, limits, watch, licence=request["licence"], domain=request["domain"]
        )
        for one in read_source(source):
            yield line_of(one, request["rows"])


def main() -> None:
    """Answer requests from stdin until it ends."""
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    # nothing that a library prints may get between the answers
    answers = os.dup(1)
    os.dup2(2, 1)
    _write(answers, b"B\n")  # the clock of the first file starts when all is imported
    limited = False
    for line in sys.stdin.buffer:
        request = json.loads(line)
        if not limited:
            memory = request["limits"]["memory"]
            resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            limited = True
        _answer(request, lambda data: _write(answers, data))


def _answer(request: Mapping[str, Any], write: Callable[[bytes], None]) -> None:
    passed: dict[str, str] = request["passed"]

    def enter(name: str) -> str:
        write(b"P" + json.dumps(name).encode() + b"\n")
        return passed.get(name, "")

    try:
        for line in lines_of(request, Watch(enter, lambda: write(b"B\n"))):
            write(line)
    except OSError as error:
        write(b"X" + json.dumps(error.strerror or type(error).__name__).encode() + b"\n")
    write(b"E\n")


def _write(handle: int, data: bytes) -> None:
    at = 0
    while at < len(data):
        at += os.write(handle, data[at : at + 2**20])


if __name__ == "__main__":
    main()
