"""Layers: which layers an index can have and has, and opening it with all of them in place."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from octavo.knowledge.index.index import Index
from octavo.spine.errors import WRONG_USE, OctavoError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from octavo.knowledge.dense.layer import Drift
    from octavo.knowledge.index.layer import Layer

LAYERS = {"dense": ("octavo.knowledge.dense.layer", "Vectors"), "graph": ("octavo.knowledge.graph.layer", "Graph")}
"""Name → module and class; imported when an index has it or shall get it."""


def installed() -> tuple[str, ...]:
    """The layers that this installation can make."""
    return tuple(name for name, (module, _) in LAYERS.items() if _found(module))


def _found(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def layer(name: str) -> Layer:
    """The layer of this name, ready to be attached."""
    if name not in LAYERS:
        raise OctavoError(
            "K015",
            f'There is no layer "{name}"{nearest(name, LAYERS)}',
            do=f"use one of: {', '.join(LAYERS)}",
            exit_code=WRONG_USE,
        )
    module, noun = LAYERS[name]
    if not _found(module):
        raise OctavoError("K016", f'This installation has no layer "{name}"', do="install all of Octavo")
    made: Layer = getattr(importlib.import_module(module), noun)()
    return made


def vectors_of(model: Path, *, question: str | None = None, passage: str | None = None) -> Layer:
    """The layer `dense` with the vectors of a local sentence-embedding model."""
    from octavo.knowledge.dense.foreign import Foreign
    from octavo.knowledge.dense.layer import Vectors

    return Vectors(Foreign(model, question=question, passage=passage))


def graph_by(place: str) -> Layer:
    """The layer `graph` with the entities of a local spaCy pipeline beside its own."""
    from octavo.knowledge.graph.layer import Graph
    from octavo.knowledge.graph.text.recognise import Recogniser

    return Graph(Recogniser(place))


def drift(index: Index) -> Drift | None:
    """How far the documents have moved from what the vectors were learnt from; None for an index without vectors."""
    if "dense" not in index.layer_names():
        return None
    from octavo.knowledge.dense import layer as dense

    with index.reading():
        return dense.drift(index.connection)


def relearnt(index: Index) -> frozenset[int]:
    """The generations that began with vectors learnt anew."""
    if "dense" not in index.layer_names():
        return frozenset()
    from octavo.knowledge.dense.store import editions

    with index.reading():
        return frozenset(born for _, born in editions(index.connection) if born)


def open_index(path: Path, *, write: bool = False, as_of: int | None = None) -> Index:
    """Open an index with the layers that it has; they then follow what is added, and go with what is forgotten."""
    index = Index.open(path, write=write, as_of=as_of)
    try:
        index.attach(*(layer(name) for name in index.layer_names()))
    except BaseException:
        index.close()
        raise
    return index


def build_layers(index: Index, names: Iterable[str], given: Mapping[str, Layer] | None = None) -> dict[str, int]:
    """Give an index layers that it has not, one after the other; returns how many passages each took in. Those that
    are `given` are not as by default."""
    from octavo.spine.progress import progress

    fed = {}
    for name in names:
        if name in index.layer_names():
            continue
        new = (given or {}).get(name) or layer(name)
        bar = progress(f"build {name}", index.fact("next_passage"), "passages")
        fed[name] = index.build_layer(new, bar.advance)
        index.attach(new)
    return fed
