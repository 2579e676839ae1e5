"""Diff: what changed between two collections of records, record by record, and between two cards, number by number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from octavo.kinds.records import Bad, Row, read_rows
from octavo.spine.progress import progress

_STATE = np.dtype([("id", "<u8"), ("text", "<u8"), ("rest", "<u8")])
QUIET = ("digest", "inputs", "format")
"""Parts of a card that differ whenever anything does."""


@dataclass(frozen=True)
class Changes:
    """How many records are in one collection only, in both with another text, or with other fields."""

    before: int
    after: int
    added: int
    removed: int
    changed: int
    fields_changed: int
    same: int
    bad: int
    repeated_ids: int


def states(paths: Sequence[Path], bad: list[Bad]) -> NDArray[np.void]:
    """(id, text, other fields) as hashes of 64 bits, 24 bytes a record, in the order of the id's hash."""
    blocks, rows = [], []
    bar = progress("read records", None, "records")
    for path in paths:
        for row in read_rows(path, bad):
            rows.append(_state(row))
            bar.advance()
            if len(rows) == 65536:
                blocks.append(np.array(rows, dtype=_STATE))
                rows = []
    blocks.append(np.array(rows, dtype=_STATE))
    return np.sort(np.concatenate(blocks), order=["id", "text", "rest"])


def _state(row: Row) -> tuple[int, int, int]:
    rest = repr(sorted((name, str(value)) for name, value in row.items() if name not in ("id", "text")))
    parts = (row["id"], row["text"], rest)
    found = [xxhash.xxh3_64_intdigest(part.encode("utf-8", "surrogatepass")) for part in parts]
    return found[0], found[1], found[2]


def compare_records(before: Sequence[Path], after: Sequence[Path]) -> tuple[Changes, list[NDArray[np.void]]]:
    """What changed, and both collections' states for `changed_rows`. A repeated id is compared by its first record."""
    bad: list[Bad] = []
    both = [states(before, bad), states(after, bad)]
    counts = [len(one) for one in both]
    firsts = [one[np.r_[True, one["id"][1:] != one["id"][:-1]]] if len(one) else one for one in both]
    _, left, right = np.intersect1d(firsts[0]["id"], firsts[1]["id"], assume_unique=True, return_indices=True)
    text = firsts[0]["text"][left] != firsts[1]["text"][right]
    rest = (firsts[0]["rest"][left] != firsts[1]["rest"][right]) & ~text
    changes = Changes(
        before=counts[0],
        after=counts[1],
        added=len(firsts[1]) - len(right),
        removed=len(firsts[0]) - len(left),
        changed=int(text.sum()),
        fields_changed=int(rest.sum()),
        same=int(len(left) - text.sum() - rest.sum()),
        bad=len(bad),
        repeated_ids=sum(counts) - sum(map(len, firsts)),
    )
    return changes, firsts


def changed_rows(before: Sequence[Path], after: Sequence[Path], both: Sequence[NDArray[np.void]]) -> Iterator[Row]:
    """`{"id", "change"}` for each record that is not the same: removed ones first, then the others in their order."""
    for paths, other, gone in ((before, both[1], True), (after, both[0], False)):
        for path in paths:
            for row in read_rows(path, []):
                name, text, rest = _state(row)
                at = int(np.searchsorted(other["id"], np.uint64(name)))
                there = at < len(other) and int(other["id"][at]) == name
                if not there:
                    yield {"id": row["id"], "change": "removed" if gone else "added"}
                elif not gone and int(other["text"][at]) != text:
                    yield {"id": row["id"], "change": "text"}
                elif not gone and int(other["rest"][at]) != rest:
                    yield {"id": row["id"], "change": "fields"}


def compare_cards(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`{"what", "before", "after"}` for each value of the cards that differs, the parts named by dots."""
    old, new = dict(_flat(before)), dict(_flat(after))
    rows = []
    for what in [*old, *(name for name in new if name not in old)]:
        if old.get(what) != new.get(what) and what.split(".")[0] not in QUIET:
            rows.append({"what": what, "before": old.get(what), "after": new.get(what)})
    return rows


def _flat(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, inner in value.items():
        if isinstance(inner, Mapping):
            yield from _flat(inner, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", inner
