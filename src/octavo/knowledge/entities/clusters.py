"""Clusters: records of both databases that are one thing, joined only where every pair inside has evidence of its own.

Connected components of links spread one bad link over everything it touches. Here a left record joins a right one only
by a strong link, and two left records that claim the same right one are in one cluster only when they share a package
or a rare reference themselves; otherwise the weaker claim stays out and is listed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from octavo.knowledge.entities.record import Record

STRONG = 0.9
"""Probability from which a link may join records."""
BINDING = ("package", "commit", "thread", "repository")
"""Kinds of which two records of one database must share a value to be one thing."""


def clusters(
    rows: Sequence[Mapping[str, Any]], left: Sequence[Record], right: Sequence[Record]
) -> Iterator[dict[str, Any]]:
    """`{"id", "left", "apart"}` for each right record that is claimed, in the order of the right side: the left records
    that are the same thing, strongest first, and those that claim it without being bound to all of them."""
    claims: dict[str, list[tuple[float, str]]] = {}
    for row in rows:
        if row["decision"] == "same":
            claims.setdefault(row["right"], []).append((-row["score"], row["left"]))
    records = {record.id: record for record in left}
    for record in right:
        inside: list[Record] = []
        apart: list[str] = []
        for score, id_ in sorted(claims.get(record.id, ())):
            joins = -score >= STRONG and all(_bound(records[id_], other) for other in inside)
            if joins:
                inside.append(records[id_])
            else:
                apart.append(id_)
        if inside or apart:
            yield {"id": record.id, "left": [member.id for member in inside], "apart": apart}


def _bound(one: Record, other: Record) -> bool:
    return any(set(one.fields.get(kind, ())) & set(other.fields.get(kind, ())) for kind in BINDING)
