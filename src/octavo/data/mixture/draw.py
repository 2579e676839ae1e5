"""Draw: which records a mixture takes, and how often, decided record by record without looking at the others."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from octavo.data.mixture.weights import Mixture
from octavo.kinds.records import Bad, Row, Shard, encode_row, read_shard

NONE = "(none)"
"""The domain of records that name none."""


def domain_of(row: Row, by: str) -> str:
    """What the record says in its field `by`; lists and numbers as text."""
    value = row.get(by)
    if value is None or value == "":
        return NONE
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def size_of(row: Row) -> int:
    """Bytes of its text, or of what is said in a conversation."""
    texts = [row["text"], *(message["content"] for message in row.get("messages") or () if not row["text"])]
    return sum(len(text.encode("utf-8", "replace")) for text in texts)


def measure(task: tuple[Shard, str], target: Path) -> None:
    """Bytes and records of each domain in a shard, and its rows that are no records; for `over_shards`."""
    shard, by = task
    sizes: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    bad: list[Bad] = []
    for row in read_shard(shard, bad, conversations=True):
        domain = domain_of(row, by)
        sizes[domain] += size_of(row)
        counts[domain] += 1
    found = {"bytes": sizes, "records": counts, "bad": [[one.source, one.row, one.reason] for one in bad]}
    target.write_text(json.dumps(found, sort_keys=True), encoding="utf-8")


def add_up(parts: list[Path]) -> tuple[dict[str, int], dict[str, int], list[Bad]]:
    """(domain → bytes, domain → records, bad rows) of all shards."""
    sizes: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    bad: list[Bad] = []
    for part in parts:
        found = json.loads(part.read_text(encoding="utf-8"))
        sizes.update(found["bytes"])
        counts.update(found["records"])
        bad += [Bad(*one) for one in found["bad"]]
    return dict(sorted(sizes.items())), dict(sorted(counts.items())), bad


@dataclass(frozen=True)
class Drawing:
    """One shard to draw from."""

    shard: Shard
    by: str
    epochs: Mapping[str, float]
    seed: int


def draw(task: Drawing, target: Path) -> None:
    """Write each record as often as its domain's epochs say; for `over_shards`."""
    with target.open("wb") as out:
        for row in read_shard(task.shard, [], conversations=True):
            for epoch in range(times(row["id"], task.epochs.get(domain_of(row, task.by), 0.0), task.seed)):
                given = {name: value for name, value in row.items() if name != "text" or value or "messages" not in row}
                out.write(encode_row({**given, "epoch": epoch} if epoch else given))


def times(record: str, epochs: float, seed: int) -> int:
    """How often a record is taken: the whole part of `epochs`, and once more with the chance of the rest, decided by
    the record's id and the seed alone."""
    whole = int(epochs)
    chance = int.from_bytes(hashlib.sha256(f"{seed} {record}".encode("utf-8", "replace")).digest()[:8], "big") / 2**64
    return whole + (chance < epochs - whole)


def epochs_of(mixture: Mixture) -> dict[str, float]:
    """Domain → how often it is read."""
    return dict(zip(mixture.domains, mixture.epochs, strict=True))


def drawn(rows: Iterator[Any], key: Callable[[Any], tuple[str, str]], mixture: Mixture, seed: int) -> Iterator[Any]:
    """`rows` as often as the mixture says; `key` gives a row's (id, domain)."""
    epochs = epochs_of(mixture)
    for row in rows:
        name, domain = key(row)
        for _ in range(times(name, epochs.get(domain, 0.0), seed)):
            yield row
