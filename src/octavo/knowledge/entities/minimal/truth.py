"""Truth: which records of two files are the same, as a file of pairs says or as the records themselves declare."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from octavo.kinds.records import open_packed
from octavo.spine.errors import OctavoError

ENDS = (("left", "right"), ("a_id", "b_id"), ("a", "b"))
"""Names under which a row may hold the two ids."""
KINDS = ("decision", "kind", "class")
OTHER = frozenset({"related", "derived", "none"})
"""Rows that say that their records are not the same."""


def read_pairs(path: Path) -> list[tuple[str, str]]:
    """The ids in rows such as {"left", "right"}; rows of another decision than "same" are left out.

    A row that holds no two ids is a K065: truth with holes would measure the wrong thing.
    """
    found = []
    with open_packed(path) as lines:
        for number, line in enumerate(lines, 1):
            if line.isspace():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            ids = next((ids for ids in _ids(row)), None) if isinstance(row, dict) else None
            if ids is None and not (isinstance(row, dict) and _other(row)):
                raise OctavoError(
                    "K065",
                    f"Row {number} names no pair of records",
                    where=str(path),
                    do='each line must be {"left": ID, "right": ID}',
                )
            if ids is not None and not _other(row):
                found.append(ids)
    return found


def declared_pairs(left: Path, right: Path) -> list[tuple[str, str]]:
    """Records of both files that share an id or an alias, sorted; each declared identifier is read once a side."""
    sides: list[dict[str, list[str]]] = []
    for path in (left, right):
        names: dict[str, list[str]] = {}
        with open_packed(path) as lines:
            for line in lines:
                for own, name in _declared(line):
                    names.setdefault(name, []).append(own)
        sides.append(names)
    both = sides[0].keys() & sides[1].keys()
    return sorted({(a, b) for name in both for a in sides[0][name] for b in sides[1][name]})


def _ids(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for first, second in ENDS:
        a, b = row.get(first), row.get(second)
        if all(isinstance(one, str | int) and not isinstance(one, bool) for one in (a, b)):
            yield str(a), str(b)


def _other(row: dict[str, Any]) -> bool:
    return any(row.get(name) in OTHER for name in KINDS)


def _declared(line: bytes) -> Iterator[tuple[str, str]]:
    """(id, identifier) of what a row declares; a row that is no record declares nothing, and reading it lists that."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return
    if isinstance(row, dict) and isinstance(own := row.get("id"), str) and own:
        aliases = row.get("aliases")
        yield own, own
        yield from ((own, one) for one in (aliases if isinstance(aliases, list) else ()) if isinstance(one, str))
