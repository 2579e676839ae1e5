"""Store: a collection whose sketches are kept on disk, so that records are added, changed and withdrawn without
reading the others again. What is kept is what a search through the resulting collection would keep."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octavo.data.duplicates.census import Roll, gathered
from octavo.data.duplicates.columns import Columns, write_columns
from octavo.data.duplicates.files import Outcome, Outputs, check_alarm, outcome_of
from octavo.data.duplicates.find import Limits, Removals, among
from octavo.data.duplicates.ids import Ids
from octavo.data.duplicates.sketch import Sketching, id_hash, sketch
from octavo.data.duplicates.write import cluster_rows, removed_rows
from octavo.kinds.records import Row, Shard, placed_rows, shards, write_rows
from octavo.spine.disk import remove, write_json
from octavo.spine.errors import WRONG_USE, OctavoError
from octavo.spine.process.lock import held
from octavo.spine.shards import file_state, over_shards

STATE = "state.json"
FORMAT = 1
NEVER = np.int64(-2)
"""`kept_for` of a record that no update has judged yet; -1 is that of a kept one."""


@dataclass(frozen=True)
class Diff:
    """What one update changed: the outcome over the whole collection, and how many records of each sort."""

    outcome: Outcome
    added: int
    changed: int
    unchanged: int
    """Given again with the same text."""
    withdrawn: int
    newly_removed: int
    """Kept before, and now removed for a better or an earlier copy."""
    restored: int
    """Removed before, and kept now that their survivor was withdrawn or changed."""
    unknown: tuple[str, ...]
    """Ids that were to be withdrawn and aren't there."""

    def as_json(self) -> dict[str, Any]:
        """The diff as JSON values."""
        names = ("added", "changed", "unchanged", "withdrawn", "newly_removed", "restored")
        return {
            **self.outcome.as_json(),
            **{name: getattr(self, name) for name in names},
            "unknown": list(self.unknown),
        }


@dataclass
class _Rows:
    """One value a record that the store ever had, in the order in which they came."""

    alive: NDArray[np.bool_]
    ordinal: NDArray[np.int64]
    """Place in the collection; a changed record takes that of its former version."""
    kept_for: NDArray[np.int64]


@dataclass(frozen=True)
class _Part:
    """A piece of the store: records and their sketch."""

    folder: str
    number: int
    first: int
    source: str


