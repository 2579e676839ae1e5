"""Table: the counted words as arrays, weighed by group, within a limit of memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from octavo.spine.errors import OctavoError
from octavo.tokenizer.learn.counts import Counted, take
from octavo.tokenizer.learn.pairs import Words

SCALE = 1000
"""Weighed counts are whole thousandths, so that sums don't depend on their order."""
BYTES_FOR_A_BYTE = 70
"""Memory that learning takes for each byte of the distinct words, measured (bench/results/tokenizer.md)."""
RAREST_TRIED = 4096


@dataclass(frozen=True)
class Table:
    """Words to learn from, and what had to be left out."""

    words: Words
    scale: int
    """What a single occurrence counts: 1, or `SCALE` when groups are weighed."""
    rarest: int
    """Words counted less often than this were left out."""
    left_out: int
    """How many words that were, and"""
    left_out_share: float
    """their share of all occurrences."""
    weights: tuple[float, ...]
    """What an occurrence counts in each group."""


def balance(sizes: Sequence[int], temperature: float, most: float) -> list[float]:
    """How often the text of each group is repeated when groups are drawn with p_i ∝ n_i^(1/T).

    Temperature 1 leaves all as it is, infinity makes all groups equal; no text is repeated more than `most` times.
    The amount of text stays the same where the limit doesn't bite.
    """
    total = sum(sizes)
    wanted = [size ** (1 / temperature) if size else 0.0 for size in sizes]
    whole = sum(wanted)
    return [min(most, share / whole * total / size) if size else 0.0 for share, size in zip(wanted, sizes, strict=True)]


def load_table(
    counted: Counted, *, memory_mb: int, rarest: int = 1, weights: Sequence[float] = (), keep_groups: bool = False
) -> Table:
    """Read the words that fit into `memory_mb` megabytes.

    When they don't, those that are rarest in their group are left out, and the threshold is in the answer. `weights`
    multiply the counts of the groups. Without `keep_groups` a word is one for all groups.
    """
    threshold = max(rarest, _threshold(counted, memory_mb * 10**6 // BYTES_FOR_A_BYTE, rarest))
    weighed = any(weight != 1 for weight in weights)
    scale = SCALE if weighed else 1
    factors = np.array([round(weight * SCALE) for weight in weights], np.int64) if weighed else None
    parts: list[list[Any]] = [[], [], [], [], []]
    left = occurrences = missed = 0
    for path in counted.buckets:
        with path.open("rb") as lines:
            group, count, length, data, compared = take(lines, 5)
        occurrences += int(count.sum())
        kept = (count >= threshold) | (compared > 0)
        left, missed = left + int((~kept).sum()), missed + int(count[~kept].sum())
        data, length = data[np.repeat(kept, length)], length[kept]
        group, count, compared = group[kept], count[kept], compared[kept]
        count = count if factors is None else count * factors[group]
        if not keep_groups:
            data, length, count, compared = _together(data, length, count, compared)
            group = np.zeros(len(length), np.uint16)
        for into, values in zip(parts, (data, length, count, group, compared), strict=True):
            into.append(values)
    found = [np.concatenate(part) for part in parts]
    if len(found[0]) >= 2**31 - 2:
        raise OctavoError(
            "T025",
            "There are more than two billion bytes of distinct words",
            likely="the text has no words, or --memory is very large",
            do="set a smaller --memory, so that the rarest words are left out",
        )
    words = Words(found[0], found[1], found[2], found[3], found[4] if found[4].any() else None)
    used = tuple(weights) if weighed else (1.0,) * len(counted.groups)
    return Table(words, scale, threshold, left, missed / max(1, occurrences), used)


def _together(data: Any, lengths: Any, counts: Any, measured: Any) -> tuple[Any, Any, Any, Any]:
    """The same words of several groups as one."""
    whole, ends = data.tobytes(), np.cumsum(lengths)
    total: dict[bytes, list[int]] = {}
    begin = 0
    for end, count, compared in zip(ends.tolist(), counts.tolist(), measured.tolist(), strict=True):
        known = total.setdefault(whole[begin:end], [0, 0])
        known[0] += count
        known[1] += compared
        begin = end
    blob = np.frombuffer(b"".join(total), np.uint8)
    sums = np.array(list(total.values()), np.int64).reshape(-1, 2)
    return blob, np.array([len(word) for word in total], np.int64), sums[:, 0], sums[:, 1]


def _threshold(counted: Counted, most: int, rarest: int) -> int:
    """The lowest count from which all words together have at most `most` bytes."""
    sizes = np.zeros(RAREST_TRIED + 1, np.int64)
    for path in counted.buckets:
        with path.open("rb") as lines:
            _, count, length, _ = take(lines, 4)
        np.add.at(sizes, np.minimum(count, RAREST_TRIED), length)
    left = np.cumsum(sizes[::-1])[::-1]
    fitting = np.flatnonzero(left <= most)
    if len(fitting) and left[fitting[0]]:
        return max(rarest, int(fitting[0]), 1)
    raise OctavoError(
        "T026",
        "The distinct words don't fit into the memory allowed, however many of the rarest are left out",
        likely="--memory is very small for this text",
        do="set a larger --memory",
    )
