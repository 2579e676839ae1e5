"""Files: the search over whole files of records, part by part on any executor, and what is written of it."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from octavo.data.contamination.index import EXACT_WORDS, FUZZY_WORDS, Index, build_index, load_index
from octavo.data.contamination.items import Item, read_items
from octavo.data.contamination.search import Hit, search, search_exact
from octavo.kinds.documents import held_out
from octavo.kinds.records import Bad, Row, Shard, encode_row, join_rows, read_shard, shards
from octavo.spine.shards import over_shards

THRESHOLD = 0.6
"""Weighted share of an item's words from which a text contains it: edited copies score about one minus the edits."""
_BATCH = 2**19
"""Characters that are searched at once."""


@dataclass(frozen=True)
class Part:
    """One part of the training side, and what it is searched for."""

    shard: Shard
    index: Path
    threshold: float
    skip_held_out: bool = False


@dataclass(frozen=True)
class Contamination:
    """What a search found: files of rows, one for each shard, and the counts."""

    shards: list[Shard]
    parts: list[Path]
    documents: int
    contaminated: int
    found: set[str]
    """Ids of the items that were found."""
    items: int
    short: list[str] = field(default_factory=list)
    """Ids of items that are too short to be told from chance; nothing is claimed about them."""
    bad: list[Bad] = field(default_factory=list)

    def hits(self) -> Iterator[Row]:
        """`{"train_id", "eval_id", "score", "start", "end"}` in the order of the training texts."""
        for part in self.parts:
            for row in _lines(part):
                if "train_id" in row:
                    del row["at"]
                    yield row


def search_files(
    train: Sequence[Path],
    against: Sequence[Path],
    scratch: Path,
    *,
    mode: str = "fuzzy",
    threshold: float = THRESHOLD,
    on: str = "processes",
    workers: int = 0,
) -> Contamination:
    """Search the records of `train` for the evaluation items of `against`.

    `mode` "fuzzy" compares words in order and stands edits; "ngram" takes any 13 words in a row for a hit, as GPT-3's
    decontamination and lm-eval's janitor. Time is linear in `train`; memory holds the items only.
    """
    bad: list[Bad] = []
    found = search_items(
        shards(train, scratch),
        read_items(against, bad),
        scratch,
        mode=mode,
        threshold=threshold,
        on=on,
        workers=workers,
    )
    found.bad[:0] = bad
    return found


def search_items(
    parts: list[Shard],
    items: Iterable[Item],
    scratch: Path,
    *,
    mode: str = "fuzzy",
    threshold: float = THRESHOLD,
    skip_held_out: bool = False,
    on: str = "processes",
    workers: int = 0,
) -> Contamination:
    """Search the records of the shards for `items`; `scratch` belongs to this one search."""
    folder = scratch / "index"
    if not (folder / "about.json").exists():
        build_index(items, FUZZY_WORDS if mode == "fuzzy" else EXACT_WORDS).save(folder)
    tasks = [Part(shard, folder, threshold, skip_held_out) for shard in parts]
    sizes = [shard.end - shard.start for shard in parts]
    made = over_shards(
        search_part, tasks, scratch / "hits", what="search", on=on, workers=workers, sizes=sizes, unit="bytes"
    )
    index = load_index(folder)
    result = Contamination(parts, made, 0, 0, set(), len(index.ids) + len(index.short), index.short)
    documents = contaminated = 0
    for part in made:
        for row in _lines(part):
            if "eval_id" in row:
                result.found.add(row["eval_id"])
            else:
                documents += row["documents"]
                contaminated += row["contaminated"]
                result.bad.extend(Bad(**one) for one in row["bad"])
    return Contamination(parts, made, documents, contaminated, result.found, result.items, result.short, result.bad)


def search_part(task: Part, target: Path) -> None:
    """Write the hits of one shard, each with the number `at` of its record among those of the shard, and the counts."""
    index = _index(task.index)
    bad: list[Bad] = []
    documents, contaminated = 0, set()
    with target.open("wb") as out:
        for first, rows in _batches(read_shard(task.shard, bad), task.skip_held_out):
            texts = [row["text"] for _, row in rows]
            exact = index.n == EXACT_WORDS
            hits: list[Hit] = search_exact(index, texts) if exact else search(index, texts, task.threshold)
            for hit in hits:
                at, row = rows[hit.text]
                contaminated.add(at)
                found = {"train_id": row["id"], "eval_id": index.ids[hit.item], "score": round(hit.score, 4)}
                out.write(encode_row({**found, "start": hit.start, "end": hit.end, "at": at}))
            documents = first + len(rows)
        counts = {"documents": documents, "contaminated": len(contaminated), "bad": [vars(one) for one in bad]}
        out.write(encode_row(counts))


def clean_files(found: Contamination, scratch: Path, target: Path, *, cut: bool, on: str, workers: int) -> int:
    """Write the training records without the contaminated ones, or (`cut`) without the passages that are items; how
    many records are left out."""
    tasks = list(zip(found.shards, found.parts, [cut] * len(found.parts), strict=True))
    sizes = [shard.end - shard.start for shard in found.shards]
    folder = scratch / ("cut" if cut else "clean")
    parts = over_shards(clean_part, tasks, folder, what="clean", on=on, workers=workers, sizes=sizes, unit="bytes")
    join_rows(target, parts)
    return found.documents - sum(_count(part) for part in parts)


def clean_part(task: tuple[Shard, Path, bool], target: Path) -> None:
    """Write what is left of one shard."""
    shard, part, cut = task
    spans: dict[int, list[tuple[int, int]]] = {}
    for row in _lines(part):
        if "at" in row:
            spans.setdefault(row["at"], []).append((row["start"], row["end"]))
    with target.open("wb") as out:
        for at, row in enumerate(read_shard(shard, [])):
            if at in spans:
                if not cut:
                    continue
                row["text"] = without(row["text"], spans[at])
                if not row["text"].strip():
                    continue
            out.write(encode_row(row))


def without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text without the spans [start, end), which may overlap."""
    pieces, at = [], 0
    for start, end in sorted(spans):
        pieces.append(text[at : max(at, start)])
        at = max(at, end)
    return "".join([*pieces, text[at:]])


def _batches(rows: Iterable[Row], skip_held_out: bool) -> Iterator[tuple[int, list[tuple[int, Row]]]]:
    """(how many records came before, [(number of the record, record)…])."""
    batch: list[tuple[int, Row]] = []
    size = before = 0
    for at, row in enumerate(rows):
        if skip_held_out and held_out(row["id"]):
            continue
        batch.append((at, row))
        size += len(row["text"])
        if size >= _BATCH:
            yield before, batch
            before, batch, size = before + len(batch), [], 0
    if batch:
        yield before, batch


@functools.lru_cache(maxsize=2)
def _index(folder: Path) -> Index:
    return load_index(folder)


def _count(part: Path) -> int:
    with part.open("rb") as lines:
        return sum(1 for _ in lines)


def _lines(part: Path) -> Iterator[dict[str, Any]]:
    with part.open("rb") as lines:
        for line in lines:
            yield json.loads(line)
