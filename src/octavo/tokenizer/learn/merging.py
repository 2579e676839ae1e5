"""Merging: one merge after the other until the vocabulary is full, going on from where a killed attempt stood."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Protocol

from octavo.spine.progress import progress
from octavo.tokenizer.learn.pairs import Pairs
from octavo.tokenizer.learn.state import read_state, write_state

PAUSE = 20.0
"""Seconds between two writes of the state at least."""
SHARE = 0.1
"""Of the time at most that goes into writing the state."""


class Chooser(Protocol):
    """Who says which pair is merged next."""

    def next(self, pairs: Pairs) -> tuple[int, int, int] | None:
        """Two ids and the entry, or None when nothing is left that is frequent enough."""

    def memory(self) -> dict[str, Any]:
        """What has to survive a kill, as JSON values."""

    def remember(self, memory: dict[str, Any]) -> None:
        """Go on from `memory`."""


class MostFrequent:
    """Plain BPE: the most frequent pair of all; ties go to the lower ids."""

    def __init__(self, least: int) -> None:
        self.least = max(1, least)

    def next(self, pairs: Pairs) -> tuple[int, int, int] | None:
        """As `Chooser`."""
        found = pairs.best()
        return None if found is None or found[2] < self.least else (found[0], found[1], found[3])

    def memory(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    def remember(self, memory: dict[str, Any]) -> None:
        """Nothing."""


def merge_until(pairs: Pairs, vocabulary: int, chooser: Chooser, state: Path, *, pause: float = PAUSE) -> None:
    """Merge until there are `vocabulary` tokens or nothing is left to merge. `state` is the file that a killed
    attempt leaves; it is written every `pause` seconds, less often where writing takes long."""
    if state.exists():
        chooser.remember(read_state(state, pairs))
    bar = progress("learn merges", max(0, vocabulary - len(pairs.ids)), "tokens")
    wait, since = pause, time.monotonic()
    while (had := len(pairs.tokens)) < vocabulary:
        chosen = chooser.next(pairs)
        if chosen is None:
            return
        pairs.merge(*chosen)
        bar.advance(len(pairs.tokens) - had)
        if time.monotonic() - since >= wait:
            began = time.monotonic()
            write_state(state, pairs, chooser.memory())
            since = time.monotonic()
            wait = max(pause, (since - began) / SHARE)
