"""Postings: which episodes each component of the code belongs to, in memory, grown and shrunk one episode at a time."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from octavo.knowledge.memory.encode import DENSE


class Postings:
    """For each unit the slots of the episodes in whose code it fires."""

    def __init__(self, codes: NDArray[np.uint16], slots: NDArray[np.int64], units: int = DENSE) -> None:
        """`codes` (N, FIRING) of the episodes in `slots` (N,)."""
        flat = codes.ravel().astype(np.int64)
        order = np.argsort(flat, kind="stable")
        owners = np.repeat(slots, codes.shape[1])[order].astype(np.uint32)
        ends = np.searchsorted(flat[order], np.arange(units + 1))
        self._lists = [array("I", owners[ends[u] : ends[u + 1]].tobytes()) for u in range(units)]

    def add(self, slot: int, code: NDArray[np.uint16]) -> None:
        """One more episode."""
        for unit in code.tolist():
            self._lists[unit].append(slot)

    def remove(self, slot: int, code: NDArray[np.uint16]) -> None:
        """An episode less; costs a look through `FIRING` lists."""
        for unit in code.tolist():
            self._lists[unit].remove(slot)

    def votes(self, code: NDArray[np.uint16], slots: int) -> NDArray[np.int64]:
        """How many units each slot shares with a code, (slots,)."""
        lists = [np.frombuffer(mine, np.uint32) for unit in code.tolist() if (mine := self._lists[unit])]
        if not lists:
            return np.zeros(slots, np.int64)
        return np.bincount(np.concatenate(lists), minlength=slots)


FEW = 4096
"""Owners of terms that are looked at; of a cue's terms the rarest go first."""


class Holders:
    """For each term the slots of the episodes that have it."""

    def __init__(self, terms: NDArray[np.uint32], slots: NDArray[np.int64]) -> None:
        """`terms` (N, TERMS), filled up with zeros, of the episodes in `slots` (N,)."""
        rows, columns = np.nonzero(terms)
        flat = terms[rows, columns]
        order = np.argsort(flat, kind="stable")
        owners = slots[rows][order].astype(np.uint32)
        known, starts = np.unique(flat[order], return_index=True)
        ends = [*starts.tolist(), len(owners)][1:]
        self._lists = {
            term: array("I", owners[start:end].tobytes())
            for term, start, end in zip(known.tolist(), starts.tolist(), ends, strict=True)
        }

    def add(self, slot: int, terms: Sequence[int]) -> None:
        """One more episode."""
        for term in terms:
            self._lists.setdefault(term, array("I")).append(slot)

    def remove(self, slot: int, terms: Sequence[int]) -> None:
        """An episode less."""
        for term in terms:
            mine = self._lists[term]
            mine.remove(slot)
            if not mine:
                del self._lists[term]

    def holding(self, terms: Sequence[int], weights: Sequence[float], count: int) -> NDArray[np.int64]:
        """The slots that hold most of some terms by weight, best first, of equals the newest; at most `count`."""
        lists, much, room = [], [], FEW
        for weight, term in sorted(zip(weights, terms, strict=True), key=lambda pair: (-pair[0], pair[1])):
            mine = self._lists.get(term)
            if mine and room > 0:
                lists.append(np.frombuffer(mine, np.uint32)[-room:])
                much.append(np.full(len(lists[-1]), weight))
                room -= len(lists[-1])
        if not lists:
            return np.empty(0, np.int64)
        slots, back = np.unique(np.concatenate(lists), return_inverse=True)
        total = np.bincount(back, weights=np.concatenate(much))
        return slots[np.lexsort((-slots.astype(np.int64), -total))][:count].astype(np.int64)


def most(votes: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """The slots with most votes, best first, of equals the first; none without a vote."""
    least = _least(votes, count)
    chosen = np.flatnonzero(votes >= least)
    return chosen[np.lexsort((chosen, -votes[chosen]))][:count]


def _least(votes: NDArray[np.int64], count: int) -> int:
    """The votes that at least `count` slots reach, or 1."""
    having = np.bincount(votes)
    reach = np.cumsum(having[::-1])[::-1]
    enough = np.flatnonzero(reach >= count)
    return max(1, int(enough[-1])) if len(enough) else 1
