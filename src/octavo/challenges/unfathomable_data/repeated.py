"""Repeated: the corpus without what the data area finds repeated in it, by the kinds that are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from octavo.kinds.records import Row, Shard, shards, write_rows


def shards_of(rows: Sequence[Row], scratch: Path) -> list[Shard]:
    """The rows as a file of records, cut into shards."""
    path = scratch / "corpus.jsonl"
    write_rows(path, rows)
    return shards([path], scratch / "unpacked")


def without_duplicates(rows: Sequence[Row], kinds: tuple[str, ...], scratch: Path) -> list[Row]:
    """The rows without exact or near duplicates, at the thresholds that `octavo data dedup` has."""
    from octavo.data.duplicates.find import Limits, find_duplicates

    gone = find_duplicates(shards_of(rows, scratch), Limits(kinds=kinds), scratch / "duplicates", on="serial")
    out = set(gone.row.tolist())
    return [row for at, row in enumerate(rows) if at not in out]


def without_repeats(rows: Sequence[Row], kind: str, scratch: Path) -> list[Row]:
    """The rows without repeated pieces (`kind` "substring") or without those of the same meaning ("semantic")."""
    from octavo.data.repeats.cuts import by_row, read_cuts, without
    from octavo.data.repeats.find import RepeatLimits, find_repeats

    parts = shards_of(rows, scratch)
    found = find_repeats(parts, (kind,), RepeatLimits(), scratch / "repeats", on="serial")
    out = {*found.semantic["row"].tolist(), *found.emptied["row"].tolist()}
    assert len(parts) == 1, "a corpus of a trial is one shard"
    spans = by_row(read_cuts(found.cuts[0])) if found.cuts else {}
    cut = ({**row, "text": without(row["text"], spans[at])} if at in spans else row for at, row in enumerate(rows))
    return [row for at, row in enumerate(cut) if at not in out]
