"""Trie: known names and aliases as a tree of tokens, walked once along a text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

Branch = dict[str, "Branch"]
"""Below each token what may follow; the empty token ends a name."""
DEPTH = 12
"""Tokens of the longest name that is looked for: it bounds the work at each place of a text."""


class Names(Protocol):
    """What knows names: a `Trie`, or the names that an index file keeps."""

    def longest(self, keys: Sequence[str], at: int) -> int:
        """How many tokens the longest known name has that begins at `at`; 0 when none does."""
        ...


class Trie:
    """Names in memory, each a sequence of token keys. Aliases of aliases are names like any others, so there are no
    cycles to walk into."""

    __slots__ = ("_root", "count")

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._root: Branch = {}
        self.count = 0
        for name in names:
            self.add(name)

    def add(self, name: str) -> bool:
        """Learn a name given by its key (`key_of`); whether it is new. Empty and overlong ones are left out."""
        parts = name.split()
        if not 0 < len(parts) <= DEPTH:
            return False
        here = self._root
        for part in parts:
            here = here.setdefault(part, {})
        new = "" not in here
        here[""] = {}
        self.count += new
        return new

    def __contains__(self, name: str) -> bool:
        parts = name.split()
        return bool(parts) and self.longest(parts, 0) == len(parts)

    def longest(self, keys: Sequence[str], at: int) -> int:
        """How many tokens the longest known name has that begins at `at`; 0 when none does."""
        here, best = self._root, 0
        for length in range(1, min(DEPTH, len(keys) - at) + 1):
            below = here.get(keys[at + length - 1])
            if below is None:
                break
            here = below
            if "" in here:
                best = length
        return best
