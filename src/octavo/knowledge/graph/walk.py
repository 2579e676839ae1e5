"""Walk: personalised PageRank over passages and the entities that they name, steered by the question.

p ← (1 − d)·s + d·Aᵀ D⁻¹ p (Page et al. 1999; with seeds for retrieval: Gutiérrez et al. 2024), on the part of the graph
that mass can reach. From an entity to its passages the step prefers those that hold the rest of the question.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from octavo.knowledge.graph.matrix import Incidence


@dataclass(frozen=True)
class Course:
    """What decides a walk; the numbers were chosen on one half of MuSiQue-100 (see bench/graph.py)."""

    damping: float = 0.6
    from_passages: float = 0.3
    """Mass that begins at passages, by their score, beside 1 at the entities of the question."""
    steered: float = 0.7
    """How much the step to a passage depends on what the passage holds of the rest of the question."""
    tolerance: float = 1e-4
    """The walk ends when a step moves less mass than this."""
    steps: int = 50
    reach: int = 3000
    """Passages that a walk goes over at most; an index of fewer is walked over as a whole."""
    drop: float = 2e-6
    """While the reach is looked for, an entity passes nothing on when each of its passages would get less."""


def walk(
    graph: Incidence,
    entities: dict[int, float],
    passages: NDArray[np.float32],
    rest: NDArray[np.float32],
    course: Course,
) -> NDArray[np.float32]:
    """Where the walker is found, by passage. `entities` and `passages` are seeds, of any scale; `rest` (0 to 1, by
    passage) is how well each holds what of the question its entities do not."""
    total = float(passages.sum())
    start = passages * np.float32(course.from_passages / total) if total > 0 else passages.astype(np.float32)
    numbers = np.array(sorted(entities), np.int64)
    weights = np.array([entities[n] for n in numbers.tolist()], np.float32)
    if len(weights):
        weights /= weights.sum()
    whole = float(start.sum() + weights.sum())
    result = np.zeros(len(passages), np.float32)
    if whole <= 0:
        return result
    start, weights = start / np.float32(whole), weights / np.float32(whole)
    near = _reach(graph, numbers, weights, start, course)
    part = graph.by_passage[near]
    held = np.zeros(len(graph.passages), bool)
    held[part.indices] = held[numbers] = True
    columns = np.flatnonzero(held)
    place = np.zeros(len(held), np.int32)
    place[columns] = np.arange(len(columns), dtype=np.int32)
    forth = type(part)((part.data, place[part.indices], part.indptr), shape=(len(near), len(columns)))
    seeds = np.zeros(len(columns), np.float32)
    seeds[place[numbers]] = weights
    result[near] = _converged(forth, seeds, start[near], _steer(rest[near], course), course)
    return result


def _steer(rest: NDArray[np.float32], course: Course) -> NDArray[np.float32]:
    return (np.float32(1.001 - course.steered) + np.float32(course.steered) * rest).astype(np.float32)


def _reach(
    graph: Incidence, numbers: NDArray[np.int64], weights: NDArray[np.float32], start: NDArray[np.float32],
    course: Course,
) -> NDArray[np.int64]:  # fmt: skip
    """The passages that get most mass in a few steps, ascending; small masses of common entities are not followed."""
    size = len(start)
    if size <= course.reach:
        return np.arange(size)
    mass = np.zeros(size, np.float32)
    at_entities = np.zeros(len(graph.passages), np.float32)
    at_entities[numbers] = weights
    mass += start
    for step in range(2):
        holding = np.flatnonzero(at_entities > course.drop * np.maximum(graph.passages, 1))
        given = np.zeros(size, np.float32)
        if len(holding):
            shares = at_entities[holding] / np.maximum(graph.passages[holding], 1)
            rows = graph.by_entity[holding]
            lengths = np.diff(rows.indptr)
            given = np.bincount(rows.indices, np.repeat(shares, lengths), minlength=size).astype(np.float32)
        mass += given
        if step:
            break
        source = _most(given + start, course.reach // 6)
        rows = graph.by_passage[source]
        lengths = np.diff(rows.indptr)
        shares = (given + start)[source] / np.maximum(lengths, 1)
        at_entities = np.bincount(rows.indices, np.repeat(shares, lengths), minlength=len(graph.passages)).astype(
            np.float32
        )
    return _most(mass, course.reach)


def _most(mass: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Places of the largest masses above 0, ascending."""
    held = np.flatnonzero(mass > 0)
    if len(held) > count:
        held = held[np.argpartition(-mass[held], count)[:count]]
    return np.sort(held)


def _converged(
    forth: object, seeds: NDArray[np.float32], start: NDArray[np.float32], steer: NDArray[np.float32], course: Course
) -> NDArray[np.float32]:
    """The fixed point on passages × entities `forth`; sums in an order that is always the same."""
    from scipy import sparse  # type: ignore[import-untyped]

    damping = np.float32(course.damping)
    out = np.asarray(forth.sum(axis=1)).ravel()  # type: ignore[attr-defined]
    to_entities = sparse.diags(1 / np.maximum(out, 1e-9).astype(np.float32)).dot(forth).T.tocsr()
    led = sparse.diags(steer).dot(forth).tocsr()
    held = np.asarray(led.sum(axis=0)).ravel()
    to_passages = led.dot(sparse.diags((1 / np.maximum(held, 1e-9)).astype(np.float32))).tocsr()
    at_entities, at_passages = seeds.copy(), start.copy()
    for _ in range(course.steps):
        new_entities = (1 - damping) * seeds + damping * (to_entities @ at_passages)
        new_passages = (1 - damping) * start + damping * (to_passages @ at_entities)
        moved = np.abs(new_entities - at_entities).sum() + np.abs(new_passages - at_passages).sum()
        at_entities, at_passages = new_entities, new_passages
        if moved < course.tolerance:
            break
    return at_passages.astype(np.float32)
