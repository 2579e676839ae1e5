"""Index: the n-grams of the evaluation items, the small side: all that is held in memory while texts stream by.

Kept as arrays in a folder, so that every worker maps the same pages.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octavo.data.contamination.items import Item
from octavo.data.contamination.words import Hashes, Places, grams_of, words_of

FUZZY_WORDS, EXACT_WORDS = 3, 13
COMMON = 32
"""A run of words in more items than this says little: it is looked for only where an item has nothing rarer."""
RAREST = 8
"""How many of its rarest runs an item is found by in any case."""
TOO_COMMON = 1000
"""A run of words in more items than this is never looked for, which bounds the work for each word that is read."""
SAME_QUESTION = 10
"""A question of more items than this ("What is the main idea?") is no item's own; of fewer, it may be one question that
is asked with each of its choices."""
SHORTEST = 5
"""Words; a shorter question is in so many texts that finding it tells nothing."""

_ARRAYS = ("words", "bounds", "weights", "digits", "grams", "posts", "post_items", "post_places", "parts", "part_items")
_ARRAYS += ("part_bounds", "filter", "shared")


@dataclass(frozen=True)
class Index:
    """The items' words and where their runs of `n` words stand."""

    n: int
    ids: list[str]
    words: Hashes
    bounds: Places
    """Item k has the words bounds[k] to bounds[k + 1]."""
    weights: NDArray[np.float64]
    """Inverse document frequency among the items, for each word."""
    digits: NDArray[np.bool_]
    grams: Hashes
    """Sorted; run g stands in post_items and post_places from posts[g] to posts[g + 1]."""
    posts: Places
    post_items: NDArray[np.int32]
    post_places: NDArray[np.int32]
    parts: Hashes
    """Words of the supporting parts; part j has part_bounds[j] to part_bounds[j + 1] and is of item part_items[j]."""
    part_items: NDArray[np.int32]
    part_bounds: Places
    filter: NDArray[np.bool_]
    """Whether any run has these first bits: most words of a text are settled by this one look."""
    shared: NDArray[np.bool_]
    """Whether an item's question is that of many others too, so that only its other parts tell them apart."""
    short: list[str]
    """Ids of items that are too short to be found."""

    def save(self, folder: Path) -> None:
        """Write the arrays, the description last."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in _ARRAYS:
            np.save(folder / f"{name}.npy", getattr(self, name), allow_pickle=False)
        partial = folder / f"about.{os.getpid()}.partial"
        partial.write_text(json.dumps({"n": self.n, "ids": self.ids, "short": self.short}), encoding="utf-8")
        partial.replace(folder / "about.json")


def load_index(folder: Path) -> Index:
    """The index in a folder; its arrays are mapped, not read."""
    about: dict[str, Any] = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in _ARRAYS}
    return Index(**about, **{name: np.asarray(array) for name, array in arrays.items()})


def build_index(items: Iterable[Item], n: int = FUZZY_WORDS) -> Index:
    """The index of items by runs of `n` words. Items with too few words are named in `short`, not searched for."""
    known = list(items)
    found = words_of([item.question for item in known])
    lengths = np.diff(found.bounds)
    kept = np.flatnonzero(lengths >= max(n, SHORTEST))
    chosen = np.concatenate([np.arange(found.bounds[k], found.bounds[k + 1]) for k in kept] or [np.zeros(0, np.int64)])
    words, digits = found.hashes[chosen], found.digits[chosen]
    bounds = np.cumsum([0, *lengths[kept].tolist()])
    new_place = {int(old): new for new, old in enumerate(kept)}
    supports = [(new_place[at], text) for at, item in enumerate(known) if at in new_place for text in item.supports]
    parts = words_of([text for _, text in supports])
    grams, posts, items_of, places = _postings(words, bounds, n)
    bits = min(27, max(10, math.ceil(math.log2(16 * len(grams) + 1))))
    seen = np.zeros(2**bits, np.bool_)
    seen[grams >> np.uint64(64 - bits)] = True
    return Index(
        n=n,
        ids=[known[k].id for k in kept],
        words=words,
        bounds=bounds,
        weights=_weights(words, bounds),
        digits=digits,
        grams=grams,
        posts=posts,
        post_items=items_of,
        post_places=places,
        parts=parts.hashes,
        part_items=np.array([item for item, _ in supports], np.int32),
        part_bounds=parts.bounds,
        filter=seen,
        shared=_shared(words, bounds),
        short=[item.id for at, item in enumerate(known) if at not in new_place],
    )


def _weights(words: Hashes, bounds: Places) -> NDArray[np.float64]:
    """log(1 + N / df) of each word, df the number of items that have it."""
    owner = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    kinds, number = np.unique(words, return_inverse=True)
    pairs = np.unique(number.ravel() * np.int64(len(bounds)) + owner)
    frequency = np.bincount(pairs // len(bounds), minlength=len(kinds))
    weights = np.log1p((len(bounds) - 1) / np.maximum(frequency, 1))
    return np.asarray(weights[number.ravel()], dtype=np.float64)


def _shared(words: Hashes, bounds: Places) -> NDArray[np.bool_]:
    whole = [words[bounds[k] : bounds[k + 1]].tobytes() for k in range(len(bounds) - 1)]
    counts: dict[bytes, int] = {}
    for one in whole:
        counts[one] = counts.get(one, 0) + 1
    return np.array([counts[one] > SAME_QUESTION for one in whole], np.bool_)


def _postings(words: Hashes, bounds: Places, n: int) -> tuple[Hashes, Places, NDArray[np.int32], NDArray[np.int32]]:
    """Runs → where they stand, of those runs that are looked for (`COMMON`, `RAREST`, `TOO_COMMON`)."""
    runs = grams_of(words, n)
    owner = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    whole = np.flatnonzero(owner[: len(runs)] == owner[n - 1 :]) if len(runs) else np.zeros(0, np.int64)
    runs, owner, places = runs[whole], owner[whole], whole - bounds[owner[whole]]
    kinds, number = np.unique(runs, return_inverse=True)
    number = number.ravel()
    pairs = np.unique(number * np.int64(len(bounds)) + owner)
    frequency = np.bincount(pairs // len(bounds), minlength=len(kinds))[number]
    order = np.lexsort((places, frequency, owner))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order)) - np.searchsorted(owner[order], owner[order])
    looked = (frequency <= COMMON) | ((rank < RAREST) & (frequency <= TOO_COMMON))
    runs, owner, places = runs[looked], owner[looked], places[looked]
    order = np.lexsort((places, owner, runs))
    grams, first = np.unique(runs[order], return_index=True)
    posts = np.append(first, len(order)).astype(np.int64)
    return grams, posts, owner[order].astype(np.int32), places[order].astype(np.int32)
