"""Calibrate: plants edited copies in the user's own text and counts which are found, before anything is removed."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from octavo.data.duplicates.census import gathered
from octavo.data.duplicates.columns import Columns
from octavo.data.duplicates.find import Limits, Removals, among, find_duplicates, sketch_all
from octavo.data.duplicates.ids import Ids
from octavo.data.edits import units, ways
from octavo.kinds.records import Row, Shard, encode_row, placed_rows, read_rows, shards
from octavo.measures.intervals import wilson
from octavo.spine.errors import OctavoError
from octavo.spine.progress import progress
from octavo.spine.shards import over_shards

SAMPLE = 2000
"""Records of the user's, without duplicates, among which copies are planted."""
PLANTED = 300
"""Copies planted at once."""
SEEDS = (1, 2, 3)
THRESHOLDS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
AGAIN = ("5% of the words", "10% of the words")
"""What is planted once more at each threshold."""
FEWEST_WORDS = 8
SHOWN = 5


@dataclass(frozen=True)
class Planting:
    """One trial: copies edited in one way, planted with one seed, searched for within some limits."""

    sample: Path
    way: str
    seed: int
    limits: Limits


def calibrate(
    inputs: Sequence[Path], limits: Limits, scratch: Path, *, on: str = "processes", workers: int = 0
) -> dict[str, Any]:
    """Measure on the records of files, with planted copies: recall by way of editing, verified precision (planted
    pairs among all pairs found), both with Wilson intervals; the same at other thresholds; what would be removed."""
    parts = shards(inputs, scratch / "unpacked")
    wide = replace(limits, buckets=THRESHOLDS[0])
    sketches = sketch_all(parts, wide, scratch, on=on, workers=workers)
    removals = among(sketches, wide, scratch / "own", on=on, workers=workers)
    sample = scratch / "sample.jsonl"
    planted_from = _sample(parts, sketches, removals, sample)
    tasks = [Planting(sample, way, seed, limits) for way in ways() for seed in SEEDS]
    others = [replace(limits, near=near) for near in THRESHOLDS]
    tasks += [Planting(sample, way, seed, other) for other in others for way in AGAIN for seed in SEEDS]
    targets = over_shards(plant, tasks, scratch / "trials", what="plant copies", on=on, workers=workers)
    found = [json.loads(target.read_text()) for target in targets]
    mine = len(ways()) * len(SEEDS)
    bar = progress("try thresholds", len(others), "thresholds")
    thresholds = []
    for number, other in enumerate(others):
        would = among(
            sketches, replace(other, buckets=THRESHOLDS[0]), scratch / f"at {other.near}", on=on, workers=workers
        )
        rows = {}
        for at, way in enumerate(AGAIN):
            begin = mine + (number * len(AGAIN) + at) * len(SEEDS)
            rows[way] = _shares(found[begin : begin + len(SEEDS)])
        thresholds.append({"near": other.near, "would_remove": len(would), "by_edit": rows})
        bar.advance()
    by_way = {way: _shares(found[at * 3 : at * 3 + 3]) for at, way in enumerate(ways())}
    return {
        "records": removals.records,
        "sample": planted_from,
        "would_remove": removals.counts(),
        "share": round(len(removals) / max(1, removals.records), 4),
        "by_edit": by_way,
        "precision": _precision(found[:mine]),
        "thresholds": thresholds,
        "advice": _advice(limits, by_way, thresholds),
        "least_similar": _least_similar(parts, sketches, removals),
    }


def _sample(parts: Sequence[Shard], sketches: Sequence[Path], removals: Removals, target: Path) -> dict[str, int]:
    """Write some kept records with enough words, the same for the same input; how many, and how long they are."""
    gone = np.zeros(removals.records, bool)
    gone[removals.row] = True
    enough = gathered(sketches, "size") >= FEWEST_WORDS
    fit = np.flatnonzero(~gone & enough)
    if len(fit) < 2:
        raise OctavoError(
            "D052",
            f"Only {len(fit)} of {removals.records:,} records can be edited",
            likely=f"the others have fewer than {FEWEST_WORDS} words, or repeat each other",
            do="calibrate on more text",
        )
    random_order = np.random.Generator(np.random.PCG64(7)).permutation(len(fit))[:SAMPLE]
    wanted = np.sort(fit[random_order])
    lengths = []
    with target.open("wb") as out:
        for row in rows_at(parts, sketches, removals, wanted.tolist()):
            out.write(encode_row({"id": row["id"], "text": row["text"]}))
            lengths.append(len(units(row["text"])))
    return {"records": len(wanted), "median_words": int(np.median(lengths))}


