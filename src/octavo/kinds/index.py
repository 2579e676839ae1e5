"""Index: one SQLite file that holds documents, passages with character spans, and the postings of their terms."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from octavo.kinds.kind import Kind

INDEX = "index.sqlite"


def describe(folder: Path) -> dict[str, Any]:
    """Counts of documents, passages and terms, of what the current generation sees."""
    with sqlite3.connect(f"file:{folder / INDEX}?mode=ro&immutable=1", uri=True) as connection:
        (current,) = connection.execute(
            "SELECT CAST(value AS INTEGER) FROM metadata WHERE key = 'generation'"
        ).fetchone()
        seen = "SELECT count(*), total(passages) FROM documents WHERE born <= ? AND died > ?"
        documents, passages = connection.execute(seen, (current, current)).fetchone()
        (terms,) = connection.execute("SELECT count(*) FROM terms").fetchone()
        layers = [name for (name,) in connection.execute("SELECT name FROM layers WHERE ready = 1 ORDER BY name")]
    return {"documents": documents, "passages": int(passages), "terms": terms, "layers": layers}


KIND = Kind("index", (INDEX,), describe)
