"""Files of records searched for personal data, shard by shard: the spans, what was found, and the replaced records."""

from __future__ import annotations

import json
import os
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from octavo.data.personal.detect import find_many
from octavo.data.personal.pseudonyms import Pseudonyms
from octavo.data.personal.replace import Replaced, Replacement, mark, replace_many
from octavo.data.personal.spans import Span, masked
from octavo.kinds.records import Bad, Row, Shard, encode_row, read_shard, shards
from octavo.spine.shards import over_shards

EXAMPLES = 3
BATCH = 500
"""Records that are searched at once."""
FIELDS = ("text", "title")
"""What is looked at of a record, and replaced; all else stays as it is."""
IN_IDS = ("EMAIL", "CREDENTIALS", "IBAN", "SSN")
"""What an id is looked at for. Ids are never changed: other files point to them."""
IDS_SHOWN = 20


@dataclass(frozen=True)
class Search:
    """What to look for, and what to do with it."""

    types: tuple[str, ...]
    least: float
    replaced: tuple[str, ...] = ()
    """Types to replace in the text; none leaves all texts as they are."""
    key: bytes = b""
    """The secret for pseudonyms; without one, marks are put in."""

    def replacement(self) -> Replacement:
        """What to put in the place of a value."""
        return Pseudonyms(self.key) if self.key else mark


@dataclass(frozen=True)
class Looked:
    """One record: what was found in each field, and put in its place."""

    row: Row
    found: dict[str, list[Span]]
    replaced: dict[str, Replaced]
    in_id: bool

    def spans_row(self) -> Row:
        """The row of the spans: those of the text; under `elsewhere` those of other fields; under `shown_later` what
        was only found, and replaced, once its surroundings were."""
        made: Row = {"id": self.row["id"], "spans": [span.row() for span in self.found["text"]]}
        elsewhere = [{"field": name, **span.row()} for name in FIELDS[1:] for span in self.found.get(name, ())]
        later = [
            {"field": name, **span.row()}
            for name, result in self.replaced.items()
            for span in result.spans
            if not _inside(span, self.found[name])
        ]
        return {**made, **({"elsewhere": elsewhere} if elsewhere else {}), **({"shown_later": later} if later else {})}

    def clean_row(self) -> Row:
        """The record with replacements."""
        return {**self.row, **{name: result.text for name, result in self.replaced.items()}}


@dataclass
class Counted:
    """What was found: for each type how many spans, in how many records, and a few masked examples."""

    records: int = 0
    characters: int = 0
    with_any: int = 0
    spans: dict[str, int] = field(default_factory=dict)
    holding: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)
    replaced: dict[str, int] = field(default_factory=dict)
    titles: dict[str, int] = field(default_factory=dict)
    """Type → how many of the spans stand in titles."""
    ids: int = 0
    """Records whose id looks like personal data."""
    id_examples: list[str] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)

    def add(self, looked: Looked) -> None:
        """Count one record."""
        self.records += 1
        self.with_any += any(looked.found.values())
        for type in sorted({span.type for spans in looked.found.values() for span in spans}):
            self.holding[type] = self.holding.get(type, 0) + 1
        for name, spans in looked.found.items():
            text = looked.row[name]
            self.characters += len(text)
            for span in spans:
                self.spans[span.type] = self.spans.get(span.type, 0) + 1
                if name != "text":
                    self.titles[span.type] = self.titles.get(span.type, 0) + 1
                shown = self.examples.setdefault(span.type, [])
                example = masked(text[span.start : span.end])
                if len(shown) < EXAMPLES and example not in shown:
                    shown.append(example)
        for result in looked.replaced.values():
            for span in result.spans:
                self.replaced[span.type] = self.replaced.get(span.type, 0) + 1
        if looked.in_id:
            self.ids += 1
            if len(self.id_examples) < IDS_SHOWN:
                self.id_examples.append(masked(str(looked.row["id"])))

    def join(self, other: Counted) -> None:
        """Add what was counted in the next shard."""
        self.records += other.records
        self.characters += other.characters
        self.with_any += other.with_any
        self.ids += other.ids
        self.id_examples += other.id_examples[: IDS_SHOWN - len(self.id_examples)]
        for name in ("spans", "holding", "replaced", "titles"):
            mine, theirs = getattr(self, name), getattr(other, name)
            for type, count in theirs.items():
                mine[type] = mine.get(type, 0) + count
        for type, examples in other.examples.items():
            shown = self.examples.setdefault(type, [])
            shown += [one for one in examples if one not in shown][: EXAMPLES - len(shown)]
        self.bad += other.bad


