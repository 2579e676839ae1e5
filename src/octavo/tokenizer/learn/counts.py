"""Counts: how often each word occurs in each group, counted shard by shard and merged on disk, bucket by bucket.

A bucket holds the words with the same hash, so one bucket at a time is all that is ever in memory.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from zlib import crc32

import numpy as np

from octavo.kinds.records import Bad, Shard, read_shard
from octavo.spine.errors import WRONG_USE, OctavoError
from octavo.spine.shards import over_shards
from octavo.tokenizer.learn.cuts import words_of
from octavo.tokenizer.learn.pairs import MOST_GROUPS

BUCKETS = 64
GROUP_FIELDS = ("language", "domain")
MOST_SHOWN = 20


@dataclass(frozen=True)
class Part:
    """A shard to count: the field that says which group a record is of ("": all are one), and whether its words
    are learnt from or only measured (the parallel text that groups are compared by)."""

    shard: Shard
    field: str
    measured: bool = False


@dataclass
class Amount:
    """How much text a group has."""

    records: int = 0
    bytes_: int = 0
    characters: int = 0
    words: int = 0

    def add(self, other: Amount) -> None:
        """Count `other` too."""
        self.records += other.records
        self.bytes_ += other.bytes_
        self.characters += other.characters
        self.words += other.words


@dataclass(frozen=True)
class Counted:
    """What is on disk after counting."""

    groups: tuple[str, ...]
    learnt: tuple[Amount, ...]
    """One for each group."""
    measured: tuple[Amount, ...]
    buckets: tuple[Path, ...]
    bad: int
    """Rows that are no records."""
    shown: tuple[Bad, ...]
    """The first of them."""


def count_words(
    parts: Sequence[Part],
    scratch: Path,
    *,
    on: str = "processes",
    workers: int = 0,
) -> Counted:
    """Count the words of all parts; what an earlier, killed attempt has counted is kept."""
    sizes = [part.shard.end - part.shard.start for part in parts]
    files = over_shards(
        _count_part, parts, scratch / "counted", what="count words", on=on, workers=workers, sizes=sizes, unit="bytes"
    )
    heads = [_head(path) for path in files]
    groups = tuple(sorted({group for head in heads for group in head["groups"]}))
    _refuse_too_many(len(groups))
    amounts = {measured: [Amount() for _ in groups] for measured in (False, True)}
    bad: list[Bad] = []
    for part, head in zip(parts, heads, strict=True):
        for group, amount in head["amounts"].items():
            amounts[part.measured][groups.index(group)].add(Amount(*amount))
        bad += [Bad(*row) for row in head["bad"]]
    tasks = [_Bucket(number, tuple(files), tuple(part.measured for part in parts), groups) for number in range(BUCKETS)]
    small = sum(path.stat().st_size for path in files) < 2**22  # not worth starting other processes
    buckets = over_shards(
        _merge_bucket,
        tasks,
        scratch / "merged",
        what="merge word counts",
        on="serial" if small and on == "processes" else on,
        workers=workers,
    )
    bad_count = sum(head["bad_count"] for head in heads)
    return Counted(
        groups, tuple(amounts[False]), tuple(amounts[True]), tuple(buckets), bad_count, tuple(bad[:MOST_SHOWN])
    )


def _refuse_too_many(groups: int) -> None:
    if groups > MOST_GROUPS - 1:
        raise OctavoError(
            "T024",
            "There are too many groups",
            likely="the field that groups are made of differs in almost every record",
            do=f"group by another field; at most {MOST_GROUPS - 1:,} groups can be told apart",
            exit_code=WRONG_USE,
        )


def _count_part(part: Part, target: Path) -> None:
    cut = words_of()
    counters: dict[str, Counter[str]] = {}
    amounts: dict[str, Amount] = {}
    bad: list[Bad] = []
    for row in read_shard(part.shard, bad):
        group = str(row.get(part.field) or "") if part.field else ""
        words = cut(row["text"])
        counters.setdefault(group, Counter()).update(words)
        amount = Amount(1, len(row["text"].encode()), len(row["text"]), len(words))
        amounts.setdefault(group, Amount()).add(amount)
    groups = sorted(counters)
    _refuse_too_many(len(groups))
    buckets: list[list[tuple[int, bytes, int]]] = [[] for _ in range(BUCKETS)]
    for number, group in enumerate(groups):
        for word, count in counters[group].items():
            data = word.encode()
            buckets[crc32(data) % BUCKETS].append((number, data, count))
    body, offsets = io.BytesIO(), []
    for bucket in buckets:
        offsets.append(body.tell())
        bucket.sort()
        _put(body, bucket)
    head = {
        "groups": groups,
        "amounts": {group: list(vars(amount).values()) for group, amount in amounts.items()},
        "bad": [[row.source, row.row, row.reason] for row in bad[:MOST_SHOWN]],
        "bad_count": len(bad),
        "offsets": offsets,
    }
    with target.open("wb") as out:
        out.write(json.dumps(head).encode() + b"\n")
        out.write(body.getbuffer())


@dataclass(frozen=True)
class _Bucket:
    number: int
    files: tuple[Path, ...]
    measured: tuple[bool, ...]
    groups: tuple[str, ...]


def _merge_bucket(task: _Bucket, target: Path) -> None:
    place = {group: number for number, group in enumerate(task.groups)}
    totals: dict[tuple[int, bytes], int] = {}
    compared: dict[tuple[int, bytes], int] = {}
    for path, measured in zip(task.files, task.measured, strict=True):
        into = compared if measured else totals
        with path.open("rb") as lines:
            head = json.loads(lines.readline())
            lines.seek(lines.tell() + head["offsets"][task.number])
            numbers = [place[group] for group in head["groups"]]
            for number, word, count in _rows(lines):
                key = numbers[number], word
                into[key] = into.get(key, 0) + count
    rows = sorted(totals.keys() | compared.keys())
    with target.open("wb") as out:
        _put(out, [(number, word, totals.get((number, word), 0)) for number, word in rows])
        np.save(out, np.array([compared.get(key, 0) for key in rows], np.int64))


def _head(path: Path) -> dict[str, Any]:
    with path.open("rb") as lines:
        head: dict[str, Any] = json.loads(lines.readline())
    return head


def _put(out: IO[bytes], rows: Sequence[tuple[int, bytes, int]]) -> None:
    np.save(out, np.array([number for number, _, _ in rows], np.uint16))
    np.save(out, np.array([count for _, _, count in rows], np.int64))
    np.save(out, np.array([len(word) for _, word, _ in rows], np.int64))
    np.save(out, np.frombuffer(b"".join(word for _, word, _ in rows), np.uint8))


def take(lines: IO[bytes], arrays: int) -> list[Any]:
    """The next arrays of a file of counts."""
    return [np.load(lines, allow_pickle=False) for _ in range(arrays)]


def _rows(lines: IO[bytes]) -> Iterable[tuple[int, bytes, int]]:
    groups, counts, lengths, data = take(lines, 4)
    whole, start = data.tobytes(), 0
    for group, count, length in zip(groups.tolist(), counts.tolist(), lengths.tolist(), strict=True):
        yield group, whole[start : start + length], count
        start += length
