"""Traces: what all episodes are found by, held in memory in slots that are used again after forgetting."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from octavo.knowledge.memory.encode import DENSE, FIRING, TERMS, WORDS, Encoded
from octavo.knowledge.memory.recall.postings import Holders, Postings
from octavo.knowledge.memory.store import parsed


class Traces:
    """Keys, codes, what is spoken of and terms by slot, and the postings of the codes."""

    def __init__(self, rows: Iterable[tuple[int, bytes]], path: Path) -> None:
        """From (number, stored trace) of all episodes."""
        numbers: list[int] = []
        keys, codes, speaks, terms = [], [], [], []
        for number, data in rows:
            key, code, spoken, held = parsed(data, path)
            numbers.append(number)
            keys.append(key)
            codes.append(code)
            speaks.append(spoken)
            terms.append(held)
        count = len(numbers)
        room = max(64, count + count // 4)
        self.numbers = np.full(room, -1, np.int64)
        self.keys = np.zeros((room, DENSE), np.int8)
        self.codes = np.zeros((room, FIRING), np.uint16)
        self.speaks = np.zeros((room, WORDS), np.uint64)
        self.terms = np.zeros((room, TERMS), np.uint32)
        if count:
            self.numbers[:count] = numbers
            self.keys[:count], self.codes[:count] = keys, codes
            self.speaks[:count], self.terms[:count] = speaks, terms
        self.slots = count
        """Slots that were ever used."""
        self.slot_of = {number: slot for slot, number in enumerate(numbers)}
        self._free: list[int] = []
        self._postings: Postings | None = None
        self._holders: Holders | None = None

    def __len__(self) -> int:
        return len(self.slot_of)

    @property
    def postings(self) -> Postings:
        """Made when first asked for."""
        if self._postings is None:
            slots = np.array(sorted(self.slot_of.values()), dtype=np.int64)
            self._postings = Postings(self.codes[slots], slots)
        return self._postings

    @property
    def holders(self) -> Holders:
        """Made when first asked for."""
        if self._holders is None:
            slots = np.array(sorted(self.slot_of.values()), dtype=np.int64)
            self._holders = Holders(self.terms[slots], slots)
        return self._holders

    def add(self, number: int, encoded: Encoded) -> None:
        """One more episode."""
        slot = self._free.pop() if self._free else self.slots
        if slot == len(self.numbers):
            self._grow()
        self.slots = max(self.slots, slot + 1)
        self.numbers[slot], self.keys[slot], self.codes[slot] = number, encoded.key, encoded.code
        self.speaks[slot], self.terms[slot] = encoded.speaks, 0
        self.terms[slot, : len(encoded.terms)] = encoded.terms
        self.slot_of[number] = slot
        if self._postings is not None:
            self._postings.add(slot, encoded.code)
        if self._holders is not None:
            self._holders.add(slot, encoded.terms.tolist())

    def remove(self, number: int) -> None:
        """Overwrite an episode's slot and take it out of the postings."""
        slot = self.slot_of.pop(number)
        if self._postings is not None:
            self._postings.remove(slot, self.codes[slot])
        if self._holders is not None:
            self._holders.remove(slot, [term for term in self.terms[slot].tolist() if term])
        self.numbers[slot], self.keys[slot], self.codes[slot] = -1, 0, 0
        self.speaks[slot], self.terms[slot] = 0, 0
        self._free.append(slot)

    def votes(self, code: NDArray[np.uint16]) -> NDArray[np.int64]:
        """How many firing units each slot shares with a code."""
        return self.postings.votes(code, self.slots)

    def _grow(self) -> None:
        more = max(64, len(self.numbers) // 4)
        self.numbers = np.concatenate([self.numbers, np.full(more, -1, np.int64)])
        for name in ("keys", "codes", "speaks", "terms"):
            old = getattr(self, name)
            setattr(self, name, np.concatenate([old, np.zeros((more, old.shape[1]), old.dtype)]))
