"""Sketch: what is kept on disk of each record of a shard so that duplicates are found without reading texts again."""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xxhash

from octavo.data.duplicates.columns import write_columns
from octavo.data.duplicates.minhash import MinHash
from octavo.data.duplicates.survivor import survival
from octavo.data.duplicates.words import Words, shingles
from octavo.kinds.records import Bad, Row, Shard, placed_rows

OWN_ID, NAMED = 1, 2
"""Flags of a record: its id stands in its line; it documents an object, whose name tells it from others."""


@dataclass(frozen=True)
class Sketching:
    """One shard and what decides its sketch."""

    shard: Shard
    policy: str
    bands: int
    rows: int
    """0 bands: only what exact duplicates need."""


def text_digest(text: str) -> int:
    """64 bits of a text with all white space made one blank: equal for exact duplicates."""
    return xxhash.xxh3_64_intdigest(" ".join(text.split()).encode())


def id_hash(name: bytes) -> int:
    """64 bits of an id."""
    return xxhash.xxh3_64_intdigest(name)


def sketch(task: Sketching, target: Path) -> None:
    """Write the columns of a shard, one value a record in its order:

    `start` (byte of its line in the shard's file), `digest` (of the text), `length` (code points), `survival`, `name`
    (hash of the last part of an object's id), `flags`, `id hash`, `id end` (in `ids`, where all stand), `size`
    (distinct shingles); the shingles themselves, record after record; and for each band its keys, sorted, each with
    the record it belongs to (key · 2³² + record).
    """
    bad: list[Bad] = []
    seen = _Seen(task.policy)
    sizes: list[Any] = [np.zeros(0, np.int64)]
    every: list[Any] = [np.zeros(0, np.uint32)]
    bands: list[Any] = [np.zeros((task.bands, 0), np.uint32)]
    texts = seen.texts(task.shard, bad)
    if task.bands:
        minhash = MinHash(task.bands, task.rows)
        for _, words, counts in Words().batches(texts):
            found, size = shingles(words, counts)
            every.append(found)
            sizes.append(size)
            bands.append(minhash.keys(found, size))
    else:
        sizes += [np.zeros(1, np.int64) for _ in texts]
    columns = seen.columns()
    columns["size"] = size = np.concatenate(sizes).astype(np.uint32)
    columns["shingles"] = np.concatenate(every)
    some = np.flatnonzero(size).astype(np.uint64)
    for at, keys in enumerate(np.concatenate(bands, axis=1)):
        placed = (keys[some].astype(np.uint64) << np.uint64(32)) | some
        placed.sort()
        columns[f"band {at}"] = placed
    said = json.dumps([asdict(one) for one in bad]).encode()
    columns["bad"] = np.frombuffer(said, np.uint8)
    write_columns(target, columns)


class _Seen:
    """Gathers the columns while the texts go by."""

    def __init__(self, policy: str) -> None:
        self._policy = policy
        self._starts, self._lengths, self._flags = array("q"), array("I"), array("B")
        self._digests, self._survivals, self._names = array("Q"), array("q"), array("Q")
        self._ids, self._id_ends, self._id_hashes = bytearray(), array("q"), array("Q")

    def texts(self, shard: Shard, bad: list[Bad]) -> Iterator[str]:
        """The texts of the records in order."""
        for start, number, row in placed_rows(shard, bad):
            text: str = row["text"]
            self._starts.append(start)
            self._lengths.append(min(len(text), 2**32 - 1))
            self._digests.append(text_digest(text))
            self._survivals.append(survival(self._policy, row))
            name = row["id"].encode("utf-8", "replace")
            self._ids += name
            self._id_ends.append(len(self._ids))
            self._id_hashes.append(id_hash(name))
            self._names.append(_name(row))
            own = OWN_ID if row["id"] != f"{shard.source}:{number}" else 0
            self._flags.append(own | (NAMED if row.get("kind", "file") != "file" else 0))
            yield text

    def columns(self) -> dict[str, Any]:
        """The columns of all records so far."""
        return {
            "start": np.frombuffer(self._starts, np.int64),
            "length": np.frombuffer(self._lengths, np.uint32),
            "digest": np.frombuffer(self._digests, np.uint64),
            "survival": np.frombuffer(self._survivals, np.int64),
            "name": np.frombuffer(self._names, np.uint64),
            "ids": np.frombuffer(self._ids, np.uint8),
            "id hash": np.frombuffer(self._id_hashes, np.uint64),
            "id end": np.frombuffer(self._id_ends, np.int64),
            "flags": np.frombuffer(self._flags, np.uint8),
        }


def _name(row: Row) -> int:
    """Hash of the last part of the name of an object."""
    if row.get("kind", "file") == "file":
        return 0
    last = re.split(r"[./]", row["id"])[-1]
    return xxhash.xxh3_64_intdigest(last.encode("utf-8", "replace"))
