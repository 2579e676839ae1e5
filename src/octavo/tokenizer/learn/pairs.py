"""Pairs: the words of a corpus as chains of tokens, how often two tokens stand side by side, and their merging.

All occurrences of a pair are merged at once with numpy; nothing is kept for a word but its symbols. Counts are 64-bit
integers and never overflow on a corpus that fits on a disk.
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[Any]

ID_BITS, GROUP_BITS, ENTRY_BITS = 21, 16, 32
MOST_TOKENS, MOST_GROUPS = 1 << ID_BITS, 1 << GROUP_BITS
A_SHIFT, B_SHIFT, GROUP_MASK = ID_BITS + GROUP_BITS, GROUP_BITS, MOST_GROUPS - 1
KEY_BITS = 2 * ID_BITS + GROUP_BITS
TOP = 1 << 62
"""A key is `a << A_SHIFT | b << B_SHIFT | group`: keys order as pairs do, and fit 64 bits."""

PARTS = 16
MERGED = -2
"""The symbol of a position whose token has gone into the one before it."""


@dataclass(frozen=True)
class Words:
    """Distinct words of a corpus, end to end, each with how often it counts."""

    bytes_: Ints
    """uint8 [all bytes of all words]"""
    lengths: Ints
    """int64 [words]"""
    counts: Ints
    """int64 [words]: what merges are chosen by"""
    groups: Ints
    """uint16 [words]: number of the group (a language, say) that the word was counted in"""
    measured: Ints | None = None
    """int64 [words]: what the groups are compared by; None: `counts`"""


@dataclass(frozen=True)
class Alphabet:
    """The tokens that there are before the first merge."""

    tokens: tuple[str, ...]
    """Special tokens first; a token is written with the 256 characters that stand for bytes."""
    first: Ints
    """int32 [256]: byte at the beginning of a word → id"""
    later: Ints
    """int32 [256]: byte inside a word → id"""
    prefix: str = ""
    """What tokens inside a word begin with; it goes when they are merged into the token before them."""


class Pairs:
    """The state of learning: chains of symbols, counts of pairs, where they stand, and a queue for each group.

    Ties go to the pair with the lower ids. `keyed` counts and queues the pairs of each group by themselves; without it
    all are counted together, in the queue of group 0, and the bookkeeping is that of the trainer in the `tokenizers`
    library even where it is peculiar (`exact`): a pair that was merged and comes up again, because its token was made
    by a second merge too, keeps its old count, and is merged in the words of one queue entry at a time.
    """

    def __init__(
        self, words: Words, alphabet: Alphabet, *, groups: int = 1, longest: int = 0, keyed: bool = False
    ) -> None:
        self.exact, self.keyed, self.prefix = not keyed, keyed, alphabet.prefix
        self.longest = longest or 1 << 40
        self.tokens = list(alphabet.tokens)
        self.ids = {token: at for at, token in enumerate(self.tokens)}
        self.sizes = np.ones(MOST_TOKENS, np.int32)
        self.merges: list[tuple[int, int]] = []
        self.counts: dict[int, int] = {}
        self.weight = words.counts
        self.measured = words.counts if words.measured is None else words.measured
        self.group = words.groups
        self.lengths = [0] * groups
        """Tokens of each group at this moment, each word as often as it was measured."""
        for at in range(groups):
            mine = self.group == at
            self.lengths[at] = int((self.measured[mine] * words.lengths[mine]).sum())
        self._chain(words, alphabet)
        self._count_all()

    def _count_all(self) -> None:
        """Count and queue the pairs as they stand."""
        self.counts = {}
        self.queues: list[list[int]] = [[] for _ in self.lengths]
        self.chunks: list[Ints] = []
        self.entry_chunk, self.entry_start, self.entry_end = array("i"), array("q"), array("q")
        self.entry_pair = array("q")
        self.again: set[int] = set()
        border = len(self.symbol) - 1
        live = (self.following[:border] != border) & (self.symbol[:border] != MERGED)
        for part in range(PARTS):  # pairs with different left tokens are counted apart: less memory at once
            at = np.flatnonzero(live & (self.symbol[:border] % PARTS == part)).astype(np.int32)
            left, right = self.symbol[at], self.symbol[self.following[at]]
            if self.merges:
                short = self.sizes[left] + self.sizes[right] < self.longest
                left, right, at = left[short], right[short], at[short]
            self._add(left, right, at)

    def key_by_group(self) -> None:
        """From now on count the pairs of each group by themselves."""
        self.exact, self.keyed = False, True
        self._count_all()

    def _chain(self, words: Words, alphabet: Alphabet) -> None:
        """Link the symbols of each word; position `n` is the border on either side of every word."""
        n = len(words.bytes_)
        assert n < 2**31 - 2, "positions are 32-bit"
        ends = np.cumsum(words.lengths)
        starts = ends - words.lengths
        self.symbol = np.empty(n + 1, np.int32)
        self.symbol[:n] = alphabet.later[words.bytes_]
        self.symbol[starts] = alphabet.first[words.bytes_[starts]]
        self.symbol[n] = -1
        self.following = np.arange(1, n + 2, dtype=np.int32)
        self.preceding = np.arange(-1, n, dtype=np.int32)
        self.following[ends - 1] = self.following[n] = n
        self.preceding[starts] = self.preceding[n] = n
        self.word = np.repeat(np.arange(len(words.lengths), dtype=np.int32), words.lengths)
        self._mark = np.zeros(n + 1, bool)

    def _keys(self, left: Ints, right: Ints, at: Ints) -> Ints:
        keys = (left.astype(np.int64) << A_SHIFT) | (right.astype(np.int64) << B_SHIFT)
        return np.asarray(keys | self.group[self.word[at]] if self.keyed else keys)

    def _add(self, left: Ints, right: Ints, at: Ints, *, again: bool = False) -> None:
        """Note that `left` and `right` now stand side by side at the positions `at`, and queue the pairs. `again`: a
        token was made that there was before, so that a pair may have several entries."""
        if not len(at):
            return
        keys = self._keys(left, right, at)
        order = np.argsort(keys, kind="stable")
        keys, at = keys[order], at[order]
        starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
        sums = np.add.reduceat(self.weight[self.word[at]], starts)
        keys = keys[starts]
        pairs = keys >> B_SHIFT
        fresh = np.concatenate(([True], pairs[1:] != pairs[:-1]))
        base = len(self.entry_pair)
        entries = base - 1 + np.cumsum(fresh)
        begin = starts[fresh]
        self.chunks.append(at)
        self.entry_chunk.extend([len(self.chunks) - 1] * len(begin))
        self.entry_start.frombytes(begin.astype(np.int64).tobytes())
        self.entry_end.frombytes(np.append(begin[1:], len(at)).astype(np.int64).tobytes())
        self.entry_pair.frombytes(pairs[fresh].tobytes())
        if again:
            self.again.update(pairs[fresh].tolist())
        counts, queues, push = self.counts, self.queues, heapq.heappush
        for key, by, entry in zip(keys.tolist(), sums.tolist(), entries.tolist(), strict=True):
            by += counts.get(key, 0)
            counts[key] = by
            if by > 0:
                push(queues[key & GROUP_MASK], ((TOP - by) << KEY_BITS | key) << ENTRY_BITS | entry)

    def _take(self, left: Ints, right: Ints, at: Ints) -> None:
        if not len(at):
            return
        keys = self._keys(left, right, at)
        order = np.argsort(keys)
        keys = keys[order]
        starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
        sums = np.add.reduceat(self.weight[self.word[at[order]]], starts)
        counts = self.counts
        for key, by in zip(keys[starts].tolist(), sums.tolist(), strict=True):
            counts[key] = counts.get(key, 0) - by

    def best(self, group: int = 0) -> tuple[int, int, int, int] | None:
        """The most frequent pair of a group, taken out of its queue: its two ids, its count, its entry."""
        queue, counts = self.queues[group], self.counts
        while queue:
            item = heapq.heappop(queue)
            entry = item & ((1 << ENTRY_BITS) - 1)
            key = (item >> ENTRY_BITS) & ((1 << KEY_BITS) - 1)
            count, now = TOP - (item >> (ENTRY_BITS + KEY_BITS)), counts.get(key, 0)
            if now == count:
                return key >> A_SHIFT, (key >> B_SHIFT) & (MOST_TOKENS - 1), count, entry
            if now > 0:
                heapq.heappush(queue, ((TOP - now) << KEY_BITS | key) << ENTRY_BITS | entry)
        return None

    def put_back(self, group: int, a: int, b: int, count: int, entry: int) -> None:
        """Undo `best`."""
        key = a << A_SHIFT | b << B_SHIFT | group
        heapq.heappush(self.queues[group], ((TOP - count) << KEY_BITS | key) << ENTRY_BITS | entry)

    def merge(self, a: int, b: int, entry: int) -> int:
        """Merge a pair; the id of the token it makes."""
        had = len(self.tokens)
        made = self.note(a, b)
        self._replace(a, b, made, self._places(a, b, entry), again=len(self.tokens) == had)
        return made

    def note(self, a: int, b: int) -> int:
        """Give a merge its token, without carrying it out."""
        token = self.tokens[a] + self.tokens[b].removeprefix(self.prefix)
        made = self.ids.setdefault(token, len(self.tokens))
        if made == len(self.tokens):
            assert made < MOST_TOKENS, "ids have 21 bits"
            self.tokens.append(token)
            self.sizes[made] = self.sizes[a] + self.sizes[b]
        self.merges.append((a, b))
        return made

    def _places(self, a: int, b: int, entry: int) -> Ints:
        """Where the pair really stands now, left to right, overlaps resolved from the left."""
        pair = a << ID_BITS | b
        at = self.chunks[self.entry_chunk[entry]][self.entry_start[entry] : self.entry_end[entry]]
        if pair in self.again:
            mine = np.flatnonzero(np.frombuffer(self.entry_pair, np.int64) == pair).tolist()
            every = [self.chunks[self.entry_chunk[e]][self.entry_start[e] : self.entry_end[e]] for e in mine]
            found = np.unique(np.concatenate(every))
            at = found[np.isin(self.word[found], self.word[at])] if self.exact else found
        after = self.following[at]
        at = np.asarray(at[(self.symbol[at] == a) & (self.symbol[after] == b)])
        if a == b and len(at) > 1:
            at = np.sort(at)
            place = np.arange(len(at))
            begins = np.concatenate(([True], at[1:] != self.following[at[:-1]]))
            at = at[(place - np.maximum.accumulate(np.where(begins, place, 0))) % 2 == 0]
        return at

    def _replace(self, a: int, b: int, made: int, at: Ints, *, again: bool) -> None:
        symbol, following, preceding = self.symbol, self.following, self.preceding
        border, size = len(symbol) - 1, self.sizes[made]
        second, before = following[at], preceding[at]
        after = following[second]
        # two merges side by side: the left neighbour of the second one is what the first one made
        self._mark[second] = True
        beside = self._mark[before]
        self._mark[second] = False
        left_at = np.where(beside, preceding[before], before)
        left, right = np.where(beside, made, symbol[before]), symbol[after]
        symbol[at] = made
        symbol[second] = MERGED
        following[at] = after
        preceding[after] = at
        preceding[border] = border
        has_left, has_right = before != border, after != border
        ones = np.concatenate((left[has_left], np.full(np.count_nonzero(has_right), b, np.int32)))
        others = np.concatenate((np.full(np.count_nonzero(has_left), a, np.int32), right[has_right]))
        self._take(ones, others, np.concatenate((at[has_left], at[has_right])))
        if not self.exact:
            for group in range(len(self.queues)):
                self.counts.pop(a << A_SHIFT | b << B_SHIFT | group, None)
        has_left &= self.sizes[left] + size < self.longest
        has_right &= self.sizes[right] + size < self.longest
        ones = np.concatenate((left[has_left], np.full(np.count_nonzero(has_right), made, np.int32)))
        others = np.concatenate((np.full(np.count_nonzero(has_left), made, np.int32), right[has_right]))
        self._add(ones, others, np.concatenate((left_at[has_left], at[has_right])), again=again)
        self._shorten(at)

    def _shorten(self, at: Ints) -> None:
        words = self.word[at]
        if len(self.lengths) == 1:
            self.lengths[0] -= int(self.measured[words].sum())
            return
        less = np.zeros(len(self.lengths), np.int64)
        np.add.at(less, self.group[words], self.measured[words])
        for group in np.flatnonzero(less).tolist():
            self.lengths[group] -= int(less[group])


def final_merges(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The merges in the order they are applied: of a pair that was merged twice only the later one counts."""
    last = {pair: at for at, pair in enumerate(pairs)}
    return [pair for at, pair in enumerate(pairs) if last[pair] == at]