class Store:
    """A store in a folder, made at its first update; its limits stay as they were then."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder = folder
        self._limits = limits
        self._parts: list[_Part] = []
        self._version = 0
        self._rows = _Rows(np.zeros(0, bool), np.zeros(0, np.int64), np.zeros(0, np.int64))
        if (folder / STATE).exists():
            self._load()

    def _load(self) -> None:
        state = json.loads((self._folder / STATE).read_text())
        mine = self._limits.as_json()
        if state["limits"] != mine or state["format"] != FORMAT:
            other = [name for name in mine if state["limits"].get(name) != mine[name]]
            was = ", ".join(f"{name} {state['limits'].get(name)}" for name in other) or f"format {state['format']}"
            raise OctavoError(
                "D053",
                f"The store was made with {was}",
                where=str(self._folder),
                do="give the same limits again, or begin another store",
                exit_code=WRONG_USE,
            )
        self._version = state["version"]
        self._parts = [_Part(**part) for part in state["parts"]]
        with Columns(self._folder / f"rows-{self._version:06d}") as columns:
            self._rows = _Rows(columns.read("alive").astype(bool), columns.read("ordinal"), columns.read("kept_for"))

    def update(
        self,
        inputs: Sequence[Path],
        withdraw: Sequence[str],
        outputs: Outputs,
        scratch: Path,
        *,
        changes: Path | None = None,
        alarm: float = 1.0,
        on: str = "processes",
        workers: int = 0,
    ) -> Diff:
        """Add the records of files (those with a known id replace the former version), take out those with the ids
        `withdraw`, and write the resulting collection. A killed update leaves the store as it was."""
        with held(self._folder / "lock", waiting=lambda who: None):
            if (self._folder / STATE).exists():
                self._load()  # another update may have ended meanwhile
            before = len(self._rows.alive)
            self._version += 1
            self._take_in(inputs, scratch, on, workers)
            rows = self._rows
            with Ids(self._sketches(), self._first()) as ids:
                former = self._former(before, ids)
                gone, unknown = self._named(withdraw, ids)
            old = np.array(list(former.values()), np.int64)
            new = np.array(list(former), np.int64)
            rows.alive[old] = False
            rows.ordinal[new] = rows.ordinal[old]
            rows.alive[gone] = False
            was = rows.kept_for.copy()
            was[new] = was[old]
            removals = among(
                self._sketches(), self._limits, scratch / "search", roll=Roll(rows.alive, rows.ordinal), on=on,
                workers=workers,
            )  # fmt: skip
            outcome = replace(outcome_of(self._sketches(), removals), records=int(rows.alive.sum()))
            check_alarm(outcome, alarm)
            rows.kept_for[:] = -1
            rows.kept_for[removals.row] = removals.kept
            sorts = self._sorts(before, former, gone, was)
            self._write(outputs, removals)
            if changes is not None:
                write_rows(changes, self._change_rows(sorts))
            self._commit()
        counts = Counter(sort for sort, _ in sorts)
        sorts_told = ("added", "changed", "unchanged", "withdrawn", "removed", "restored")
        return Diff(outcome, *(counts[sort] for sort in sorts_told), tuple(unknown))

    def _take_in(self, inputs: Sequence[Path], scratch: Path, on: str, workers: int) -> None:
        """Copy the new records into the store and sketch them."""
        if not inputs:
            return
        name = f"part-{self._version:06d}"
        place = self._folder / name
        recipe, told = [file_state(path) for path in inputs], place / "inputs.json"
        with suppress(FileNotFoundError, ValueError):
            if json.loads(told.read_text()) != recipe:
                remove(place)  # a killed update began with other files
        if place.exists() and not told.exists():
            remove(place)
        place.mkdir(parents=True, exist_ok=True)
        write_json(told, recipe)
        found = shards(inputs, scratch / "unpacked")
        tasks = [(shard, place / f"{number:06d}.jsonl") for number, shard in enumerate(found)]
        for shard, target in tasks:
            _copy(shard, target)
        parts = [_Part(name, number, shard.first, shard.source) for number, shard in enumerate(found)]
        bands, rows = self._limits.banding()
        sketching = [Sketching(self._shard(part), self._limits.policy, bands, rows) for part in parts]
        sizes = [one.shard.end for one in sketching]
        over_shards(
            sketch, sketching, place / "sketches", what="read texts", on=on, workers=workers, sizes=sizes, unit="bytes"
        )
        known = len(self._rows.alive)
        self._parts += parts
        count = int(self._first()[-1]) - known
        next_ordinal = int(self._rows.ordinal.max()) + 1 if known else 0
        self._rows.alive = np.concatenate([self._rows.alive, np.ones(count, bool)])
        self._rows.ordinal = np.concatenate([self._rows.ordinal, np.arange(count) + next_ordinal])
        self._rows.kept_for = np.concatenate([self._rows.kept_for, np.full(count, NEVER)])

    def _sketches(self) -> list[Path]:
        return [self._folder / part.folder / "sketches" / f"{part.number:06d}" for part in self._parts]

    def _shard(self, part: _Part) -> Shard:
        path = self._folder / part.folder / f"{part.number:06d}.jsonl"
        return Shard(path, 0, path.stat().st_size, part.first, part.source)

    def _first(self) -> NDArray[np.int64]:
        counts = []
        for path in self._sketches():
            with Columns(path) as columns:
                counts.append(columns.length("digest"))
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    def _former(self, before: int, ids: Ids) -> dict[int, int]:
        """New record → the record that had its id until now."""
        hashes = gathered(self._sketches(), "id hash").astype(np.uint64)
        new = hashes[before:]
        values, counts = np.unique(new, return_counts=True)
        if (counts > 1).any():
            twice = np.flatnonzero(np.isin(new, values[counts > 1]))[:2000] + before
            name, times = Counter(ids.of(twice.tolist()).values()).most_common(1)[0]
            raise OctavoError(
                "D054",
                f'{times} of the new records have the id "{name}"',
                likely="the file was joined from several, or holds the same record twice",
                do="give each record an id of its own: by it a store knows which one changes",
            )
        old = np.flatnonzero(self._rows.alive[:before] & np.isin(hashes[:before], values))
        place = dict(zip(hashes[old].tolist(), old.tolist(), strict=True))
        return {at + before: place[value] for at, value in enumerate(new.tolist()) if value in place}

    def _named(self, names: Sequence[str], ids: Ids) -> tuple[NDArray[np.int64], list[str]]:
        """The records with these ids, and the ids that nobody has."""
        hashes = {id_hash(name.encode("utf-8", "replace")): name for name in names}
        every = gathered(self._sketches(), "id hash").astype(np.uint64)
        rows = np.flatnonzero(self._rows.alive & np.isin(every, np.array(list(hashes), np.uint64)))
        found = ids.of(rows.tolist())
        return rows, sorted(set(names) - set(found.values()))

    def _sorts(
        self, before: int, former: dict[int, int], gone: NDArray[np.int64], was: NDArray[np.int64]
    ) -> list[tuple[str, int]]:
        """(added, changed, unchanged, withdrawn, removed or restored; record), in the order of records for each."""
        rows = self._rows
        now = rows.kept_for
        digests = gathered(self._sketches(), "digest")
        sorts = []
        for row in range(before, len(rows.alive)):
            old = former.get(row)
            again = old is not None and digests[old] == digests[row]
            sorts.append(("added" if old is None else "unchanged" if again else "changed", row))
        sorts += [("withdrawn", row) for row in gone.tolist()]
        sorts += [("removed", row) for row in np.flatnonzero(rows.alive & (was == -1) & (now >= 0)).tolist()]
        sorts += [("restored", row) for row in np.flatnonzero(rows.alive & (was >= 0) & (now == -1)).tolist()]
        return sorts

    def _change_rows(self, sorts: Sequence[tuple[str, int]]) -> Iterator[Row]:
        with Ids(self._sketches(), self._first()) as ids:
            for start in range(0, len(sorts), 10_000):
                some = sorts[start : start + 10_000]
                kept_for = [int(self._rows.kept_for[row]) for _, row in some]
                names = ids.of([*(row for _, row in some), *(row for row in kept_for if row >= 0)])
                for (sort, row), kept in zip(some, kept_for, strict=True):
                    yield {"id": names[row], "change": sort, "kept": names[kept] if kept >= 0 else None}

    def _write(self, outputs: Outputs, removals: Removals) -> None:
        sketches = self._sketches()
        parts = [self._shard(part) for part in self._parts]
        if outputs.clusters is not None:
            write_rows(outputs.clusters, cluster_rows(sketches, removals))
        if outputs.removed is not None:
            write_rows(outputs.removed, removed_rows(parts, sketches, removals, self._rows.ordinal))
        if outputs.kept is not None:
            kept = np.flatnonzero(self._rows.alive & (self._rows.kept_for < 0))
            in_order = kept[np.argsort(self._rows.ordinal[kept], kind="stable")]
            write_rows(outputs.kept, _records(parts, sketches, removals.first, in_order))

    def _commit(self) -> None:
        """Make the update count: all is on disk before the one file that names it is replaced."""
        rows = self._rows
        target = self._folder / f"rows-{self._version:06d}"
        write_columns(
            target, {"alive": rows.alive.astype(np.uint8), "ordinal": rows.ordinal, "kept_for": rows.kept_for}
        )
        parts = [vars(part) for part in self._parts]
        state = {"format": FORMAT, "version": self._version, "limits": self._limits.as_json(), "parts": parts}
        write_json(self._folder / STATE, state)
        named = {part.folder for part in self._parts} | {target.name, STATE, "lock"}
        for path in self._folder.iterdir():
            if path.name not in named:
                remove(path)


def _copy(shard: Shard, target: Path) -> None:
    with shard.path.open("rb") as source, target.open("wb") as out:
        source.seek(shard.start)
        left = shard.end - shard.start
        while left > 0 and (block := source.read(min(left, 2**20))):
            out.write(block)
            left -= len(block)


def _records(
    parts: Sequence[Shard], sketches: Sequence[Path], first: NDArray[np.int64], rows: NDArray[np.int64]
) -> Iterator[Row]:
    """The records at these places, in this order."""
    which = np.searchsorted(first, rows, "right") - 1
    starts: dict[int, NDArray[np.int64]] = {}
    with Ids(sketches, first) as ids:
        for begin in range(0, len(rows), 4096):
            some = rows[begin : begin + 4096].tolist()
            names = ids.of(some)
            for row, number in zip(some, which[begin : begin + 4096].tolist(), strict=True):
                if number not in starts:
                    if len(starts) >= 64:
                        starts.clear()
                    with Columns(sketches[number]) as columns:
                        starts[number] = columns.read("start")
                start = int(starts[number][row - int(first[number])])
                record = next(placed_rows(replace(parts[number], start=start, end=start + 1), []))[2]
                yield {**record, "id": names[row]}
