"""Consolidate: what proved its worth becomes a document of an index; the memory keeps the episode and a pointer."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from octavo.kinds.documents import Document
from octavo.knowledge.memory.episode import Episode, moment
from octavo.knowledge.memory.memory import Memory
from octavo.spine.errors import WRONG_USE, OctavoError

USES = 2
"""An episode that was used so often is worth a document."""


@dataclass(frozen=True)
class Consolidated:
    """What a consolidation did: episodes that became documents, and the contradicted ones that were taken out."""

    added: tuple[int, ...]
    removed: tuple[int, ...]
    waiting: int
    """Episodes that were used too seldom yet."""


def document_of(episode: Episode) -> Document:
    """The document that an episode becomes."""
    text = f"{episode.cue}\n\n{episode.text}" if episode.cue else episode.text
    title = episode.cue or episode.text.split("\n", 1)[0][:80]
    return Document(f"memory:{episode.number}", text, title=title, date=moment(episode.born), domain="memory")


def consolidate(memory: Memory, index: Path, *, uses: int = USES, now: int | None = None) -> Consolidated:
    """Add episodes that were used at least `uses` times and not contradicted, and still hold, to the index in `index`
    (a new one when there is none); take out what was contradicted or went out of date since.

    A kill in between leaves documents that the memory does not know of; the next consolidation finds them there.
    """
    from octavo.knowledge.index.index import Index
    from octavo.knowledge.layers import open_index

    at = int(time.time()) if now is None else now
    known = str(memory.store.fact("index"))
    if known and Path(known).resolve() != index.resolve() and Path(known).is_file():
        raise OctavoError(
            "K077",
            "This memory was consolidated into another index",
            where=known,
            do=f"consolidate into that one, or remove it first: rm {known}",
            exit_code=WRONG_USE,
        )
    everything = list(memory.all())
    good = [one for one in everything if one.kind != "conversation" and _holds(one, at)]
    ready = [one for one in good if one.uses >= uses]
    stale = [one for one in everything if one.document and not _holds(one, at)]
    if not index.is_file():
        Index.create(index).close()
    with open_index(index, write=True) as opened:
        removed = [one for one in stale if opened.document(one.document) is not None]
        fresh = [one for one in ready if opened.document(f"memory:{one.number}") is None]
        if fresh or removed:
            opened.change([document_of(one) for one in fresh], delete=[one.document for one in removed])
    with memory.store.writing() as c:
        c.executemany("UPDATE episodes SET document = '' WHERE number = ?", [(one.number,) for one in stale])
        c.executemany(
            "UPDATE episodes SET document = ? WHERE number = ?", [(f"memory:{one.number}", one.number) for one in ready]
        )
        c.execute("UPDATE metadata SET value = ? WHERE key = 'index'", (json.dumps(str(index.resolve())),))
    return Consolidated(
        tuple(one.number for one in fresh), tuple(one.number for one in removed), len(good) - len(ready)
    )


def forget_documents(memory: Memory, numbers: Sequence[int]) -> tuple[list[str], list[str]]:
    """Take what episodes became out of the index, before the episodes themselves; returns the ids, and what is left.

    Earlier generations of the index lose them too.
    """
    from octavo.knowledge import forget
    from octavo.knowledge.layers import open_index

    known = [one.document for one in memory.store.episodes(list(numbers)).values() if one.document]
    place = Path(str(memory.store.fact("index")))
    if not known or not place.is_file():
        return [], []
    with open_index(place) as index:  # a forgetting that was stopped may have taken some out already
        rows = [index.connection.execute("SELECT 1 FROM documents WHERE id = ?", (one,)).fetchone() for one in known]
    documents = [one for one, row in zip(known, rows, strict=True) if row]
    return documents, list(forget.forget(place, documents).traces) if documents else []


def _holds(episode: Episode, at: int) -> bool:
    return episode.superseded is None and (episode.until is None or episode.until > at)
