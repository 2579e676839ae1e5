"""Compare: the reader beside what costs nothing, on the same items, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from octavo.apps.seed.measure import Probe, by_reader, free, frequent_name, judged, nearest_sentence, shares
from octavo.measures.intervals import wilson
from octavo.spine.progress import progress

if TYPE_CHECKING:
    from octavo.model.reading.reader import Reader


@dataclass(frozen=True)
class Row:
    """One way of answering on one set of items."""

    items: str
    way: str
    right: int
    answerable: int
    declined: int
    unanswerable: int


def compared(reader: Reader, sets: Mapping[str, Sequence[Probe]]) -> list[Row]:
    """Every way on every set."""
    ways = {
        "the seed": by_reader(reader),
        "the seed writing freely": free(reader),
        "rule: first name of the nearest sentence": nearest_sentence,
        "rule: most frequent name of the nearest passage": frequent_name,
    }
    bar = progress("measure", len(ways) * len(sets), "sets")
    rows = []
    for name, probes in sets.items():
        for way, answer_to in ways.items():
            (right, answerable), (declined, unanswerable) = shares(judged(answer_to, probes))
            rows.append(Row(name, way, right, answerable, declined, unanswerable))
            bar.advance()
    return rows


def share(count: int, of: int) -> str:
    """`71 % (64–77)` with the 95 % interval of Wilson, or a dash for none."""
    if not of:
        return "–"
    between = wilson(count, of)
    return f"{count / of:.0%} ({100 * between.low:.0f}–{100 * between.high:.0f})".replace("%", " %")


def table_of(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """The rows as a table with a heading."""
    heading = ("items", "answered by", "exact match", "declined when nothing answers", "items with / without answer")
    lines = [
        (
            row.items,
            row.way,
            share(row.right, row.answerable),
            share(row.declined, row.unanswerable),
            f"{row.answerable} / {row.unanswerable}",
        )
        for row in rows
    ]
    return [heading, *lines]
