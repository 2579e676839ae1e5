"""Parquet: rows of a Parquet file one batch at a time, and rows of JSON values written as one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

BATCH = 2000
"""Rows in memory at once."""


def parquet_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows in order; empty cells are left out."""
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(BATCH):
            for row in batch.to_pylist():
                yield {name: value for name, value in row.items() if value is not None}


def write_parquet(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    """Write rows; a column is text, whole number, number or truth when all its values are, else JSON as text.

    The rows are first written aside as JSON Lines, since the columns are only known when all have been seen.
    """
    import pyarrow
    from pyarrow import parquet

    aside = path.with_name(f"{path.name}.{os.getpid()}.rows")
    types: dict[str, set[type]] = {}
    count = 0
    try:
        with aside.open("w", encoding="utf-8", errors="replace") as out:
            for row in rows:
                for name, value in row.items():
                    if value is not None:
                        types.setdefault(name, set()).add(type(value))
                out.write(json.dumps(row) + "\n")
                count += 1
        schema = pyarrow.schema(
            [(name, _column(kinds)) for name, kinds in (types or {"id": {str}, "text": {str}}).items()]
        )
        as_text = {
            name for name, kinds in types.items() if schema.field(name).type == pyarrow.string() and kinds != {str}
        }
        with aside.open(encoding="utf-8") as lines, parquet.ParquetWriter(path, schema, compression="zstd") as writer:
            while batch := [json.loads(line) for line in islice(lines, BATCH)]:
                for row in batch:
                    for name in as_text & row.keys():
                        row[name] = json.dumps(row[name], ensure_ascii=False)
                writer.write_table(pyarrow.Table.from_pylist(batch, schema=schema))
    finally:
        aside.unlink(missing_ok=True)
    return count


def _column(kinds: set[type]) -> Any:
    import pyarrow

    if kinds == {bool}:
        return pyarrow.bool_()
    if kinds == {int}:
        return pyarrow.int64()
    if kinds <= {int, float}:
        return pyarrow.float64()
    return pyarrow.string()
