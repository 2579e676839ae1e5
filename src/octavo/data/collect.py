"""The stage `collect`: documents from the installed Python environment, or from a folder of text files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from octavo.spine.settings import Settings
from octavo.spine.stage import Inputs, Stage


class CollectSettings(Settings):
    """Where documents come from."""

    docs: str = ""
    """A folder of Markdown, text and reStructuredText files; empty: the documentation of the installed Python
    environment (standard library, language reference, installed packages)."""
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
        from octavo.data.folder import read_folder

        documents, removed = read_folder(Path(settings.docs), settings.largest_file)
    else:
        from octavo.data.python.installed import read_environment

        documents, removed = read_environment(settings.include, settings.exclude, settings.workers, scratch)
    write_documents(out, documents, removed)


STAGE = Stage(
    name="collect",
    module=__name__,
    settings=CollectSettings,
    output="documents",
    sources=sources,
)
