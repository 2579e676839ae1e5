"""Layer: what an index keeps beside its text, vectors or a graph, written and taken out in the same transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import sqlite3

    import numpy as np
    from numpy.typing import NDArray

    from octavo.kinds.documents import Document


@dataclass(frozen=True)
class Entry:
    """A passage as layers see it. Numbers ascend in the order of adding and are never used twice."""

    number: int
    document: int
    id: str
    """Of the document."""
    start: int
    """Characters of the document's text, as `end`."""
    end: int
    heading: str
    text: str
    """Of the passage."""


class Layer(Protocol):
    """Tables of its own in the index file, whose names begin with the layer's.

    Deleting a document only ends its visibility, so that older generations can still be asked; `forget` is what
    takes it out of the file.
    """

    name: str
    schema: str
    """`CREATE TABLE IF NOT EXISTS …` statements."""

    def added(self, c: sqlite3.Connection, entries: Sequence[Entry], documents: Mapping[int, Document]) -> None:
        """Take in new passages; what that costs must not grow with the index. Nothing is committed here."""
        ...

    def forget(self, c: sqlite3.Connection, passages: NDArray[np.uint32], documents: Mapping[int, Document]) -> None:
        """Overwrite and remove all that came from these passages and documents and from no others."""
        ...

    def traces(
        self, c: sqlite3.Connection, passages: NDArray[np.uint32], documents: Mapping[int, Document]
    ) -> list[str]:
        """What the layer still holds of forgotten passages, a line each; nothing when it holds nothing."""
        ...


@runtime_checkable
class Renewable(Layer, Protocol):
    """A layer that can be made anew for a generation, while earlier ones keep what they have."""

    def renew(
        self, c: sqlite3.Connection, generation: int, batches: Iterable[tuple[Sequence[Entry], Mapping[int, Document]]]
    ) -> int:
        """Make what the generations from this one on use, of these passages; returns how many there were."""
        ...

    def undo(self, c: sqlite3.Connection, generation: int) -> None:
        """Let go of what was made for later generations than this one."""
        ...

    def prune(self, c: sqlite3.Connection, oldest: int) -> bool:
        """Let go of what only earlier generations than this one use; whether there was any."""
        ...


class Ranker(Protocol):
    """What ranks the passages of a view for a question."""

    def rank(self, question: str, k: int) -> list[tuple[int, float]]:
        """The best `k` passages that are visible, as passage number and score, best first."""
        ...


def extra_fields(c: sqlite3.Connection, document: int) -> dict[str, Any]:
    """What the row of a document had besides the fields of `Document`, as it was read; the document is there already
    when a layer's `added` is called."""
    found = c.execute("SELECT extra FROM documents WHERE number = ?", (int(document),)).fetchone()
    extra: dict[str, Any] = json.loads(found[0]) if found and found[0] else {}
    return extra
