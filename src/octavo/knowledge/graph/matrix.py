"""Matrix: the graph of a view as sparse matrices: which passage names which entity, and how strongly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse  # type: ignore[import-untyped]

from octavo.knowledge.graph.facts import FUNCTIONAL, facts
from octavo.knowledge.graph.layer import FIELD, MENTION, PART, SUBJECT, decode
from octavo.knowledge.graph.merges import Clusters, clusters, read_log
from octavo.knowledge.graph.text.extract import KINDS
from octavo.spine.errors import WRONG_USE, OctavoError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from octavo.knowledge.index.index import Index
    from octavo.knowledge.index.view import View

SUBJECT_WEIGHT, FIELD_WEIGHT, PART_WEIGHT = 3.0, 1.0, 0.5
"""What it counts that a passage is about an entity, has it in a field, or names it inside of a longer name, beside 1
for each time that it names it."""


@dataclass(frozen=True)
class Incidence:
    """Passages × entities of a view, by their numbers, weighted 1 + log of how much a passage names an entity."""

    by_passage: sparse.csr_matrix
    by_entity: sparse.csr_matrix
    """The same, entities × passages."""
    passages: NDArray[np.float32]
    """Per entity in how many passages it is."""
    subject: NDArray[np.int64]
    """Per passage the entity that it is about; −1 for none."""

    def neighbours(self, entity: int) -> set[int]:
        """The entities that share a passage with one (itself too)."""
        held = self.by_entity.indices[self.by_entity.indptr[entity] : self.by_entity.indptr[entity + 1]]
        return {int(e) for p in held[:200] for e in self.by_passage[p].indices}

    def first(self, entity: int) -> int:
        """The first passage that names an entity."""
        return int(self.by_entity.indices[self.by_entity.indptr[entity]])


def incidence(view: View, *, merged: bool = True) -> Incidence:
    """The matrices of a view, made once for it; with `merged` names that are one entity share a column."""
    return view.cached(f"graph incidence {merged}", lambda: _incidence(view, merged))


def followed(view: View) -> Clusters:
    """The merges that a view follows: those whose evidence it sees."""

    def make() -> Clusters:
        rows = [row for row in read_log(view.index.connection) if _seen(view, row.passage)]
        held: dict[str, dict[str, str]] = {}
        for fact in facts(view) if rows else ():
            if fact.relation in FUNCTIONAL and not fact.closed_by:
                held.setdefault(fact.subject, {}).setdefault(fact.relation, fact.object)
        return clusters(rows, held)

    return view.cached("graph clusters", make)


def _seen(view: View, passage: int) -> bool:
    return passage < 0 or (passage < len(view) and bool(view.visible[passage]))


def roots(view: View) -> NDArray[np.int64]:
    """Per entity number the number of the entity that stands for it."""

    def make() -> NDArray[np.int64]:
        c = view.index.connection
        last = c.execute("SELECT max(number) FROM graph_entities").fetchone()[0] or 0
        found = np.arange(last + 1, dtype=np.int64)
        of = followed(view).of
        for gone, kept in sorted(of.items()):
            numbers = [
                c.execute("SELECT number FROM graph_entities WHERE key = ?", (key,)).fetchone() for key in (gone, kept)
            ]
            if numbers[0] and numbers[1]:
                found[numbers[0][0]] = numbers[1][0]
        return found

    return view.cached("graph roots", make)


def _rows(view: View) -> tuple[NDArray[np.int64], NDArray[np.void]]:
    """All mentions with their passages; those of new passages are read on top of what is held."""
    held: tuple[NDArray[np.int64], NDArray[np.void], int] = view.grown(
        "graph mentions",
        lambda: _read(view, -1, (np.zeros(0, np.int64), np.zeros(0, MENTION), 0)),
        lambda old: _read(view, old[2] - 1, old),
    )
    return held[0], held[1]


def _read(
    view: View, after: int, old: tuple[NDArray[np.int64], NDArray[np.void], int]
) -> tuple[NDArray[np.int64], NDArray[np.void], int]:
    query = "SELECT passage, data FROM graph_mentions WHERE passage > ? AND passage < ? ORDER BY passage"
    passages, parts = [], []
    for passage, data in view.index.connection.execute(query, (after, len(view))):
        rows = decode(data, passage)
        passages.append((passage, len(rows)))
        parts.append(rows)
    if not parts:
        return old[0], old[1], len(view)
    numbers = np.repeat([p for p, _ in passages], [n for _, n in passages]).astype(np.int64)
    return np.concatenate([old[0], numbers]), np.concatenate([old[1], *parts]), len(view)


def _incidence(view: View, merged: bool) -> Incidence:
    with view.index.reading():
        passages, rows = _rows(view)
        root = roots(view) if merged else None
        last = view.index.connection.execute("SELECT max(number) FROM graph_entities").fetchone()[0] or 0
    seen = view.visible[passages] & (rows["kind"] != KINDS.index("number"))  # a bare number joins what isn't related
    passages, rows = passages[seen], rows[seen]
    entities = rows["entity"].astype(np.int64)
    if root is not None:
        entities = root[entities]
    flags = rows["flags"]
    weights = np.ones(len(rows), np.float32)
    weights[(flags & PART) > 0] = PART_WEIGHT
    weights[(flags & FIELD) > 0] = FIELD_WEIGHT
    weights[(flags & SUBJECT) > 0] = SUBJECT_WEIGHT
    shape = (len(view), last + 1)
    table = sparse.csr_matrix((weights, (passages, entities)), shape=shape, dtype=np.float32)
    table.sum_duplicates()
    table.data = np.where(table.data > 1, 1 + np.log(np.maximum(table.data, 1)), table.data).astype(np.float32)
    turned = table.T.tocsr()
    subject = np.full(len(view), -1, np.int64)
    about = (flags & SUBJECT) > 0
    subject[passages[about][::-1]] = entities[about][::-1]
    return Incidence(table, turned, np.diff(turned.indptr).astype(np.float32), subject)


def graph_view(index: Index) -> View:
    """A view of an index that has a graph; an error when it has none."""
    if "graph" not in index.layer_names():
        raise OctavoError(
            "K043",
            "The index has no graph",
            where=str(index.path),
            likely="it was made without one",
            do="octavo knowledge index makes it again with the layer",
            exit_code=WRONG_USE,
        )
    return index.view()
