"""The stage `collect`: documents from the installed Python environment, or from a folder of files of any kind."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from octavo.spine.settings import Settings
from octavo.spine.stage import Inputs, Stage


class CollectSettings(Settings):
    """Where documents come from."""

    docs: str = ""
    """A folder of documents: text, Markdown, HTML, PDF, DOCX, CSV, JSON Lines, Parquet, WARC, packed or not; empty: the
    documentation of the installed Python environment (standard library, language reference, installed packages)."""
    include: tuple[str, ...] = ("*",)
    """Modules to read, as globs on dotted names (environment only)."""
    exclude: tuple[str, ...] = (
        "test",
        "test.*",
        "*.test",
        "*.test.*",
        "*.tests",
        "*.tests.*",
        "*.idle_test",
        "*.idle_test.*",
        "*.conftest",
        "*._vendor.*",
        "*.testing._internal*",
        "*.benchmarks",
        "*.benchmarks.*",
        "encodings.*",
        "idlelib*",
        "lib2to3.fixes*",
        "lib2to3.pgen2*",
        "turtledemo*",
        "pip",
        "pip.*",
        "pkg_resources*",
        "_distutils_hack*",
        "ensurepip*",
        "antigravity",
        "this",
        "pydoc_data*",
    )
    """Modules to leave out, as globs on dotted names (environment only)."""
    largest_file: int = 50_000_000
    """Bytes; a larger file of a folder is left out without being read."""
    workers: int = 0
    """Processes that read sources; 0: as many as there are cores."""
    seconds_per_file: float = Field(60.0, gt=0)
    """How long a file of a folder, or one record of it, may take to read; what takes longer is left out."""


def sources(settings: CollectSettings) -> Mapping[str, str]:
    """What would be read, each with a digest that changes when it does."""
    if settings.docs:
        from octavo.data.folder import folder_sources

        return folder_sources(Path(settings.docs), settings.largest_file)
    from octavo.data.python.environment import environment_sources

    return environment_sources()


def run(settings: CollectSettings, inputs: Inputs, out: Path, scratch: Path) -> None:
    """Write the documents in order of id, and what was left out with the reason."""
    from octavo.kinds.documents import write_documents

    if settings.docs:
        _from_folder(settings, out, scratch)
        return
    from octavo.data.python.installed import read_environment

    documents, removed = read_environment(settings.include, settings.exclude, settings.workers, scratch)
    write_documents(out, documents, removed)


def _from_folder(settings: CollectSettings, out: Path, scratch: Path) -> None:
    import json

    from octavo.data.folder import errands_of, nothing, walk
    from octavo.data.read.records import kept_rows, read_parts, removed_rows
    from octavo.data.read.source import Limits
    from octavo.kinds.documents import Removed, document_from_row, write_documents

    folder = Path(settings.docs)
    errands = errands_of(walk(folder, settings.largest_file))
    limits = Limits(largest=settings.largest_file, seconds=settings.seconds_per_file)
    parts = read_parts(errands, scratch / "read", limits, rows="documents", workers=settings.workers)
    documents = (document_from_row(json.loads(line)) for line in kept_rows(parts))
    rows = (json.loads(line) for line in removed_rows(parts))
    removed = (Removed(**{**row, "document": document_from_row(row["document"])}) for row in rows)
    counts = write_documents(out, documents, removed)
    if not counts["documents"]:
        reasons = sorted({json.loads(line)["reason"] for line in removed_rows(parts)})
        raise nothing(folder, counts["removed"], reasons)


STAGE = Stage(
    name="collect",
    module=__name__,
    settings=CollectSettings,
    output="documents",
    sources=sources,
)
