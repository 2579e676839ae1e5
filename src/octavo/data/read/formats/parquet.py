"""Parquet: one document for each row, read a few rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice

from octavo.data.read.fields import SAMPLED, fields_of, from_row
from octavo.data.read.source import Kept, Row, Source, left
from octavo.kinds.documents import Removed

BATCH = 500


def read(source: Source) -> Iterator[Kept | Removed]:
    """The documents of a Parquet file."""
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(source.start(), memory_map=False) as file:
            rows = (row for batch in file.iter_batches(BATCH, use_threads=False) for row in batch.to_pylist())
            first: list[Row] = list(islice(rows, SAMPLED))
            fields = fields_of(first)
            if not first:
                yield left(source, "empty", "no rows")
                return
            if not fields.text:
                names = ", ".join(file.schema_arrow.names[:12])
                yield left(source, "unsupported type", f"Parquet without a column of text ({names})")
                return
            notes = fields.note
            for number, row in enumerate(chain(first, rows), 1):
                present = {name: _plain(value) for name, value in row.items() if value is not None}
                yield from_row(source, present, number, fields, span=None, notes=notes)
                notes = ()
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        yield left(source, "damaged", f"Parquet: {str(error).splitlines()[0][:200]}")


def _plain(value: object) -> object:
    """A value that JSON can hold; what it can't is written out."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    return str(value)
