"""Duplicates: which documents repeat another one, exactly or nearly, and which of them is kept."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import xxhash
from numpy.typing import NDArray

from octavo.data.shingles import MinHash, Shingler, bands_for, jaccard
from octavo.kinds.documents import Document
from octavo.spine.progress import progress

BUCKET_LIMIT = 64
"""In a larger bucket each document is compared with this many of the first in order of survival only."""


@dataclass(frozen=True)
class Candidate:
    """What is kept in memory of a document: its place in the file, and what decides about it."""

    at: int
    id: str
    uses: int
    length: int
    is_file: bool
    digest: int
    """Of the text with all white space made one blank."""

    @property
    def survival(self) -> tuple[int, int, int, str]:
        """Order in which duplicates are kept: most used, then the shallowest name, the shortest, by alphabet."""
        return (-self.uses, len(re.findall(r"[./]", self.id)), len(self.id), self.id)

    @property
    def last(self) -> str:
        """The last part of the name."""
        return re.split(r"[./]", self.id)[-1]


@dataclass(frozen=True)
class Duplicate:
    """`at` repeats `of` (both places in the file)."""

    at: int
    of: int
    similarity: float


def candidate(at: int, document: Document) -> Candidate:
    """What duplicates are found by."""
    digest = xxhash.xxh64_intdigest(" ".join(document.text.split()).encode())
    return Candidate(at, document.id, document.uses, len(document.text), document.kind == "file", digest)


def exact_duplicates(candidates: Iterable[Candidate], distinct_below: int) -> list[Duplicate]:
    """All but the first to survive of each group with the same text.

    Texts shorter than `distinct_below` characters are often right for several objects ("Close the file."); they count
    as duplicates only where the objects have the same last name. Of files, all count.
    """
    groups: dict[tuple[int, str], list[Candidate]] = defaultdict(list)
    for one in candidates:
        groups[one.digest, one.last if one.length < distinct_below and not one.is_file else ""].append(one)
    found = []
    for group in groups.values():
        if len(group) > 1:
            first, *others = sorted(group, key=lambda one: one.survival)
            found += [Duplicate(other.at, first.at, 1.0) for other in others]
    return found


def near_duplicates(
    candidates: Sequence[Candidate],
    text_of: Callable[[int], str],
    threshold: float,
    threshold_renamed: float,
    distinct_below: int,
) -> list[Duplicate]:
    """Documents whose word triples have a Jaccard similarity of at least `threshold` with a document that is kept;
    objects with different last names need `threshold_renamed`: `bisect_left` and `bisect_right` are worded alike.

    Candidates come from MinHash bands, each is verified exactly; nothing is removed for resembling a removed one.
    """
    ordered = sorted((c for c in candidates if c.length >= distinct_below), key=lambda c: c.survival)
    if len(ordered) < 2:
        return []
    bands, rows = bands_for(threshold)
    signature, shingler = MinHash(bands, rows), Shingler()
    keys = np.zeros((len(ordered), bands), dtype=np.uint64)
    sizes = np.zeros(len(ordered), dtype=np.int64)
    bar = progress("compare texts", len(ordered), "documents")
    for place, one in enumerate(ordered):
        shingles = shingler(text_of(one.at))
        sizes[place] = shingles.size
        keys[place] = signature.keys(shingles)
        bar.advance()
    later, earlier = _pairs(keys)
    possible = np.minimum(sizes[later], sizes[earlier]) >= threshold * np.maximum(sizes[later], sizes[earlier])
    later, earlier = later[possible], earlier[possible]

    def needed(one: Candidate, other: Candidate) -> float:
        alike = one.is_file or other.is_file or one.last == other.last
        return threshold if alike else max(threshold, threshold_renamed)

    return _verify(ordered, later, earlier, text_of, needed, shingler)


def _pairs(keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs (later, earlier) of places that share a band's key, each once, sorted."""
    codes = []
    count = len(keys)
    for band in range(keys.shape[1]):
        order = np.argsort(keys[:, band], kind="stable")
        column = keys[order, band]
        edges = np.flatnonzero(np.diff(column)) + 1
        starts, ends = np.r_[0, edges], np.r_[edges, count]
        for start, end in zip(starts[ends - starts > 1], ends[ends - starts > 1], strict=True):
            bucket = order[start:end]
            heads = bucket[:BUCKET_LIMIT]
            for place, head in enumerate(heads):
                codes.append(bucket[place + 1 :] * count + head)
    if not codes:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    unique = np.unique(np.concatenate(codes))
    return unique // count, unique % count


def _verify(
    ordered: Sequence[Candidate],
    later: NDArray[np.int64],
    earlier: NDArray[np.int64],
    text_of: Callable[[int], str],
    needed: Callable[[Candidate, Candidate], float],
    shingler: Shingler,
) -> list[Duplicate]:
    removed: set[int] = set()
    found = []
    edges = np.r_[0, np.flatnonzero(np.diff(later)) + 1, len(later)]
    for start, end in pairwise(edges.tolist()):
        if start == end:
            continue
        place = int(later[start])
        mine = shingler(text_of(ordered[place].at))
        best, similarity = -1, 0.0
        for other in earlier[start:end].tolist():
            if other not in removed:
                value = jaccard(mine, shingler(text_of(ordered[other].at)))
                if value >= needed(ordered[place], ordered[other]) and value > similarity:
                    best, similarity = other, value
        if best >= 0:
            removed.add(place)
            found.append(Duplicate(ordered[place].at, ordered[best].at, round(similarity, 4)))
    return found
