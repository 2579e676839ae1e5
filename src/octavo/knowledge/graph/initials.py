"""Initials: names such as `J. Smith` that stand for a full one, when the same company surrounds both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octavo.knowledge.graph.matrix import incidence
from octavo.knowledge.graph.merges import MOST_FELLOWS, read_log

if TYPE_CHECKING:
    import sqlite3

    from octavo.knowledge.index.index import Index

SHARED = 2
"""Other entities that passages of both names must share before initials count as evidence."""


def find_initials(index: Index) -> int:
    """Log merges of names with initials (`J. Smith`) and full names (`John Smith`) whose passages share at least
    `SHARED` other entities; returns how many were logged. A name that fits several full ones becomes several claims,
    which `clusters` refuses as a homonym."""
    view = index.view()
    table = incidence(view, merged=False)
    with index.transaction() as c:
        known = {(row.kept, row.gone) for row in read_log(c)}
        new = 0
        short = "SELECT number, key FROM graph_entities WHERE key GLOB '[a-z] *' ORDER BY number"
        for number, key in c.execute(short).fetchall():
            for other, full in _fellows(c, key):
                shared = table.neighbours(number) & table.neighbours(other)
                if len(shared - {number, other}) < SHARED or (full, key) in known:
                    continue
                evidence = f"{len(shared)} entities beside both"
                query = "INSERT INTO graph_merges (kept, gone, kind, evidence, passage, split) VALUES (?,?,?,?,?,0)"
                c.execute(query, (full, key, "initials", evidence, table.first(number)))
                new += 1
        if new:
            index.facts["epoch"] += 1
    return new


def _fellows(c: sqlite3.Connection, key: str) -> list[tuple[int, str]]:
    """Full names that an initialled one may stand for."""
    words = key.split()
    query = (
        "SELECT number, key FROM graph_entities WHERE number IN "
        "(SELECT entity FROM graph_words WHERE word = ? LIMIT ?) ORDER BY number"
    )
    rows = c.execute(query, (words[-1], MOST_FELLOWS + 1)).fetchall()
    if len(words) < 2 or len(rows) > MOST_FELLOWS:
        return []
    return [(number, full) for number, full in rows if _fits(words, full.split())]


def _fits(short: list[str], full: list[str]) -> bool:
    """`j smith` and `john smith`, `jrr tolkien` and `john ronald reuel tolkien` (initials written together)."""
    if len(full) < 2 or full[-1] != short[-1] or len(full[0]) < 2 or full == short:
        return False
    given = short[:-1]
    return len(given) <= len(full) - 1 and all(f.startswith(s) for s, f in zip(given, full[:-1]))