def rows_at(
    parts: Sequence[Shard], sketches: Sequence[Path], removals: Removals, wanted: Sequence[int]
) -> Iterator[Row]:
    """The records at these places, in rising order."""
    which = np.searchsorted(removals.first, wanted, "right") - 1
    for number in np.unique(which).tolist():
        with Columns(sketches[number]) as columns:
            starts = columns.read("start")
        for place in np.asarray(wanted)[which == number].tolist():
            start = int(starts[place - int(removals.first[number])])
            one = replace(parts[number], start=start, end=start + 1)
            yield next(row for _, _, row in placed_rows(one, []))


def plant(task: Planting, target: Path) -> None:
    """Plant copies in the sample, search, and write how many were found and how many pairs were wrong."""
    rows = list(read_rows(task.sample))
    rng = random.Random(f"{task.way} {task.seed}")  # noqa: S311
    words = [word.strip() for row in rows[:500] for word in units(row["text"])[:200] if word.strip()]
    places = list(range(len(rows)))
    random.Random(task.seed).shuffle(places)  # noqa: S311
    places = places[:PLANTED]
    edit = ways()[task.way]
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        path = Path(folder) / "planted.jsonl"
        with path.open("wb") as out:
            for row in rows:
                out.write(encode_row(row))
            for place in places:
                out.write(encode_row({"id": f"copy of {place}", "text": edit(rows[place]["text"], words, rng)}))
        removals = find_duplicates(shards([path], Path(folder)), task.limits, Path(folder) / "work", on="serial")
    copies = {len(rows) + number: place for number, place in enumerate(places)}
    right = sum(copies.get(row) == kept or copies.get(kept) == row for row, kept, _, _ in removals)
    said = {"planted": len(places), "found": right, "wrong": len(removals) - right}
    target.write_text(json.dumps(said))


def _shares(trials: Sequence[dict[str, int]]) -> dict[str, Any]:
    planted, found = sum(one["planted"] for one in trials), sum(one["found"] for one in trials)
    interval = wilson(found, planted)
    recall = {"recall": round(found / planted, 4), "low": round(interval.low, 4), "high": round(interval.high, 4)}
    by_seed = [round(one["found"] / one["planted"], 4) for one in trials]
    return {**recall, "planted": planted, "by_seed": by_seed, "precision": _precision(trials)}


def _precision(trials: Sequence[dict[str, int]]) -> dict[str, Any] | None:
    """Planted pairs among all pairs found; None where none was found."""
    right, wrong = sum(one["found"] for one in trials), sum(one["wrong"] for one in trials)
    if right + wrong == 0:
        return None
    interval = wilson(right, right + wrong)
    share = round(right / (right + wrong), 4)
    return {"precision": share, "low": round(interval.low, 4), "high": round(interval.high, 4), "pairs": right + wrong}


def _advice(limits: Limits, by_way: dict[str, Any], thresholds: Sequence[dict[str, Any]]) -> str:
    five, ten = (by_way[way]["recall"] for way in AGAIN)
    here = f"--near {limits.near:g} finds {five:.0%} of the copies with 5 % of the words edited, {ten:.0%} with 10 %"
    enough = [
        one["near"]
        for one in thresholds
        if one["by_edit"][AGAIN[0]]["recall"] >= 0.95
        and one["by_edit"][AGAIN[1]]["recall"] >= 0.9
        and one["by_edit"][AGAIN[1]]["precision"]["precision"] >= 0.99
    ]
    if not enough:
        return f"{here}; no threshold finds 95 % and 90 % of them with 99 % of the pairs right: look at the table"
    return f"{here}; the strictest that finds 95 % and 90 % with 99 % of the pairs right is --near {max(enough):g}"


def _least_similar(parts: Sequence[Shard], sketches: Sequence[Path], removals: Removals) -> list[Row]:
    """The removals that are least sure, with the beginnings of both texts, for people to look at."""
    order = np.argsort(removals.similarity, kind="stable")[:SHOWN].tolist()
    shown = []
    with Ids(sketches, removals.first) as ids:
        for at in order:
            pair = [int(removals.row[at]), int(removals.kept[at])]
            names = ids.of(pair)
            texts = {one: row["text"][:100] for one in pair for row in rows_at(parts, sketches, removals, [one])}
            shown.append(
                {
                    "id": names[pair[0]],
                    "kept": names[pair[1]],
                    "similarity": round(float(removals.similarity[at]), 4),
                    "text": texts[pair[0]],
                    "kept_text": texts[pair[1]],
                }
            )
    return shown
