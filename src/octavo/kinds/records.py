"""Records: rows of plain files (JSON Lines, `.gz` and `.zst` included, and Parquet), read in shards, written whole.

A record is a JSON object with a `text`; its `id` is given or made of the file's name and the number of the row. What
else it has is kept. Nothing here holds a file in memory.
"""

from __future__ import annotations

import gzip
import io
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from octavo.kinds.formats.parquet import parquet_rows, write_parquet
from octavo.spine.errors import WRONG_USE, OctavoError

Row = dict[str, Any]

SHARD_BYTES = 8 * 2**20
"""How much a shard holds: fixed, so that results never depend on how many workers there are."""
SUFFIXES = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet")


@dataclass(frozen=True)
class Shard:
    """A part of a file of JSON Lines: whole lines from byte `start` up to `end`."""

    path: Path
    start: int
    end: int
    first: int
    """0-based number of its first row in the file."""
    source: str
    """Name of the file the user gave, which ids are made of."""


@dataclass(frozen=True)
class Bad:
    """A row that is no record: where it stands (rows count from 1) and why."""

    source: str
    row: int
    reason: str


def is_records(path: Path) -> bool:
    """Whether the name says that the file holds records."""
    return path.name.endswith(SUFFIXES) or path.name.endswith((".json.gz", ".json.zst", ".ndjson"))


def shards(paths: Sequence[Path], scratch: Path, size: int = SHARD_BYTES) -> list[Shard]:
    """Cut files of records into shards at line borders; packed files and Parquet are first unpacked into `scratch`
    (and found there by an attempt that goes on after a kill)."""
    found: list[Shard] = []
    for number, path in enumerate(paths):
        plain = path
        if not path.name.endswith((".jsonl", ".ndjson", ".json")):
            plain = scratch / f"unpacked-{number:04d}.jsonl"
            if not plain.exists():
                _unpack(path, plain)
        found += _cut(plain, path.name, size)
    return found


