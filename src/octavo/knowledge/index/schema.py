"""Schema: the tables of an index file, and what its numbers mean."""

from __future__ import annotations

from pathlib import Path

from octavo.spine.errors import OctavoError

FORMAT = 2
ALIVE = 2**32 - 1
"""The generation in which a document dies that nobody has deleted."""
NEVER = 2**32 - 1
"""The generation in which a passage is born that was taken out of the file."""

SCHEMA = """
CREATE TABLE metadata (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE generations (number INTEGER PRIMARY KEY, added INTEGER NOT NULL, deleted INTEGER NOT NULL,
  made TEXT NOT NULL);
CREATE TABLE layers (name TEXT PRIMARY KEY, next INTEGER NOT NULL, ready INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (number INTEGER PRIMARY KEY, id TEXT NOT NULL, born INTEGER NOT NULL, died INTEGER NOT NULL,
  first INTEGER NOT NULL, passages INTEGER NOT NULL, duplicate_of TEXT NOT NULL, fields TEXT NOT NULL,
  extra TEXT NOT NULL);
CREATE UNIQUE INDEX documents_by_id ON documents (id, born);
CREATE INDEX documents_by_death ON documents (died) WHERE died < 4294967295;
CREATE TABLE texts (number INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE passages (number INTEGER PRIMARY KEY, document INTEGER NOT NULL, start INTEGER NOT NULL,
  end INTEGER NOT NULL, heading TEXT NOT NULL);
CREATE TABLE names (last TEXT NOT NULL, name TEXT NOT NULL, document INTEGER NOT NULL, alias INTEGER NOT NULL);
CREATE INDEX names_by_last ON names (last, name);
CREATE INDEX names_by_name ON names (name);
CREATE INDEX names_of_document ON names (document);
CREATE TABLE terms (term TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE postings (key INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE columns (chunk INTEGER PRIMARY KEY, data BLOB NOT NULL);
"""
"""`documents` are seen by the generations from `born` up to, and without, `died`; their passages are the numbers
from `first` on. The key of `postings` is the number of the term, shifted by `CHUNK_BITS`, and that of the chunk."""

FACTS = {
    "format": FORMAT,
    "length": 900,
    "generation": 0,
    "last_generation": 0,
    "epoch": 0,
    "next_document": 0,
    "next_passage": 0,
    "next_term": 0,
    "scrub": 0,
}
"""Numbers about an index. `generation` is the one that is seen, less than `last_generation` after going back; `epoch`
counts the changes that are more than adding and deleting; `scrub` is 1 while forgotten text may lie in free space."""

CHUNK_BITS = 20


def damaged(path: Path, detail: str) -> OctavoError:
    """The error for a file that is not, or no longer, an index."""
    return OctavoError(
        "K006",
        f"The index is damaged or not an index: {detail}",
        where=str(path),
        do="octavo clean --damaged, then octavo run builds it again; octavo knowledge index makes one of plain files",
    )
