"""Forget: take documents out of an index file for good, and look through the file for what is left of them."""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from octavo.kinds.documents import Document
from octavo.knowledge.folder import REJECTED, file_of, unknown_ids
from octavo.knowledge.index.columns import read_chunk
from octavo.knowledge.index.postings import CHUNK
from octavo.knowledge.index.write import chunks_with, remove, stored_document
from octavo.knowledge.layers import open_index
from octavo.spine.errors import OctavoError
from octavo.spine.progress import progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from octavo.knowledge.index.index import Index

WINDOW = 32
"""Characters of the pieces of text that are searched for: short, since a long text lies on several pages of a file."""
PIECES = 64
"""Pieces per document, evenly spread."""
SHORTEST = 6
"""Bytes below which a string is too common to say anything."""


@dataclass(frozen=True)
class Shared:
    """A string of a forgotten document that others hold as well, so that it is still there."""

    text: str
    held_by: tuple[str, ...]


@dataclass(frozen=True)
class Proof:
    """What was taken out, where was looked for it afterwards, and what was found: `traces` must be empty."""

    ids: tuple[str, ...]
    versions: int
    """Documents of these ids, of all generations."""
    passages: int
    tables: dict[str, int]
    """Table or layer → what it still holds."""
    strings: int
    """Strings that were searched for in the bytes of the files: ids, names, titles, pieces of text."""
    files: dict[str, int]
    """File → bytes that were searched."""
    shared: tuple[Shared, ...]
    traces: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The JSON form that `octavo knowledge forget --json` prints."""
        return {**asdict(self), "proved": not self.traces}


def forget(place: Path, ids: Sequence[str]) -> Proof:
    """Take documents out of text, postings, columns, names, layers, all generations, free space and log.

    An id that is not there: K013, nothing is changed; unless a forgetting was stopped before the file was
    rewritten, which is then made up for. A reader that holds the log open: K014. Something left: K024.
    """
    target = file_of(place)
    with open_index(target, write=True) as index:
        c = index.connection
        wanted = tuple(dict.fromkeys(ids))
        versions = "SELECT number FROM documents WHERE id = ?"
        numbers = {known: [row[0] for row in c.execute(versions, (known,))] for known in wanted}
        unknown = [known for known, found in numbers.items() if not found]
        if unknown and not index.fact("scrub"):
            raise unknown_ids(index, unknown)
        chosen = sorted(number for found in numbers.values() for number in found)
        documents = {number: stored_document(c, number) for number in chosen}
        passages = _passages(index, chosen)
        strings = _strings(index, wanted, documents)
        bar = progress("forget", None, "chunks")
        with index.transaction():
            remove(c, chosen, index.layers, bar.advance)
            for known in wanted:
                c.execute("UPDATE documents SET duplicate_of = '' WHERE duplicate_of = ?", (known,))
        _scrub_rejected(target.parent / REJECTED, wanted)
        if not index.scrub():
            raise OctavoError(
                "K014",
                "The documents are taken out, but a reader still holds the file's log, where they may be seen",
                where=str(target),
                do="end what reads the index, then run the same command again",
            )
        tables = _left_in_tables(index, passages, documents)
        found, files = _search(target, strings)
        shared, traces = _sorted_out(index, found)
    traces += [f"{table}: {count} left" for table, count in tables.items() if count]
    proof = Proof(wanted, len(chosen), len(passages), tables, len(strings), files, tuple(shared), tuple(traces))
    if proof.traces:
        raise OctavoError(
            "K024",
            f"Something is left of what was to be forgotten: {'; '.join(proof.traces[:5])}",
            where=str(target),
            likely="a layer keeps more than it says",
            do="make the index again without these documents",
        )
    return proof


def _passages(index: Index, numbers: Sequence[int]) -> NDArray[np.uint32]:
    query = "SELECT first, passages FROM documents WHERE number = ?"
    spans = [index.connection.execute(query, (number,)).fetchone() for number in numbers]
    found = [np.arange(first, first + count, dtype=np.uint32) for first, count in spans]
    return np.concatenate(found) if found else np.zeros(0, np.uint32)


def _strings(index: Index, ids: Sequence[str], documents: Mapping[int, Document]) -> list[str]:
    """What would give the documents away: ids, names, titles, values of other fields, pieces of their text."""
    found = dict.fromkeys(ids)
    for number, document in documents.items():
        found.update(dict.fromkeys((document.title, document.signature, *document.aliases, *_pieces(document.text))))
        found.update(dict.fromkeys(_values(index.fields(number))))
    return [text for text in found if len(text.encode()) >= SHORTEST]


def _pieces(text: str) -> list[str]:
    whole = [text[at : at + WINDOW].strip() for at in range(0, len(text), WINDOW)]
    step = max(1, len(whole) // PIECES)
    return [piece for piece in whole[::step][:PIECES] if len(piece) >= WINDOW // 2]


def _values(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        if len(value) >= SHORTEST:
            yield value[: 4 * WINDOW]
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _values(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _values(one)


def _scrub_rejected(path: Path, ids: Sequence[str]) -> None:
    """Take the ids out of the list of what was rejected."""
    if not path.is_file():
        return
    lines = path.read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if not any(known in json.loads(line)["reason"] for known in ids)]
    if len(kept) < len(lines):
        path.write_bytes(b"".join(kept))


def _left_in_tables(index: Index, passages: NDArray[np.uint32], documents: Mapping[int, Document]) -> dict[str, int]:
    c = index.connection
    keys = {"documents": "number", "texts": "number", "names": "document"}
    left = {
        **{
            table: sum(
                len(c.execute(f"SELECT 1 FROM {table} WHERE {key} = ?", (n,)).fetchall())  # noqa: S608
                for n in documents
            )
            for table, key in keys.items()
        },
        "passages": 0,
        "postings": 0,
        "columns": 0,
    }
    if len(passages):
        low, high = int(passages[0]), int(passages[-1])
        there = "SELECT number FROM passages WHERE number >= ? AND number <= ?"
        left["passages"] = int(np.isin([row[0] for row in c.execute(there, (low, high))], passages).sum())
        left["postings"] = sum(1 for _ in chunks_with(c, passages, lambda: None))
        for chunk in np.unique(passages // CHUNK).tolist():
            rows = read_chunk(c, chunk)[passages[passages // CHUNK == chunk] - chunk * CHUNK]
            left["columns"] += int((rows["live"] > 0).sum() + (rows["lengths"] > 0).sum())
    for layer in index.layers:
        left[f"layer {layer.name}"] = len(layer.traces(c, passages, documents)) if len(passages) else 0
    return left


def _search(target: Path, strings: Sequence[str]) -> tuple[dict[str, str], dict[str, int]]:
    """The strings that are in the bytes of the files beside and of the index, with the file; bytes by file."""
    found: dict[str, str] = {}
    sizes: dict[str, int] = {}
    bar = progress("search the bytes", None, "strings")
    for path in sorted(target.parent.iterdir() if target.parent.name else [target]):
        if not path.is_file() or not (path.name.startswith(target.name) or path.name == REJECTED):
            continue
        sizes[path.name] = path.stat().st_size
        if not sizes[path.name]:
            continue
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as held:
            for text in strings:
                bar.advance()
                if any(held.find(form) >= 0 for form in _forms(text)):
                    found.setdefault(text, path.name)
    return found, sizes


def _forms(text: str) -> set[bytes]:
    """How a string may be written in the file: as it is, in lower case, inside JSON."""
    return {text.encode(), text.lower().encode(), json.dumps(text, ensure_ascii=False)[1:-1].encode()}


def _sorted_out(index: Index, found: Mapping[str, str]) -> tuple[list[Shared], list[str]]:
    """What other documents hold as well, and what nobody should hold."""
    query = (
        "SELECT id FROM documents NATURAL JOIN texts WHERE instr(lower(text), ?1) OR instr(lower(id), ?1) "
        "OR instr(lower(fields), ?1) OR instr(lower(extra), ?1) OR instr(text, ?2) OR instr(fields, ?2) "
        "ORDER BY id LIMIT 3"
    )
    shared, traces = [], []
    schema = "\n".join(sql for (sql,) in index.connection.execute("SELECT sql FROM sqlite_master WHERE sql != ''"))
    for text, file in found.items():
        held_by = tuple(row[0] for row in index.connection.execute(query, (text.lower(), text)))
        if not held_by and text.lower() in schema.lower():
            held_by = ("the names of the file's tables",)
        if held_by:
            shared.append(Shared(text, held_by))
        else:
            traces.append(f'{file} holds "{text[:60]}"')
    return shared, traces
