"""The stage `index`: documents (duplicates that training does not see included) → a searchable index."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from octavo.spine.progress import progress, reading
from octavo.spine.settings import Settings
from octavo.spine.stage import Inputs, Stage

if TYPE_CHECKING:
    from octavo.kinds.documents import Document


class IndexSettings(Settings):
    """What the index is made of."""

    passage: int = Field(default=900, ge=100, le=10_000)
    """Aimed length of a passage in characters; a passage ends at a sentence or paragraph where it can."""
    duplicates: bool = True
    """Also list documents that were removed as duplicates, so that they can be asked for by name."""


def run(settings: IndexSettings, inputs: Inputs, out: Path, scratch: Path) -> None:
    """Write `index.sqlite` with all documents, and with the duplicates marked as such."""
    from octavo.kinds.documents import DUPLICATE_REASONS, read_documents, read_removed
    from octavo.kinds.index import INDEX
    from octavo.knowledge.index.index import Index

    folder = inputs["documents"]
    removed = [r for r in read_removed(folder) if r.reason in DUPLICATE_REASONS] if settings.duplicates else []
    duplicates = {r.document.id: r.duplicate_of for r in removed}
    bar = progress("index", None, "documents")

    def documents() -> Iterator[Document]:
        for document in read_documents(folder):
            bar.advance()
            yield document
        for row in removed:
            bar.advance()
            yield row.document

    scratch.mkdir(parents=True, exist_ok=True)
    draft = scratch / INDEX
    draft.unlink(missing_ok=True)
    count = Index.build(draft, documents(), duplicates, length=settings.passage)
    (out / INDEX).write_bytes(draft.read_bytes())
    draft.unlink()
    reading(documents=count, bytes=(out / INDEX).stat().st_size)


STAGE = Stage(name="index", module=__name__, settings=IndexSettings, inputs={"documents": "documents"}, output="index")
