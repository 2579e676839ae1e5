"""Template: pairs that share only a wording which others share too, and differ in what each has for itself.

Filled-in forms and texts worded alike about different things are as similar as edited copies, so similarity can't tell
them apart; a third text can. Where x and y are copies of one text, what x changed still stands in y and in other
copies. Where they are filled-in forms, the third text has the form, but nothing of what x and y have apart from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from octavo.data.duplicates.census import NOWHERE
from octavo.data.duplicates.columns import Columns, write_columns
from octavo.data.duplicates.verify import Sets, chunks

U32, I64 = NDArray[np.uint32], NDArray[np.int64]

THIRDS = 3
"""Similar texts that are remembered of each record on either side."""
COMMON = 0.8
"""Share of what two texts have in common that a third must have too before it says something about them."""
PRIVATE = 0.2
"""If it has less than this share of what is in one of them only, they are filled-in forms."""


@dataclass(frozen=True)
class Judging:
    """The similar pairs of one file."""

    edges: Path
    thirds: Path
    sketches: tuple[Path, ...]
    census: Path
    sure: float
    """From this similarity on, a pair is a duplicate whatever others say."""


def remember_thirds(edges: Sequence[Path], records: int, target: Path) -> None:
    """Write for each rank the first records that survive it, and the first that it survives, of those similar to it."""
    above = np.full((records, THIRDS), NOWHERE, np.uint32)
    below = np.full((records, THIRDS), NOWHERE, np.uint32)
    filled = np.zeros(records, np.int64)
    for path in edges:
        with Columns(path) as columns:
            later, earlier = columns.read("later").astype(np.int64), columns.read("earlier").astype(np.int64)
        place = _place_in_run(later)
        some = place < THIRDS
        above[later[some], place[some]] = earlier[some]
        order = np.argsort(earlier, kind="stable")
        later, earlier = later[order], earlier[order]
        place = _place_in_run(earlier) + filled[earlier]
        some = place < THIRDS
        below[earlier[some], place[some]] = later[some]
        filled += np.bincount(earlier, minlength=records)
    write_columns(target, {"above": above.ravel(), "below": below.ravel()})


def _place_in_run(values: I64) -> I64:
    """How many equal values stand directly before each."""
    fresh = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=fresh[1:])
    starts = np.flatnonzero(fresh)
    return np.arange(len(values)) - np.repeat(starts, np.diff(np.append(starts, len(values))))


def judge(task: Judging, target: Path) -> None:
    """Write the pairs that are no filled-in forms of one template: `later`, `earlier` and `similarity`."""
    with Columns(task.edges) as columns:
        later, earlier = columns.read("later").astype(np.int64), columns.read("earlier").astype(np.int64)
        similarity = columns.read("similarity")
    with Columns(task.thirds) as columns:
        above, below = columns.read("above").reshape(-1, THIRDS), columns.read("below").reshape(-1, THIRDS)
    unsure = np.flatnonzero(similarity < task.sure)
    others = np.concatenate([above[later[unsure]], below[earlier[unsure]]], axis=1).astype(np.int64)
    fits = (others != NOWHERE) & (others != later[unsure][:, None]) & (others != earlier[unsure][:, None])
    pair, column = np.nonzero(fits)
    third = others[pair, column]
    shares_form = np.zeros(len(unsure), bool)
    shares_more = np.zeros(len(unsure), bool)
    with Sets.of(task.sketches, task.census) as sets:
        for start, end in chunks(sum(sets.sizes(x) for x in (later[unsure[pair]], earlier[unsure[pair]], third))):
            which = pair[start:end]
            form, more = _overlap(sets, later[unsure[which]], earlier[unsure[which]], third[start:end])
            np.logical_or.at(shares_form, which, form >= COMMON)
            np.logical_or.at(shares_more, which, more >= PRIVATE)
    stays = np.ones(len(later), bool)
    stays[unsure[shares_form & ~shares_more]] = False
    write_columns(
        target,
        {
            "later": later[stays].astype(np.uint32),
            "earlier": earlier[stays].astype(np.uint32),
            "similarity": similarity[stays],
        },
    )


def _overlap(sets: Sets, one: I64, other: I64, third: I64) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shares of (what `one` and `other` have in common, what only one of them has) that stand in the third too."""
    keys, counts = sets.keys(np.concatenate([one, other, third]), np.tile(np.arange(len(one)), 3))
    tags = np.repeat(np.repeat(np.array([1, 2, 4], np.uint8), len(one)), counts)
    order = np.argsort(keys, kind="stable")
    keys, tags = keys[order], tags[order]
    fresh = np.ones(len(keys), bool)
    np.not_equal(keys[1:], keys[:-1], out=fresh[1:])
    starts = np.flatnonzero(fresh)
    held = np.add.reduceat(tags, starts)
    number = (keys[starts] >> np.uint64(32)).astype(np.int64)

    def count(*patterns: int) -> NDArray[np.float64]:
        return np.bincount(number[np.isin(held, patterns)], minlength=len(one)).astype(np.float64)

    return count(7) / np.maximum(1, count(3, 7)), count(5, 6) / np.maximum(1, count(1, 2, 5, 6))
