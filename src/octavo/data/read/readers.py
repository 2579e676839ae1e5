"""Readers: one source to its documents, by what it holds; what can't be read is listed, and never stops the rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from octavo.data.read.sniff import Sniffed, sniff
from octavo.data.read.source import Kept, Source, left
from octavo.kinds.documents import Removed
from octavo.spine.disk import EXTRAS

ROWS = ("jsonl", "csv", "parquet", "warc", "zip", "gzip", "zstd", "bzip2", "xz")
"""Kinds that are read piece by piece, however long they are; the others are read whole."""
TEXTS = ("text", "markdown", "rst")


def read_source(source: Source) -> Iterator[Kept | Removed]:
    """All that a source holds: documents, and what was left out with the reason."""
    if reason := source.watch.enter(source.name):
        yield left(source, reason)
        return
    try:
        found = sniff(source.handle, PurePosixPath(source.name).suffix.lower())
        if not found.kind:
            yield left(source, found.reason, found.detail)
        elif found.kind not in ROWS and source.size > source.limits.largest:
            yield left(source, "over the size limit", f"{source.size:,} bytes")
        else:
            yield from _reading(source, found)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in EXTRAS:
            raise
        yield left(source, f"needs {missing}: pip install 'octavo[{EXTRAS[missing]}]'")
    except MemoryError:
        yield left(source, "needs too much memory", f"more than {source.limits.memory:,} bytes")
    except Exception as error:  # a library that stumbles over one file must not cost the others
        yield left(source, "crashed the reader", f"{type(error).__name__}: {str(error)[:200]}")


def _reading(source: Source, found: Sniffed) -> Iterator[Kept | Removed]:
    kind = found.kind
    if kind in TEXTS:
        from octavo.data.read.formats import plain

        return plain.read(source, kind)
    if kind in ("jsonl", "json"):
        from octavo.data.read.formats import jsonl

        return jsonl.read(source, kind)
    if kind == "csv":
        from octavo.data.read.formats import table

        return table.read(source, found.delimiter)
    if kind in ("gzip", "zstd", "bzip2", "xz"):
        from octavo.data.read.formats import packed

        return packed.read(source, kind, read_source)
    if kind == "zip":
        from octavo.data.read.formats import archive

        return archive.read(source, read_source)
    return _by_library(source, kind)


def _by_library(source: Source, kind: str) -> Iterator[Kept | Removed]:
    if kind == "html":
        from octavo.data.read.formats import html

        return html.read(source)
    if kind == "pdf":
        from octavo.data.read.formats import pdf

        return pdf.read(source)
    if kind == "docx":
        from octavo.data.read.formats import docx

        return docx.read(source)
    if kind == "parquet":
        from octavo.data.read.formats import parquet

        return parquet.read(source)
    assert kind == "warc", kind
    from octavo.data.read.formats import warc

    return warc.read(source, read_source)
