"""Files: link two files of records into a file of links, as far as it is new, and count what happened."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from octavo.kinds.records import open_packed, write_rows
from octavo.knowledge.entities.attributes.alike import are_plain
from octavo.knowledge.entities.choice.decide import shipped, suited
from octavo.knowledge.entities.clusters import clusters
from octavo.knowledge.entities.ledger import Ledger, Lines, digest_of, remembered
from octavo.knowledge.entities.link import Judged, Link, Pair, Prepared, link, prepare
from octavo.knowledge.entities.record import Record, Rejected, ids_in, read_records
from octavo.knowledge.entities.right import RightSide
from octavo.spine.errors import WRONG_USE, OctavoError

COMPANY = 500
"""Earlier left records that new ones are weighed among, where weights are learnt from the records themselves."""
READING = b"2"
"""Changes whenever the same row is read as another record, so that no earlier reading is used."""


@dataclass(frozen=True)
class Wanted:
    """How two files are to be linked."""

    method: str = "fused"
    blind: bool = False
    candidates: int = 50
    threshold: float | None = None
    pairs: Path | None = None
    """Known counterparts to fit the weights to: rows {"left", "right"}."""
    model: str = ""
    """Name of the judge of the method `model`."""
    clusters: Path | None = None
    rejected: Path | None = None


@dataclass(frozen=True)
class Outcome:
    """What linking two files came to."""

    left: int
    right: int
    decided: int
    """Left records that were decided now; the links of the others stood."""
    same: int
    related: int
    none: int
    weights: str
    """Which weights decided: shipped, fitted, unsupervised or the model's own judgement."""
    rejected: tuple[Rejected, ...]

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        reasons = Counter(row.reason for row in self.rejected)
        told = {key: getattr(self, key) for key in ("left", "right", "decided", "same", "related", "none", "weights")}
        return {**told, "rejected": dict(sorted(reasons.items()))}


def link_files(left: Path, right: Path, out: Path, wanted: Wanted, judge: Judged | None = None) -> Outcome:
    """Link LEFT to RIGHT into `out`; the state of it lies in the folder `<out>.state` beside.

    When both are one file, its records are linked to each other, none to itself.
    """
    ledger = Ledger(out)
    try:
        return _linked(ledger, left, right, wanted, judge)
    except sqlite3.OperationalError as error:
        raise OctavoError(
            "K053",
            f"The state of earlier links cannot be used: {error}",
            where=str(ledger.folder),
            likely="another run is linking into the same file" if "locked" in str(error) else "the disk refused",
            do="wait until it has ended, then run the same command again",
        ) from None
    finally:
        ledger.close()


def _linked(ledger: Ledger, left: Path, right: Path, wanted: Wanted, judge: Judged | None) -> Outcome:
    known = ids_in(left) | ids_in(right) if wanted.blind else set()
    key = digest_of(READING, b"blind" if wanted.blind else b"", *(value.encode() for value in sorted(known)))
    pairs = None if wanted.pairs is None else read_pairs(wanted.pairs)
    settings = {
        "method": wanted.method, "candidates": wanted.candidates, "threshold": wanted.threshold, "model": wanted.model,
        "read": key.hex(), "pairs": None if pairs is None else digest_of(repr(sorted(pairs)).encode()).hex(),
    }  # fmt: skip
    if own := left.samefile(right):
        settings["own"] = True
    ledger.begin(settings)
    rejected: list[Rejected] = []
    records, digests = [], []
    for path in (left, right):
        lines = Lines(ledger, key)
        records.append(read_records(path, blind=wanted.blind, known=known, rejected=rejected, kept=lines))
        lines.done()
        digests.append({record.id: lines.digests.get(record.id) or _digest(record) for record in records[-1]})
    order = [[digest[record.id] for record in side] for digest, side in zip(digests, records, strict=True)]
    round_ = ledger.due(records[0], records[1], order[0], order[1])
    never = ledger.never() | ({(record.id, record.id) for record in records[0]} if own else set())
    new = {records[0][number].id for number in round_.todo}
    usable = wanted.method in shipped() and suited(records[0], records[1])
    weights = "fitted" if pairs is not None else "shipped" if usable else "unsupervised"
    among = () if wanted.method == "model" or weights != "unsupervised" else _company(len(records[0]), round_.todo)
    todo = [records[0][number] for number in sorted((*round_.todo, *among))] if new else []
    made: list[tuple[Link, bytes, float]] = []
    if todo:
        kept = RightSide(ledger.folder, digest_of(key, *order[1]))
        ready = prepare(todo, records[1], wanted.candidates, kept, are_plain(records[0], records[1]))
        asked = None if judge is None else remembered(ledger, judge, wanted.model, digests)
        found = link(todo, records[1], wanted.method, prepared=ready, pairs=pairs, never=never,
                     judge=asked, threshold=wanted.threshold)  # fmt: skip
        made = [(one, digests[0][one.left], best) for one, best in zip(found, _best(ready), strict=True)
                if one.left in new]  # fmt: skip
    ledger.commit(made, records[0], records[1], order[1])
    rows = ledger.rows()
    if wanted.rejected is not None:
        write_rows(wanted.rejected, (vars(row) for row in rejected))
    if wanted.clusters is not None:
        write_rows(wanted.clusters, clusters(rows, records[0], records[1]))
    counts = Counter(row["decision"] for row in rows)
    return Outcome(len(records[0]), len(records[1]), len(new), counts["same"], counts["related"], counts["none"],
                   wanted.model if wanted.method == "model" else weights, tuple(rejected))  # fmt: skip


def _company(count: int, todo: Sequence[int]) -> tuple[int, ...]:
    """Left records that are looked at again, so that weights are never learnt from a few new ones alone."""
    others = sorted(set(range(count)) - set(todo))
    return tuple(others[:: max(1, -(-len(others) // COMPANY))])


def _best(ready: Prepared) -> Iterator[float]:
    """Score of the first candidate of each left record; 0 where there is none."""
    for number in range(len(ready.left)):
        part = ready.candidates.of(number)
        yield float(ready.candidates.score[part.start]) if part.stop > part.start else 0.0


def _digest(record: Record) -> bytes:
    return digest_of(repr(record).encode())


def read_pairs(path: Path) -> set[Pair]:
    """Known counterparts: rows {"left", "right"}; a row without both raises K055."""
    found: set[Pair] = set()
    with open_packed(path) as lines:
        for number, line in enumerate(lines, 1):
            if line.isspace():
                continue
            try:
                row = json.loads(line)
                pair = (str(row["left"]), str(row["right"]))
            except (ValueError, KeyError, TypeError, RecursionError):
                raise OctavoError(
                    "K055",
                    f"Row {number} is no pair",
                    where=str(path),
                    do='each line must be {"left": "…", "right": "…"}',
                    exit_code=WRONG_USE,
                ) from None
            found.add(pair)
    return found
