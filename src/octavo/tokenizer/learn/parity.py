"""Parity: BPE that merges for whoever is worst off (parity-aware BPE, arXiv 2508.04796)."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from typing import Any

from octavo.tokenizer.learn.pairs import Pairs


class WorstFirst:
    """Each merge is the most frequent pair of the group whose text is cut into the most tokens for a unit.

    `units` are how much text each group has, in what the groups are to be equal in: lines of a parallel text, or
    characters, or bytes. The first `plain` tokens are merged for all together (the hybrid variant). A group that got
    more than `ratio` times its even share of the last `window` merges lets the next worst go first (the moving
    window), so that one whose text can't be compressed any further doesn't take every merge; `window` 0: never.
    """

    def __init__(
        self, units: Sequence[int], *, least: int, plain: int = 0, window: int = 100, ratio: float = 2.0
    ) -> None:
        self.units, self.least, self.plain = list(units), max(1, least), plain
        self.window, self.most = window, ratio * window / max(1, len(units))
        self.last: deque[int] = deque(maxlen=window or None)
        self.share: Counter[int] = Counter()
        self.spent: set[int] = {group for group, unit in enumerate(self.units) if not unit}
        """Groups with nothing left to merge, or nothing to compare them by."""
        self.chosen: Counter[int] = Counter()
        self.began = 0

    def next(self, pairs: Pairs) -> tuple[int, int, int] | None:
        """As `merging.Chooser`."""
        self.began = self.began or len(pairs.tokens)
        if len(pairs.tokens) - self.began < self.plain:
            found = pairs.best()
            if found is not None and found[2] >= self.least:
                return found[0], found[1], found[3]
            self.plain = 0
        if not pairs.keyed:
            pairs.key_by_group()
        for group in self._order(pairs.lengths):
            found = pairs.best(group)
            if found is None or found[2] < self.least:
                self.spent.add(group)
                continue
            self._took(group)
            return found[0], found[1], found[3]
        return None

    def _order(self, lengths: Sequence[int]) -> list[int]:
        """Groups from the worst off to the best; those that have had their share of late come after all others."""
        live = [group for group in range(len(self.units)) if group not in self.spent]
        return sorted(live, key=lambda group: (self._sated(group), -lengths[group] / self.units[group], group))

    def _sated(self, group: int) -> bool:
        return self.window > 0 and self.share[group] >= self.most

    def _took(self, group: int) -> None:
        self.chosen[group] += 1
        if not self.window:
            return
        if len(self.last) == self.window:
            self.share[self.last[0]] -= 1
        self.last.append(group)
        self.share[group] += 1

    def memory(self) -> dict[str, Any]:
        """As `merging.Chooser`."""
        return {
            "began": self.began,
            "plain": self.plain,
            "last": list(self.last),
            "spent": sorted(self.spent),
            "chosen": [list(item) for item in sorted(self.chosen.items())],
        }

    def remember(self, memory: dict[str, Any]) -> None:
        """As `merging.Chooser`."""
        self.began, self.plain = memory["began"], memory["plain"]
        self.last.extend(memory["last"])
        self.share, self.spent = Counter(memory["last"]), set(memory["spent"])
        self.chosen = Counter(dict(memory["chosen"]))
