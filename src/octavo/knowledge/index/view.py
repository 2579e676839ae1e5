"""View: what one generation of an index sees, with what was worked out from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from octavo.knowledge.index.layer import Entry
from octavo.knowledge.index.postings import by_field

if TYPE_CHECKING:
    import sqlite3
    from contextlib import AbstractContextManager
    from pathlib import Path

    from numpy.typing import NDArray

    from octavo.knowledge.index.columns import Columns
    from octavo.knowledge.index.postings import Postings

T = TypeVar("T")


class Source(Protocol):
    """What a view asks its index for; see `Reader`."""

    path: Path
    connection: sqlite3.Connection

    def reading(self) -> AbstractContextManager[None]:
        """A consistent view of the file over several reads."""
        ...

    def layer_names(self) -> tuple[str, ...]:
        """The layers that the index has."""
        ...

    def id_of(self, number: int) -> str:
        """The id of the document of this number."""
        ...

    def first_of(self, number: int) -> int:
        """The first passage of the document of this number."""
        ...

    def number_of(self, document_id: str) -> int | None:
        """The number of the document of this id."""
        ...

    def entry(self, number: int) -> Entry:
        """The passage of this number."""
        ...

    def occurrences(self, term: str) -> NDArray[np.void]:
        """The `POSTING` rows of a term."""
        ...


class View:
    """Made by `Index.view`. It stays what it is when the index grows; a new view then sees the rest.

    Arrays are by passage number: `visible`, `document` (its number), `rows` (see `postings.ROW`).
    """

    def __init__(self, index: Source, generation: int, columns: Columns, grown: dict[str, tuple[int, Any]]) -> None:
        self.index, self.generation = index, generation
        self.visible: NDArray[np.bool_] = columns.visible(generation)
        self.rows: NDArray[np.void] = columns.rows
        self.document: NDArray[np.uint32] = np.ascontiguousarray(self.rows["document"])
        self.live = int(self.visible.sum())
        """How many passages are visible."""
        self.whole = self.live == len(self.visible)
        self._epoch = columns.epoch
        self._cached: dict[str, Any] = {}
        self._grown = grown
        self._ids: dict[int, str] = {}

    def __len__(self) -> int:
        """How many passages there are, visible or not: the next number."""
        return len(self.visible)

    def documents(self) -> NDArray[np.uint32]:
        """The numbers of the visible documents, ascending."""
        numbers: NDArray[np.uint32] = self.cached("documents", lambda: np.unique(self.document[self.visible]))
        return numbers

    def sees(self, document: int) -> bool:
        """Whether the document of this number is visible."""
        numbers = self.documents()
        at = int(np.searchsorted(numbers, document))
        return at < len(numbers) and int(numbers[at]) == document

    def id_of(self, passage: int) -> str:
        """The id of the document that a passage belongs to."""
        number = int(self.document[passage])
        if number not in self._ids:
            if len(self._ids) > 100_000:
                self._ids.clear()
            self._ids[number] = self.index.id_of(number)
        return self._ids[number]

    def entry(self, passage: int) -> Entry:
        """A passage with its text."""
        return self.index.entry(passage)

    def occurrences(self, term: str) -> NDArray[np.void]:
        """The `POSTING` rows of a term, visible passages only."""
        rows = self.index.occurrences(term)
        if not len(rows):
            return rows
        if int(rows["passage"][-1]) >= len(self):  # the index has grown since
            rows = rows[: int(np.searchsorted(rows["passage"], len(self)))]
        return rows if self.whole else rows[self.visible[rows["passage"]]]

    def postings(self, term: str) -> Postings:
        """Per field of `FIELDS` the visible passages that hold the term and how often; empty when none does."""
        rows = self.occurrences(term)
        return by_field(rows) if len(rows) else []

    def cached(self, key: str, make: Callable[[], T]) -> T:
        """What `make` gives, made once for this view."""
        if key not in self._cached:
            self._cached[key] = make()
        value: T = self._cached[key]
        return value

    def grown(self, key: str, make: Callable[[], T], grow: Callable[[T], T]) -> T:
        """As `cached`, but kept from view to view: `grow` brings what was kept up to all passages there are now,
        visible or not. It is made anew when something was taken out of the file. It may hold more passages than this
        view: take `[: len(view)]` of it."""

        def now() -> T:
            held = self._grown.get(key)
            value = grow(held[1]) if held is not None and held[0] == self._epoch else make()
            self._grown[key] = (self._epoch, value)
            return value

        return self.cached(f"grown {key}", now)
