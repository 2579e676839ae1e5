"""State: where learning stands, written to disk now and then, so that a killed run goes on with the same merges."""

from __future__ import annotations

import heapq
import json
import os
from array import array
from pathlib import Path
from typing import IO, Any

import numpy as np

from octavo.tokenizer.learn.pairs import ENTRY_BITS, KEY_BITS, TOP, Pairs

ARRAYS = ("symbol", "following", "preceding")
ENTRIES = ("entry_chunk", "entry_start", "entry_end", "entry_pair")


def write_state(path: Path, pairs: Pairs, extra: dict[str, Any]) -> None:
    """Write all that decides how learning goes on; whole or not at all. `extra` is the chooser's memory."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    with partial.open("wb") as out:
        head: dict[str, Any] = {
            "lengths": pairs.lengths,
            "queues": [len(queue) for queue in pairs.queues],
            "extra": extra,
        }
        head["chunks"] = [len(chunk) for chunk in pairs.chunks]
        head.update(keyed=pairs.keyed, exact=pairs.exact)
        out.write(json.dumps(head).encode() + b"\n")
        for name in ARRAYS:
            _put(out, getattr(pairs, name))
        for name in ENTRIES:
            _put(out, np.frombuffer(getattr(pairs, name), np.int32 if name == "entry_chunk" else np.int64))
        for chunk in pairs.chunks:
            out.write(chunk.tobytes())
        _put(out, np.array(pairs.merges, np.int32).reshape(-1, 2))
        _put(out, np.array(sorted(pairs.again), np.int64))
        _put(out, np.fromiter(pairs.counts.keys(), np.int64, len(pairs.counts)))
        _put(out, np.fromiter(pairs.counts.values(), np.int64, len(pairs.counts)))
        for queue in pairs.queues:
            for of in (_count, _key, _entry):
                _put(out, np.fromiter((of(item) for item in queue), np.int64, len(queue)))
        out.flush()
        os.fsync(out.fileno())
    partial.replace(path)


def read_state(path: Path, pairs: Pairs) -> dict[str, Any]:
    """Bring freshly made `pairs` of the same words to where `write_state` left them; the chooser's memory."""
    with path.open("rb") as lines:
        head = json.loads(lines.readline())
        for name in ARRAYS:
            setattr(pairs, name, _get(lines))
        for name in ENTRIES:
            kept = array("i" if name == "entry_chunk" else "q")
            kept.frombytes(_get(lines).tobytes())
            setattr(pairs, name, kept)
        pairs.chunks = [np.frombuffer(lines.read(4 * size), np.int32) for size in head["chunks"]]
        for a, b in _get(lines).tolist():
            pairs.note(a, b)
        pairs.again = set(_get(lines).tolist())
        keys = _get(lines).tolist()
        pairs.counts = dict(zip(keys, _get(lines).tolist(), strict=True))
        pairs.queues = []
        for _ in head["queues"]:
            parts = zip(_get(lines).tolist(), _get(lines).tolist(), _get(lines).tolist(), strict=True)
            queue = [((TOP - count) << KEY_BITS | key) << ENTRY_BITS | entry for count, key, entry in parts]
            heapq.heapify(queue)
            pairs.queues.append(queue)
    pairs.lengths, pairs.keyed, pairs.exact = head["lengths"], head["keyed"], head["exact"]
    extra: dict[str, Any] = head["extra"]
    return extra


def _count(item: int) -> int:
    return TOP - (item >> (ENTRY_BITS + KEY_BITS))


def _key(item: int) -> int:
    return (item >> ENTRY_BITS) & ((1 << KEY_BITS) - 1)


def _entry(item: int) -> int:
    return item & ((1 << ENTRY_BITS) - 1)


def _put(out: IO[bytes], values: Any) -> None:
    np.save(out, np.ascontiguousarray(values), allow_pickle=False)


def _get(lines: IO[bytes]) -> Any:
    return np.load(lines, allow_pickle=False)