def _unpack(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
    with partial.open("wb") as out:
        for line in _lines(path):
            out.write(line if line.endswith(b"\n") else line + b"\n")
    partial.replace(target)


def _cut(path: Path, source: str, size: int) -> list[Shard]:
    found: list[Shard] = []
    with path.open("rb") as lines:
        start = row = 0
        while True:
            chunk = lines.read(size)
            chunk += lines.readline()
            if not chunk:
                return found
            found.append(Shard(path, start, start + len(chunk), row, source))
            start += len(chunk)
            row += chunk.count(b"\n")


def read_shard(shard: Shard, bad: list[Bad] | None = None, *, conversations: bool = False) -> Iterator[Row]:
    """The records of a shard in order; rows that are none are added to `bad` (and raise D021 when it is None).

    With `conversations` a row may have `messages` instead of a text; its text is then empty.
    """
    return (row for _, _, row in placed_rows(shard, bad, conversations=conversations))


def placed_rows(
    shard: Shard, bad: list[Bad] | None = None, *, conversations: bool = False
) -> Iterator[tuple[int, int, Row]]:
    """The records of a shard as `read_shard`, each with the first byte of its line in the shard's file, and with the
    number of its row there (from 1)."""
    with shard.path.open("rb") as lines:
        lines.seek(shard.start)
        row, at = shard.first, shard.start
        while at < shard.end:
            line = lines.readline()
            row += 1
            found = _record(line, shard.source, row, bad, conversations)
            if found is not None:
                yield at, row, found
            at += len(line)


def read_rows(path: Path, bad: list[Bad] | None = None) -> Iterator[Row]:
    """The records of a whole file in order, as `read_shard`."""
    return (row for _, row in numbered_rows(path, bad))


def numbered_rows(path: Path, bad: list[Bad] | None = None) -> Iterator[tuple[int, Row]]:
    """The records of a whole file as `read_rows`, each with the number of its row (from 1)."""
    for row, line in enumerate(_lines(path), 1):
        found = _record(line, path.name, row, bad)
        if found is not None:
            yield row, found


def _record(line: bytes, source: str, row: int, bad: list[Bad] | None, conversations: bool = False) -> Row | None:
    if line.isspace():
        return None
    found: Row = {}
    reason = ""
    try:
        value = json.loads(line)
    except UnicodeDecodeError:
        reason = "not UTF-8"
    except (ValueError, RecursionError):
        reason = "not a JSON object"
    else:
        if not isinstance(value, dict):
            reason = "not a JSON object"
        elif conversations and "text" not in value and _is_conversation(value.get("messages")):
            found = {**value, "text": ""}
        elif not isinstance(value.get("text"), str):
            reason = "no text"
        else:
            found = value
    if reason:
        if bad is None:
            raise OctavoError(
                "D021", f"Row {row} is no record: {reason}", where=source, do='each line must be {"id": …, "text": …}'
            )
        bad.append(Bad(source, row, reason))
        return None
    known = found.get("id")
    found["id"] = str(known) if known not in (None, "") else f"{source}:{row}"
    try:
        found["text"].encode()
    except UnicodeEncodeError:  # lone surrogates can't be written as UTF-8
        found["text"] = found["text"].encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return found


def _is_conversation(messages: Any) -> bool:
    return isinstance(messages, list) and all(
        isinstance(message, dict) and isinstance(message.get("content"), str) for message in messages
    )


def _lines(path: Path) -> Iterator[bytes]:
    if path.name.endswith(".parquet"):
        for row in parquet_rows(path):
            yield json.dumps(row, ensure_ascii=False, default=str).encode("utf-8", "replace") + b"\n"
        return
    with open_packed(path) as lines:
        try:
            yield from lines
        except (EOFError, OSError, ValueError) as error:
            if not path.name.endswith((".gz", ".zst")):
                raise
            raise _damaged(path, error) from None
        except Exception as error:  # zstandard's own class of errors, which needs the library to be named
            if type(error).__name__ != "ZstdError":
                raise
            raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> OctavoError:
    return OctavoError(
        "D022", f"The file is damaged: {error}", where=str(path), likely="it was cut off", do="get it again"
    )


def open_packed(path: Path) -> IO[bytes]:
    """A file for reading, unpacked on the way when its name ends in `.gz` or `.zst`."""
    if path.name.endswith(".gz"):
        packed: IO[bytes] = gzip.GzipFile(path, "rb")  # type: ignore[assignment]
        return packed
    if path.name.endswith(".zst"):
        import zstandard

        reader = zstandard.ZstdDecompressor().stream_reader(path.open("rb"), read_across_frames=True)
        return io.BufferedReader(reader)
    return path.open("rb")


def write_rows(path: Path, rows: Iterable[Row]) -> int:
    """Write rows as the name of the file says, whole or not at all; how many there were."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = _aside(path)
    count = 0
    try:
        if path.name.endswith(".parquet"):
            count = write_parquet(partial, rows)
        else:
            with _packing(partial, path.name) as out:
                for row in rows:
                    out.write(encode_row(row))
                    count += 1
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return count


def _aside(path: Path) -> Path:
    """Where a file is written until it is whole; what killed processes left there is deleted."""
    begin = f".{path.name}."
    for left in path.parent.iterdir():
        pid = left.name.removeprefix(begin).removesuffix(".partial")
        if left.name == f"{begin}{pid}.partial" and pid.isdecimal() and not Path(f"/proc/{pid}").exists():
            left.unlink(missing_ok=True)
    return path.with_name(f"{begin}{os.getpid()}.partial")


def encode_row(row: Row) -> bytes:
    """One line of JSON Lines."""
    return json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


@contextmanager
def _packing(path: Path, name: str) -> Iterator[IO[bytes]]:
    if name.endswith(".gz"):
        # without a name and a time in its head, so that equal rows are equal bytes
        with path.open("wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
            yield packed  # type: ignore[misc]
    elif name.endswith(".zst"):
        import zstandard

        with zstandard.open(path, "wb") as packed:
            yield packed
    else:
        with path.open("wb") as out:
            yield out


def join_rows(path: Path, parts: Iterable[Path]) -> None:
    """Write what the parts (plain JSON Lines) hold, one after the other, as the name of the file says."""
    if path.name.endswith(".parquet"):
        write_rows(path, (row for part in parts for row in read_rows(part)))
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = _aside(path)
    try:
        with _packing(partial, path.name) as out:
            for part in parts:
                with part.open("rb") as rows:
                    while block := rows.read(2**20):
                        out.write(block)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def check_outputs(outputs: Iterable[Path | None], inputs: Iterable[Path]) -> None:
    """Refuse (D020) to write over an input, or two outputs to one place, before any work is done."""
    read = {path.resolve() for path in inputs}
    written: set[Path] = set()
    for path in outputs:
        if path is None:
            continue
        real = path.resolve()
        if real in read or real in written:
            what = "is also an input" if real in read else "is given for two outputs"
            raise OctavoError(
                "D020",
                f"The output {path} {what}",
                do="name another file: inputs are never overwritten",
                exit_code=WRONG_USE,
            )
        written.add(real)
