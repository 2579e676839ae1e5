"""Gather: one document a word of a setting, and one a line of a file outside the store."""

from __future__ import annotations

import hashlib
from pathlib import Path

from octavo.kinds.documents import Document, write_documents
from octavo.spine.settings import Settings
from octavo.spine.stage import Stage


class GatherSettings(Settings):
    """What to gather."""

    words: str = "one two three"
    """The words, with blanks between them."""
    docs: str = ""
    """A file of lines; relative to the project."""
    seed: int = 0
    """Counts for nothing here."""


def sources(settings: GatherSettings) -> dict[str, str]:
    """The digest of the file."""
    return {settings.docs: hashlib.sha256(Path(settings.docs).read_bytes()).hexdigest()} if settings.docs else {}


def run(settings: GatherSettings, inputs, out: Path, scratch: Path) -> None:
    """Write the documents."""
    texts = settings.words.split()
    if settings.docs:
        texts += Path(settings.docs).read_text(encoding="utf-8").splitlines()
    write_documents(out, [Document(f"word.{n}", text) for n, text in enumerate(texts)])


STAGE = Stage("gather", __name__, GatherSettings, "documents", sources=sources)
"""The stage."""
