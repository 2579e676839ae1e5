"""Find: which records repeat one that is kept, exactly or nearly: MinHash buckets, then the exact similarity."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octavo.data.duplicates.buckets import bucketings, pair_up
from octavo.data.duplicates.census import Census, Roll, take
from octavo.data.duplicates.columns import Columns
from octavo.data.duplicates.minhash import bands_for
from octavo.data.duplicates.sketch import Sketching, sketch
from octavo.data.duplicates.template import Judging, judge, remember_thirds
from octavo.data.duplicates.verify import Needed, verify, verifyings
from octavo.kinds.records import Shard
from octavo.spine.shards import over_shards

KINDS = ("exact", "near", "line", "substring", "semantic")
"""What a record can be a duplicate by; the numbers of `Removals.kind` count into this."""


@dataclass(frozen=True)
class Limits:
    """What counts as a duplicate, and which copy is kept."""

    kinds: tuple[str, ...] = ("exact", "near")
    near: float = 0.5
    """Jaccard similarity of word triples from which two texts are near duplicates."""
    near_short: float = 0.8
    """The same for texts of up to some twenty words, which often share their wording without being copies."""
    near_templated: float = 0.9
    """The same between filled-in forms of one template, which differ in what is their own; see `template.py`."""
    near_renamed: float = 0.0
    """At least this much between documented objects with different last names."""
    distinct_below: int = 0
    """Characters; shorter texts are compared for equality only, those of objects with different last names not at
    all."""
    policy: str = "longest"
    buckets: float = 0.0
    """The similarity that buckets are made for where that is less than `near`: for trying several thresholds on the
    same sketches."""

    def banding(self) -> tuple[int, int]:
        """(bands, rows) of the sketches; none where only exact duplicates are looked for."""
        if "near" not in self.kinds or self.near >= 1:
            return 0, 0
        return bands_for(min(self.near, self.buckets or self.near))

    def as_json(self) -> dict[str, Any]:
        """The limits as JSON values."""
        return {**asdict(self), "kinds": list(self.kinds)}


@dataclass(frozen=True)
class Removals:
    """Who goes and for whom: one value a removed record, in the order of the records; rows count from 0 over all
    shards, without those that are no records."""

    row: NDArray[np.int64]
    kept: NDArray[np.int64]
    kind: NDArray[np.uint8]
    similarity: NDArray[np.float32]
    first: NDArray[np.int64]
    """Row of the first record of each shard, and behind the last how many records there are."""

    @property
    def records(self) -> int:
        """How many records there were."""
        return int(self.first[-1])

    def __len__(self) -> int:
        return len(self.row)

    def __iter__(self) -> Iterator[tuple[int, int, str, float]]:
        """(row, row of the one kept, kind, similarity) of each removed record."""
        for start in range(0, len(self.row), 65536):
            part = slice(start, start + 65536)
            similar = np.round(self.similarity[part].astype(np.float64), 4).tolist()
            kinds = self.kind[part].tolist()
            for row, kept, kind, value in zip(self.row[part].tolist(), self.kept[part].tolist(), kinds, similar):
                yield row, kept, KINDS[kind], value

    def counts(self) -> dict[str, int]:
        """Kind → how many records were removed by it."""
        found = np.bincount(self.kind, minlength=len(KINDS)).tolist()
        return {name: count for name, count in zip(KINDS, found) if count}

    def biggest(self) -> tuple[int, int]:
        """(row of the kept record, how many repeat it) of the biggest cluster; (-1, 0) if there is none."""
        if not len(self.kept):
            return -1, 0
        rows, counts = np.unique(self.kept, return_counts=True)
        at = int(np.argmax(counts))
        return int(rows[at]), int(counts[at])


def find_duplicates(
    shards: Sequence[Shard], limits: Limits, scratch: Path, *, on: str = "processes", workers: int = 0
) -> Removals:
    """Find the exact and near duplicates among the records of all shards.

    Memory holds some tens of bytes a record; `scratch` (about as large as the texts) survives a kill, and the same
    call goes on with it. A record goes only if it is verified similar to one that is kept: there are no chains.
    """
    sketches = sketch_all(shards, limits, scratch, on=on, workers=workers)
    return among(sketches, limits, scratch, on=on, workers=workers)


def sketch_all(
    shards: Sequence[Shard], limits: Limits, scratch: Path, *, on: str = "processes", workers: int = 0
) -> list[Path]:
    """The sketches of all shards, in `scratch`."""
    bands, rows = limits.banding()
    tasks = [Sketching(shard, limits.policy, bands, rows) for shard in shards]
    sizes = [shard.end - shard.start for shard in shards]
    return over_shards(
        sketch, tasks, scratch / "sketches", what="read texts", on=on, workers=workers, sizes=sizes, unit="bytes"
    )


def among(
    sketches: Sequence[Path],
    limits: Limits,
    scratch: Path,
    *,
    roll: Roll | None = None,
    on: str = "processes",
    workers: int = 0,
) -> Removals:
    """Find the duplicates among records that are sketched, all or those that `roll` calls."""
    census_path = scratch / "census"
    scratch.mkdir(parents=True, exist_ok=True)
    census = take(sketches, limits.distinct_below, census_path, roll)
    edges: list[Path] = []
    bands, _ = limits.banding()
    if bands and len(census.order):
        needed = Needed(limits.near, max(limits.near, limits.near_short), limits.near_renamed)
        pairing = bucketings(sketches, census_path, bands, int(census.first[-1]))
        pairs = _over(pair_up, pairing, scratch / "pairs", "fill buckets", on, workers)
        checking = verifyings(pairs, sketches, census_path, needed)
        edges = _over(verify, checking, scratch / "edges", "compare texts", on, workers)
        thirds = scratch / "thirds"
        remember_thirds(edges, int(census.first[-1]), thirds)
        judging = [Judging(path, thirds, tuple(sketches), census_path, limits.near_templated) for path in edges]
        edges = _over(judge, judging, scratch / "judged", "tell forms", on, workers)
    return _decided(census, edges, "exact" in limits.kinds)


def _over(
    work: Callable[[Any, Path], None], tasks: Sequence[Any], folder: Path, what: str, on: str, workers: int
) -> list[Path]:
    """The tasks on an executor; a single one isn't worth starting any."""
    return over_shards(work, tasks, folder, what=what, on="serial" if len(tasks) < 2 else on, workers=workers)


