"""Index: one SQLite file that holds documents, passages with character spans, and the postings of their terms."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from octavo.kinds.kind import Kind

INDEX = "index.sqlite"


def describe(folder: Path) -> dict[str, Any]:
    """Counts of documents, passages and terms."""
    with sqlite3.connect(f"file:{folder / INDEX}?mode=ro&immutable=1", uri=True) as connection:
        tables = ("documents", "passages", "postings")
        return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}  # noqa: S608


KIND = Kind("index", (INDEX,), describe)
