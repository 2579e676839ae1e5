"""Packing: sequences of unequal length into rows of one length, so that hardly a computed token is wasted.

Several sequences share a row; attention does not cross from one to the next (`network.attention`), which
computes hardly more scores than the sequences have and needs no kernel for ragged batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

UNCOUNTED = -1
"""A target that gives no loss."""
PADDING = -1
"""The sequence number of a position that belongs to no sequence."""


@dataclass(frozen=True)
class Tokens:
    """Sequences end to end: ids, where each begins (one more than there are sequences), and which tokens are learnt.

    `counted` is None when every token but a sequence's first is a target.
    """

    ids: np.ndarray
    starts: np.ndarray
    counted: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.starts) - 1


@dataclass(frozen=True)
class Rows:
    """Packed rows, each array (R, T) of int32: token ids, the id that follows each, and the sequence it belongs to.

    `members` (P, 2) of int64 names the sequence and the row of each piece that was packed.
    """

    tokens: np.ndarray
    targets: np.ndarray
    sequences: np.ndarray
    members: np.ndarray

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def filled(self) -> float:
        """Share of positions that are not padding."""
        return float((self.sequences != PADDING).mean()) if len(self) else 0.0


def join(sequences: Sequence[Sequence[int]], counted: Sequence[Sequence[bool]] | None = None) -> Tokens:
    """Lists of ids as `Tokens`."""
    lengths = np.array([len(s) for s in sequences], dtype=np.int64)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    ids = np.fromiter((i for s in sequences for i in s), dtype=np.int32, count=int(starts[-1]))
    if counted is None:
        return Tokens(ids, starts)
    return Tokens(ids, starts, np.fromiter((c for s in counted for c in s), dtype=bool, count=int(starts[-1])))


def pieces(tokens: Tokens, length: int) -> list[tuple[int, int, int]]:
    """(sequence, first, past the last) of each run of inputs: a sequence of n tokens has n-1 inputs, and one with
    more than `length` is cut."""
    found = []
    for number in range(len(tokens)):
        start, last = int(tokens.starts[number]), int(tokens.starts[number + 1]) - 1
        found += [(number, first, min(first + length, last)) for first in range(start, last, length)]
    return found


def pack(tokens: Tokens, length: int) -> Rows:
    """Best fit, longest first: each piece goes into the fullest row that still has room for it."""
    runs = pieces(tokens, length)
    runs.sort(key=lambda run: (run[1] - run[2], run[1]))
    rows = _best_fit([last - first for _, first, last in runs], length)
    shape = (len(rows), length)
    placed = np.array([(runs[member][0], row) for row, members in enumerate(rows) for member in members], np.int64)
    packed = Rows(
        np.zeros(shape, np.int32),
        np.full(shape, UNCOUNTED, np.int32),
        np.full(shape, PADDING, np.int32),
        placed.reshape(-1, 2),
    )
    for row, members in enumerate(rows):
        at = 0
        for order, member in enumerate(members):
            _, first, last = runs[member]
            here = slice(at, at + last - first)
            packed.tokens[row, here] = tokens.ids[first:last]
            packed.targets[row, here] = tokens.ids[first + 1 : last + 1]
            if tokens.counted is not None:
                packed.targets[row, here][~tokens.counted[first + 1 : last + 1]] = UNCOUNTED
            packed.sequences[row, here] = order
            at += last - first
    return packed


def _best_fit(sizes: Sequence[int], room: int) -> list[list[int]]:
    """Rows of indices into `sizes` (which falls), none fuller than `room`."""
    rows: list[list[int]] = []
    with_room: list[list[int]] = [[] for _ in range(room + 1)]
    # Bit r is set while some row has exactly r free places, so that the tightest fit is found without a search.
    free = 0
    for index, size in enumerate(sizes):
        fitting = free >> size
        if fitting:
            left = size + (fitting & -fitting).bit_length() - 1
            row = with_room[left].pop()
            if not with_room[left]:
                free &= ~(1 << left)
        else:
            left, row = room, len(rows)
            rows.append([])
        rows[row].append(index)
        with_room[left - size].append(row)
        free |= 1 << (left - size)
    return rows


def row_order(rows: int, seed: int, epoch: int) -> np.ndarray:
    """The order in which an epoch visits the rows, a function of its arguments: a position in the data is a number."""
    return np.random.Generator(np.random.PCG64([seed, epoch])).permutation(rows)


def steps_of(rows: Rows, sequences: int, *, batch: int, steps: int, seed: int) -> list[list[int]]:
    """For each of `sequences` sequences, the optimizer steps (from 0) that learnt from a part of it, in order."""
    epochs = -(-steps * batch // max(1, len(rows)))
    order = [row_order(len(rows), seed, epoch) for epoch in range(epochs)]
    visited = np.concatenate([*order, np.zeros(0, np.int64)])[: steps * batch]
    places = np.argsort(visited, kind="stable")
    starts = np.searchsorted(visited[places], np.arange(len(rows) + 1))
    found: list[set[int]] = [set() for _ in range(sequences)]
    for sequence, row in rows.members.tolist():
        found[sequence].update((places[starts[row] : starts[row + 1]] // batch).tolist())
    return [sorted(steps_) for steps_ in found]
