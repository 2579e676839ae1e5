"""Communities: groups of entities that are named together, and what the documents say of each, in their own sentences.

Modularity is raised by moving entities between groups and by joining groups (Blondel et al. 2008), in a fixed order, so
that the same graph gives the same groups.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from octavo.knowledge.graph.matrix import Incidence, incidence
from octavo.knowledge.graph.text.extract import KINDS
from octavo.knowledge.index.passages import sentences

if TYPE_CHECKING:
    from octavo.knowledge.index.view import View

MOST_ENTITIES = 6000
"""The entities of most passages; rarer ones do not say what a collection is about."""
MOST_TOGETHER = 24
"""Entities of one passage that are joined with each other: the rarest."""
SMALLEST = 3
PASSES = 12
LOOKED_AT = 12
"""Passages of a community whose sentences are weighed."""


@dataclass(frozen=True)
class Quoted:
    """A sentence with where it stands."""

    text: str
    id: str
    start: int
    end: int


@dataclass(frozen=True)
class Community:
    """Entities that belong together: the central ones first, and the sentences that name most of them."""

    entities: tuple[str, ...]
    size: int
    passages: int
    sentences: tuple[Quoted, ...]


Neighbours = list[dict[int, float]]


def louvain(graph: Neighbours) -> list[int]:
    """The group of each vertex of a weighted undirected graph, groups numbered by their first vertex."""
    member = list(range(len(graph)))
    level = graph
    while True:
        group = _moved(level)
        numbers = {old: new for new, old in enumerate(dict.fromkeys(group))}
        group = [numbers[g] for g in group]
        member = [group[m] for m in member]
        if len(numbers) == len(level):
            return member
        joined: Neighbours = [defaultdict(float) for _ in numbers]
        for vertex, near in enumerate(level):
            for other, weight in near.items():
                joined[group[vertex]][group[other]] += weight
        level = [dict(near) for near in joined]


def _moved(graph: Neighbours) -> list[int]:
    """Each vertex in the neighbouring group that raises modularity most, until none moves (or `PASSES` times)."""
    degree = [sum(near.values()) for near in graph]
    total = sum(degree) or 1.0
    group, mass = list(range(len(graph))), list(degree)
    for _ in range(PASSES):
        moves = 0
        for vertex, near in enumerate(graph):
            ties: dict[int, float] = defaultdict(float)
            for other, weight in near.items():
                if other != vertex:
                    ties[group[other]] += weight
            old = group[vertex]
            mass[old] -= degree[vertex]
            best, most = old, ties.get(old, 0.0) - mass[old] * degree[vertex] / total
            for candidate in sorted(ties):
                gain = ties[candidate] - mass[candidate] * degree[vertex] / total
                if gain > most + 1e-12:
                    best, most = candidate, gain
            group[vertex] = best
            mass[best] += degree[vertex]
            moves += best != old
        if not moves:
            break
    return group


def _together(graph: Incidence, kinds: dict[int, int]) -> tuple[list[int], Neighbours]:
    """The entities that are looked at and how often each two share a passage, rarer ones counting more."""
    counts = graph.passages
    named = np.array([e for e in np.flatnonzero(counts >= 2).tolist() if kinds.get(e) not in _FIGURES], np.int64)
    if len(named) > MOST_ENTITIES:
        named = np.sort(named[np.argsort(-counts[named], kind="stable")[:MOST_ENTITIES]])
    place = {int(entity): at for at, entity in enumerate(named)}
    near: Neighbours = [defaultdict(float) for _ in named]
    table = graph.by_passage
    for passage in range(table.shape[0]):
        held = [e for e in table.indices[table.indptr[passage] : table.indptr[passage + 1]].tolist() if e in place]
        held = sorted(held, key=lambda e: (counts[e], e))[:MOST_TOGETHER]
        for at, one in enumerate(held):
            for other in held[:at]:
                weight = float(1 / np.sqrt(counts[one] * counts[other]))
                near[place[one]][place[other]] += weight
                near[place[other]][place[one]] += weight
    return named.tolist(), [dict(edges) for edges in near]


_FIGURES = (KINDS.index("date"), KINDS.index("number"))


def communities(view: View, most: int = 10, question: str | None = None, quoted: int = 3) -> list[Community]:
    """The largest communities of a view, or with a question those that it is about, each summed up by its central
    entities and by sentences quoted from different passages."""
    with view.index.reading():
        graph = incidence(view)
        rows = view.index.connection.execute("SELECT number, name, kind FROM graph_entities").fetchall()
        names, kinds = {r[0]: r[1] for r in rows}, {r[0]: r[2] for r in rows}
        entities, near = _together(graph, kinds)
        group = louvain(near)
        members: dict[int, list[int]] = defaultdict(list)
        for at, of in enumerate(group):
            members[of].append(at)
        wanted = _asked(view, graph, entities, group, question)
        ranked = sorted(
            (of for of, held in members.items() if len(held) >= SMALLEST and (question is None or wanted.get(of))),
            key=lambda of: (-wanted.get(of, 0.0), -len(members[of]), of),
        )
        return [
            _summed_up(view, graph, [entities[at] for at in members[of]], _central(near, members[of]), names, quoted)
            for of in ranked[:most]
        ]


def _central(near: Neighbours, members: list[int]) -> list[float]:
    inside = set(members)
    return [sum(weight for other, weight in near[at].items() if other in inside) for at in members]


def _asked(
    view: View, graph: Incidence, entities: list[int], group: list[int], question: str | None
) -> dict[int, float]:
    """How much of what a question finds belongs to each community."""
    if question is None:
        return {}
    from octavo.knowledge.graph.ranker import Walk

    of = dict(zip(entities, group))
    mass: dict[int, float] = defaultdict(float)
    table = graph.by_passage
    for place, (passage, _) in enumerate(Walk(view).rank(question, 30)):
        for entity in table.indices[table.indptr[passage] : table.indptr[passage + 1]].tolist():
            if entity in of:
                mass[of[entity]] += 1 / ((10 + place) * float(graph.passages[entity]))
    return dict(mass)


def _summed_up(
    view: View, graph: Incidence, members: list[int], central: list[float], names: dict[int, str], quoted: int
) -> Community:
    order = sorted(range(len(members)), key=lambda at: (-central[at], members[at]))
    weight = dict(zip(members, central))
    rows = graph.by_entity[members]
    share = np.bincount(
        rows.indices, np.repeat(np.array(central, np.float64), np.diff(rows.indptr)), minlength=len(view)
    )
    held = np.flatnonzero(share > 0)
    best = held[np.argsort(-share[held], kind="stable")[:LOOKED_AT]].tolist()
    found: list[tuple[float, Quoted]] = []
    for passage in best:
        found += _weighed(view, int(passage), weight)
    chosen: dict[str, Quoted] = {}
    for _, sentence in sorted(found, key=lambda pair: (-pair[0], pair[1].id, pair[1].start)):
        if sentence.id not in chosen and len(chosen) < quoted:
            chosen[sentence.id] = sentence
    leading = [names.get(members[at], "") for at in order[:24]]
    whole = [name for name in leading if not any(name != other and name in other for other in leading)]
    central_names = tuple(whole[:8])
    return Community(central_names, len(members), len(held), tuple(chosen.values()))


def _weighed(view: View, passage: int, weight: dict[int, float]) -> list[tuple[float, Quoted]]:
    """The best sentence of a passage by the community's entities in it, long ones held back."""
    from octavo.knowledge.graph.layer import read_mentions
    from octavo.knowledge.graph.matrix import roots

    entry = view.entry(passage)
    rows = read_mentions(view.index.connection, passage)
    if rows is None:
        return []
    root = roots(view)
    best: list[tuple[float, Quoted]] = []
    for start, end in sentences(entry.text):
        first, last = entry.start + start, entry.start + end
        inside = rows[(rows["start"] >= first) & (rows["end"] <= last) & (rows["end"] > 0)]
        held = {int(root[e]) for e in inside["entity"].tolist()}
        value = sum(weight.get(entity, 0.0) for entity in sorted(held)) / np.sqrt(20 + end - start)
        if value > 0:
            best.append((float(value), Quoted(entry.text[start:end], entry.id, first, last)))
    return sorted(best, key=lambda pair: -pair[0])[:1]
