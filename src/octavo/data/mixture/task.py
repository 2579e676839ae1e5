"""Mixing files of records: measure the domains, decide the weights, draw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from octavo.data.mixture.draw import Drawing, add_up, draw, epochs_of, measure
from octavo.data.mixture.weights import Mixture, by_temperature, given_weights
from octavo.kinds.records import Row, Shard, check_outputs, join_rows, read_shard, shards
from octavo.spine.errors import WRONG_USE, OctavoError, nearest
from octavo.spine.shards import file_state, kept_scratch, over_shards

PROXY_BYTES = 4_000_000
"""Most bytes of a domain that small models read."""


@dataclass(frozen=True)
class Wanted:
    """What the user asked for; see `octavo data mix --help`."""

    by: str = "domain"
    temperature: float = 1.0
    weights: Mapping[str, float] | None = None
    search: str | None = None
    target: str = ""
    runs: int = 16
    steps: int = 200
    seeds: int = 3
    budget: int = 0
    epochs: float = 4.0
    seed: int = 0


def mix(inputs: Sequence[Path], out: Path | None, wanted: Wanted, *, on: str, workers: int) -> dict[str, Any]:
    """Weigh and, with `out`, draw; what was decided as a JSON document."""
    check_outputs([out], inputs)
    recipe = {"inputs": [file_state(path) for path in inputs], "wanted": asdict(wanted), "out": out is not None}
    with kept_scratch(out, recipe) as scratch:
        parts = shards(inputs, scratch / "unpacked")
        sizes_of = [float(part.end - part.start) for part in parts]
        tasks = [(part, wanted.by) for part in parts]
        measured = over_shards(
            measure,
            tasks,
            scratch / "sizes",
            what="measure domains",
            on=on,
            workers=workers,
            sizes=sizes_of,
            unit="bytes",
        )
        sizes, counts, bad = add_up(measured)
        made: dict[str, Any] = {}
        if wanted.search:
            mixture, made["search"] = _searched(parts, sizes, wanted, scratch, on, workers)
        elif wanted.weights is not None:
            mixture = given_weights(sizes, wanted.weights, budget=wanted.budget, most=wanted.epochs)
        else:
            mixture = by_temperature(sizes, wanted.temperature, budget=wanted.budget, most=wanted.epochs)
        made |= {"by": wanted.by, "how": mixture.how, "bytes": mixture.budget, "records": 0}
        made["domains"] = [{**row, "records": counts[str(row["domain"])]} for row in mixture.rows()]
        made["bad"] = [asdict(one) for one in bad]
        if found := made.get("search"):
            intervals = found.pop("intervals")
            for row in made["domains"]:
                row |= intervals.get(row["domain"], {})
        if out is not None:
            drawings = [Drawing(part, wanted.by, epochs_of(mixture), wanted.seed) for part in parts]
            drawn = over_shards(
                draw, drawings, scratch / "drawn", what="draw", on=on, workers=workers, sizes=sizes_of, unit="bytes"
            )
            join_rows(out, drawn)
            made["records"] = sum(_lines(part) for part in drawn)
        return made


def _lines(path: Path) -> int:
    with path.open("rb") as rows:
        return sum(block.count(b"\n") for block in iter(lambda: rows.read(2**20), b""))


def _searched(
    parts: Sequence[Shard], sizes: Mapping[str, int], wanted: Wanted, scratch: Path, on: str, workers: int
) -> tuple[Mixture, dict[str, Any]]:
    """The mixture that a search found. Domains with too little text to measure keep their natural share."""
    from octavo.data.mixture.proxy import Course, write_streams
    from octavo.data.mixture.search import search

    if wanted.target and wanted.target not in sizes:
        raise OctavoError(
            "D101",
            f'There is no domain "{wanted.target}" in the records{nearest(wanted.target, sizes)}',
            do=f"the domains are: {', '.join(sorted(sizes)[:12])}",
            exit_code=WRONG_USE,
        )
    streams = scratch / "streams"
    kept = write_streams(_rows(parts), wanted.by, sizes, streams, PROXY_BYTES)
    if wanted.target and wanted.target not in kept:
        raise OctavoError(
            "D103", f'"{wanted.target}" has too little text to measure a loss on', do="give more records of it"
        )
    course = Course(wanted.runs, wanted.steps, wanted.seeds, wanted.target, str(wanted.search), wanted.seed)
    total, of_kept = sum(sizes.values()), sum(sizes[domain] for domain in kept)
    budget = round((wanted.budget or total) * of_kept / total)
    found = search(
        streams,
        [sizes[domain] for domain in kept],
        course,
        scratch / "proxies",
        budget=budget,
        most=wanted.epochs,
        on=on,
        workers=workers,
    )
    share = of_kept / total
    weights = {domain: size / total for domain, size in sizes.items()}
    weights |= {domain: weight * share for domain, weight in zip(kept, found.weights, strict=True)}
    mixture = given_weights(sizes, weights, budget=wanted.budget, most=wanted.epochs)
    intervals = {
        domain: {"low": low * share, "high": high * share}
        for domain, (low, high) in zip(kept, found.intervals, strict=True)
    }
    named = Mixture(mixture.domains, mixture.sizes, mixture.weights, mixture.budget, f"found by {wanted.search}")
    left_out = sorted(set(sizes) - set(kept))
    return named, {**found.as_json(), "intervals": intervals, "too_small_to_search": left_out}


def _rows(parts: Sequence[Shard]) -> Iterator[Row]:
    for part in parts:
        yield from read_shard(part, [], conversations=True)
