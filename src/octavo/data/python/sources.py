"""Sources: reads batches of source files in worker processes into files that survive a kill."""

from __future__ import annotations

import json
import os
import tokenize
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any

from octavo.data.python.compiled import read_compiled
from octavo.data.python.embedded import LARGEST, read_embedded
from octavo.data.python.environment import SourceFile
from octavo.data.python.late import read_late
from octavo.data.python.mentions import count_mentions
from octavo.data.python.objects import Facts, read_objects

SIZE_LIMIT = 8_000_000
"""Bytes; a larger source file is generated data, and parsing takes some hundred times its size in memory."""

_BATCH = 1_500_000


def batches(files: Sequence[SourceFile]) -> Iterator[list[SourceFile]]:
    """Files in their order, cut at about 1.5 MB of source or 100 files."""
    batch: list[SourceFile] = []
    size = 0
    for file in files:
        batch.append(file)
        bytes_read = os.path.getsize(file.path) if os.path.exists(file.path) else 0
        size += bytes_read // 20 if file.compiled else bytes_read
        if size > _BATCH or len(batch) >= 100:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def read_batch(files: Sequence[SourceFile], target: Path) -> None:
    """Write one JSON line a module, then one with the mentions of the batch, then the failures; all or nothing."""
    names: Counter[str] = Counter()
    attributes: Counter[str] = Counter()
    failures: list[tuple[str, str, str, str]] = []
    lines = []
    for file in files:
        try:
            facts = _read_file(file, names, attributes)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OSError) as error:
            failures.append((file.relative, file.distribution, *_why(error)))
            continue
        if facts is not None:
            lines.append(json.dumps(facts))
    lines.append(json.dumps({"names": names, "attributes": attributes, "failures": failures}))
    _write(target, lines)


def read_inspected(target: Path) -> None:
    """The same for the standard library's compiled modules, and what its other modules make while imported."""
    facts, failed = read_compiled()
    facts += read_late()
    rows = [(name, "Python", "cannot be imported", "compiled module of the standard library") for name in failed]
    lines = [json.dumps(one) for one in facts]
    lines.append(json.dumps({"names": {}, "attributes": {}, "failures": rows}))
    _write(target, lines)


def load(path: Path) -> tuple[list[Facts], dict[str, Any]]:
    """What `read_batch` wrote."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return rows[:-1], rows[-1]


def _write(target: Path, lines: Sequence[str]) -> None:
    aside = target.with_suffix(".part")
    aside.write_text("\n".join(lines) + "\n", encoding="utf-8")
    os.replace(aside, target)


def _read_file(file: SourceFile, names: Counter[str], attributes: Counter[str]) -> Facts | None:
    size = os.path.getsize(file.path)
    if file.compiled:
        facts = read_embedded(Path(file.path), file.module) if size <= LARGEST else None
        return None if facts is None else facts | {"file": file.relative, "embedded": True}
    if size > SIZE_LIMIT:
        raise ValueError(f"over the size limit: {size:,} bytes")
    source = Path(file.path).read_bytes()
    if file.stub and b'"""' not in source and b"'''" not in source:
        return None
    facts = read_objects(
        source, file.module, is_package=file.is_package, root=file.path.removesuffix("/" + file.relative)
    )
    facts["file"] = file.relative
    if not file.stub:
        encoding, _ = tokenize.detect_encoding(BytesIO(source).readline)
        text = source.decode(encoding, "replace").replace("\r\n", "\n")
        found, called = count_mentions(text, file.module, file.is_package)
        names.update(found)
        attributes.update(called)
    return facts


def _why(error: BaseException) -> tuple[str, str]:
    """(reason, detail) without anything that differs between machines."""
    if isinstance(error, SyntaxError):
        return "does not parse", f"{error.msg} (line {error.lineno})"
    if isinstance(error, OSError):
        return "cannot be read", error.strerror or type(error).__name__
    if isinstance(error, ValueError):
        text = str(error)
        return ("over the size limit", text) if text.startswith("over the size") else ("does not parse", text)
    return "does not parse", type(error).__name__


def as_rows(files: Sequence[SourceFile]) -> list[dict[str, Any]]:
    """What identifies a batch: the files with their size and time of change."""
    rows = []
    for file in files:
        stat = os.stat(file.path) if os.path.exists(file.path) else None
        rows.append(asdict(file) | {"at": [stat.st_size, stat.st_mtime_ns] if stat else []})
    return rows