def _decided(census: Census, edges: Iterable[Path], by_name: bool) -> Removals:
    """Go through the records in order of survival: each that resembles an earlier one which is kept goes for the most
    similar of those."""
    count = int(census.first[-1])
    kept_for = np.full(count, -1, np.int64)
    similarity = np.zeros(count, np.float32)
    gone = bytearray(count)
    for path in edges:
        with Columns(path) as columns:
            later, earlier, alike = (columns.read(name).tolist() for name in ("later", "earlier", "similarity"))
        best, place, value = -1, -1, 0.0
        removed: list[tuple[int, int, float]] = []
        for one, other, found in zip([*later, -1], [*earlier, -1], [*alike, 0.0]):
            if one != place:
                if best >= 0:
                    gone[place] = 1
                    removed.append((place, best, value))
                best, place, value = -1, one, 0.0
            if one >= 0 and not gone[other] and found > value:
                best, value = other, found
        if removed:
            rows, others, values = zip(*removed)
            at = census.order[np.array(rows)]
            kept_for[at] = census.order[np.array(others)]
            similarity[at] = values
    kind = np.full(count, KINDS.index("near"), np.uint8)
    heads = census.exact_of
    followed = kept_for[heads] >= 0
    kept_for[census.exact] = np.where(followed, kept_for[heads], heads)
    similarity[census.exact] = np.where(followed, similarity[heads], 1.0)
    if by_name:
        kind[census.exact[~followed]] = KINDS.index("exact")
    row = np.flatnonzero(kept_for >= 0)
    return Removals(row, kept_for[row], kind[row], similarity[row], census.first)
