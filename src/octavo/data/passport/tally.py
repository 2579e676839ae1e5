"""Tally: what one shard adds to a data card; shards are counted apart and added up."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from octavo.data.personal.detect import find_many
from octavo.kinds.records import Bad, Row, Shard, read_shard

MOST_VALUES = 10_000
"""Different values of a field that are told apart; what comes after is counted together, so that memory is bounded."""
OTHERS = "(others)"
FIELDS = ("language", "licence", "domain", "source", "package", "kind")
"""Fields whose values a card counts, where records have them."""
_BATCH = 200


@dataclass(frozen=True)
class Counting:
    """One shard, and which of its records are looked at closely."""

    shard: Shard
    share: float
    """Of the records whose language and personal data are looked for; which ones, their ids decide."""
    languages: bool
    personal: bool


@dataclass
class Tally:
    """Counts that add up over shards."""

    records: int = 0
    characters: int = 0
    bytes: int = 0
    words: int = 0
    annotated: int = 0
    repeated: int = 0
    """Records that a mixture reads again: with an `epoch` above 0, or the id of the record before."""
    last: str = ""
    """The id of the latest record."""
    digest: int = 0
    """Σ SHA-256(id, text) mod 2^256: the same for the same records in any order."""
    lengths: Counter[str] = field(default_factory=Counter)
    """Histogram of characters: each doubling is cut into eight, so that a quantile is right within 9 %."""
    fields: dict[str, Counter[str]] = field(default_factory=dict)
    field_bytes: dict[str, Counter[str]] = field(default_factory=dict)
    dates: list[str] = field(default_factory=list)
    """[earliest, latest]; empty when no record has one."""
    dated: int = 0
    looked_at: int = 0
    detected: Counter[str] = field(default_factory=Counter)
    spans: Counter[str] = field(default_factory=Counter)
    """Type of personal data → how many spans the records that were looked at have."""
    holders: Counter[str] = field(default_factory=Counter)
    """Type → how many of these records have one; `any` for those with any."""
    bad: list[list[Any]] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """Count one record."""
        text = row["text"]
        data = text.encode("utf-8", "replace")
        self.records += 1
        self.characters += len(text)
        self.bytes += len(data)
        self.words += len(text.split())
        self.annotated += bool(row.get("annotated"))
        self.repeated += bool(row.get("epoch")) or row["id"] == self.last
        self.last = row["id"]
        name = json.dumps(row["id"], ensure_ascii=True).encode()
        self.digest = (self.digest + int.from_bytes(hashlib.sha256(name + b"\0" + data).digest())) % 2**256
        self.lengths[str(step_of(len(text)))] += 1
        for key in FIELDS:
            value = row.get(key)
            if isinstance(value, str) and value:
                counts = self.fields.setdefault(key, Counter())
                known = value if value in counts or len(counts) < MOST_VALUES else OTHERS
                counts[known] += 1
                self.field_bytes.setdefault(key, Counter())[known] += len(data)
        if isinstance(date := row.get("date"), str) and date:
            self.dated += 1
            self.dates = [min([*self.dates, date]), max([*self.dates, date])]

    def look_at(self, rows: list[Row], *, languages: bool, personal: bool) -> None:
        """Find the language and the personal data of some records."""
        texts = [row["text"] for row in rows]
        self.looked_at += len(rows)
        if languages:
            from octavo.data.quality.language import identify

            self.detected.update(identify(text).language for text in texts)
        for spans in find_many(texts) if personal else ():
            self.spans.update(span.type for span in spans)
            self.holders.update({span.type for span in spans} | ({"any"} if spans else set()))

    def merge(self, other: Tally) -> None:
        """Add what another shard counted."""
        for name in ("records", "characters", "bytes", "words", "annotated", "repeated", "dated", "looked_at"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.digest = (self.digest + other.digest) % 2**256
        for name in ("lengths", "detected", "spans", "holders"):
            getattr(self, name).update(getattr(other, name))
        for mine, theirs in ((self.fields, other.fields), (self.field_bytes, other.field_bytes)):
            for key, counts in theirs.items():
                mine.setdefault(key, Counter()).update(counts)
        if other.dates:
            self.dates = [min([*self.dates, *other.dates]), max([*self.dates, *other.dates])]
        self.bad += other.bad


def step_of(length: int) -> int:
    """The place of a length in the histogram: eight steps for each doubling."""
    if length < 8:
        return length
    doubling = length.bit_length() - 1
    return 8 * (doubling - 2) + ((length >> (doubling - 3)) & 7)


def length_of(step: int) -> int:
    """The shortest length at a place in the histogram."""
    if step < 8:
        return step
    doubling, eighth = divmod(step, 8)
    return (8 + eighth) << (doubling - 1)


def is_looked_at(name: str, share: float) -> bool:
    """Whether a record is in the sample, decided by its id alone."""
    return int.from_bytes(hashlib.sha256(f"card {name}".encode("utf-8", "replace")).digest()[:8]) < share * 2**64


def count(task: Counting, target: Path) -> None:
    """Write the tally of a shard; for `over_shards`."""
    tally, bad, chosen = Tally(), list[Bad](), list[Row]()
    for row in read_shard(task.shard, bad):
        tally.add(row)
        if is_looked_at(row["id"], task.share):
            chosen.append(row)
        if len(chosen) >= _BATCH:
            tally.look_at(chosen, languages=task.languages, personal=task.personal)
            chosen = []
    tally.look_at(chosen, languages=task.languages, personal=task.personal)
    tally.bad = [[one.source, one.row, one.reason] for one in bad]
    target.write_text(json.dumps(vars(tally), ensure_ascii=False), encoding="utf-8")


def add_up(parts: Iterable[Path]) -> Tally:
    """The tally of all shards."""
    total = Tally()
    for part in parts:
        found = json.loads(part.read_text(encoding="utf-8"))
        for name in ("lengths", "detected", "spans", "holders"):
            found[name] = Counter(found[name])
        for name in ("fields", "field_bytes"):
            found[name] = {key: Counter(counts) for key, counts in found[name].items()}
        total.merge(Tally(**found))
    return total