@dataclass(frozen=True)
class Searched:
    """The counts of all shards, and the files of each shard in order: the spans, and the records with replacements."""

    counted: Counted
    spans: list[Path]
    records: list[Path]


def search_files(
    paths: Sequence[Path], search: Search, scratch: Path, *, on: str = "processes", workers: int = 0
) -> Searched:
    """Search files of records. Everything made lies in `scratch`; what an earlier, killed attempt made is kept."""
    tasks = shards(paths, scratch / "unpacked")
    spans, records = scratch / "spans", scratch / "records"
    for folder in (spans, records):
        folder.mkdir(parents=True, exist_ok=True)
    work = partial(_search_shard, search=search, scratch=scratch)
    sizes = [shard.end - shard.start for shard in tasks]
    numbered = list(enumerate(tasks))
    parts = over_shards(
        work, numbered, scratch / "counted", what="personal data", on=on, workers=workers, sizes=sizes, unit="bytes"
    )
    whole = Counted()
    for part in parts:
        row = json.loads(part.read_bytes())
        whole.join(Counted(**{**row, "bad": [Bad(**one) for one in row["bad"]]}))
    names = [f"{at:06d}" for at in range(len(tasks))]
    made = [records / name for name in names] if search.replaced else []
    return Searched(whole, [spans / name for name in names], made)


def _search_shard(task: tuple[int, Shard], target: Path, *, search: Search, scratch: Path) -> None:
    """The spans and records of one shard beside each other; its counts last, so that they stand for all three."""
    at, shard = task
    counted = Counted()
    replacement = search.replacement()
    rows = read_shard(shard, counted.bad)
    places = [scratch / kind / f"{at:06d}" for kind in ("spans", "records")]
    partials = [place.with_name(f"{place.name}.{os.getpid()}.partial") for place in places]
    with partials[0].open("wb") as spans_out, partials[1].open("wb") as records_out:
        for batch in batches(rows, BATCH):
            for looked in look(batch, search, replacement):
                counted.add(looked)
                spans_out.write(encode_row(looked.spans_row()))
                if search.replaced:
                    records_out.write(encode_row(looked.clean_row()))
    for place, part in zip(places, partials, strict=True):
        part.replace(place)
    target.write_text(json.dumps({**vars(counted), "bad": [vars(bad) for bad in counted.bad]}, ensure_ascii=False))


def look(rows: Sequence[Row], search: Search, replacement: Replacement) -> list[Looked]:
    """Several records searched together; what is found does not depend on what is put in its place."""
    fields = [(at, name) for at, row in enumerate(rows) for name in FIELDS if isinstance(row.get(name), str)]
    texts = [rows[at][name] for at, name in fields]
    spans = find_many(texts, search.types, search.least)
    replaced = replace_many(texts, spans, replacement, search.replaced, search.least) if search.replaced else []
    in_ids = find_many([str(row["id"]) for row in rows], IN_IDS)
    made = [Looked(row, {}, {}, bool(found)) for row, found in zip(rows, in_ids, strict=True)]
    for number, (at, name) in enumerate(fields):
        made[at].found[name] = spans[number]
        if replaced:
            made[at].replaced[name] = replaced[number]
    return made


def _inside(span: Span, known: Sequence[Span]) -> bool:
    at = bisect_left(known, span.end, key=lambda one: one.start)
    return at > 0 and known[at - 1].end > span.start


def batches(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    """Rows by `size`."""
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
