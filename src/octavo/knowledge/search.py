"""Search: the documents of an index that a question finds, by a method of one's choice."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from octavo.spine.errors import WRONG_USE, OctavoError, nearest

if TYPE_CHECKING:
    from octavo.knowledge.index.layer import Ranker
    from octavo.knowledge.index.view import View

METHODS = {
    "sparse": ("octavo.knowledge.index.sparse", "Sparse", ""),
    "dense": ("octavo.knowledge.dense.ranker", "Dense", "dense"),
    "hybrid": ("octavo.knowledge.dense.hybrid", "Hybrid", "dense"),
    "graph": ("octavo.knowledge.graph.ranker", "Walk", "graph"),
}
"""Method → module and class of its ranker, and the layer that it needs ("" for none)."""
MOST = 1000
"""Documents that may be asked for at once."""


@dataclass(frozen=True)
class Found:
    """A document that was found: its id, score and best passage."""

    id: str
    score: float
    passage: int


def default_method(view: View) -> str:
    """Hybrid when the index has vectors, else sparse."""
    return "hybrid" if "dense" in view.index.layer_names() else "sparse"


def check_method(view: View, method: str | None) -> str:
    """The method that is used when `method` is asked for; an error when the index can't be asked so."""
    chosen = method or default_method(view)
    if chosen not in METHODS:
        raise OctavoError(
            "K017",
            f'There is no method "{chosen}"{nearest(chosen, METHODS)}',
            do=f"use one of: {', '.join(METHODS)}",
            exit_code=WRONG_USE,
        )
    needed = METHODS[chosen][2]
    if needed and needed not in view.index.layer_names():
        raise OctavoError(
            "K018",
            f'The index has no layer "{needed}", which the method "{chosen}" needs',
            where=str(view.index.path),
            likely=f"it was made with --without {needed}",
            do="octavo knowledge index makes it again with the layer; --method sparse works now",
            exit_code=WRONG_USE,
        )
    return chosen


def ranker(view: View, method: str | None = None) -> Ranker:
    """What ranks the passages of a view; it is made once for a view."""
    chosen = check_method(view, method)
    module, noun, _ = METHODS[chosen]
    made: Ranker = view.cached(f"ranker {chosen}", lambda: getattr(importlib.import_module(module), noun)(view))
    return made


def search(view: View, question: str, k: int = 5, method: str | None = None) -> list[Found]:
    """The best `k` documents for a question, best first, each once with its best passage."""
    if not 1 <= k <= MOST:
        raise OctavoError(
            "K019", f"The number of documents must be 1 to {MOST:,}, not {k}", do="choose another -k",
            exit_code=WRONG_USE,
        )  # fmt: skip
    with view.index.reading():
        ranks = ranker(view, method)
        wanted = 2 * k
        while True:
            ranked = ranks.rank(question, wanted)
            firsts: dict[int, tuple[int, float]] = {}
            for passage, score in ranked:
                firsts.setdefault(int(view.document[passage]), (passage, score))
            if len(firsts) >= k or len(ranked) < wanted:
                break
            wanted *= 4
        return [Found(view.id_of(passage), float(score), int(passage)) for passage, score in list(firsts.values())[:k]]
