"""Fit the weights that ship with linking: `python bench/link_fit.py`, from pairs that databases declare, read blind.

The truth is what maintainers declared (a CVE id among the aliases). Records of the split `train` are fitted on; a link
is what is likelier than not, since a threshold that is best on `dev` (it is told, too) does worse on other databases.
Masked records take part as competing records and candidates but teach nothing.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from octavo.knowledge.entities.candidates import Candidates
from octavo.knowledge.entities.choice import decide
from octavo.knowledge.entities.choice.trees import Growth, choose, grow
from octavo.knowledge.entities.compare import COLUMNS, compare, context
from octavo.knowledge.entities.link import Prepared, prepare
from octavo.knowledge.entities.record import read_records

ROOT = Path(__file__).parents[1]
VULNS = Path(os.environ.get("OCTAVO_SHARED", ROOT.parent / "shared")) / "data" / "vulns"
SOURCES = ("govuln", "pysec", "rustsec")
FEW_LEFTS = 200
"""Each left record is also seen in a database of so few, where hardly any other record competes."""
DATES, REFERENCES = ("days", "earlier", "later"), ("same url", "same host", "same commit", "same thread", "same tag")


def truth_of(source: str, ready: Prepared) -> tuple[list[dict], dict[int, set[int]], set[int]]:
    """Rows as they were, left number → right numbers that it declares, and which lefts are hard."""
    with gzip.open(VULNS / f"{source}.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    assert [row["id"] for row in rows] == [record.id for record in ready.left]
    numbers = {record.id: number for number, record in enumerate(ready.right)}
    truth = {}
    for number, row in enumerate(rows):
        if there := {numbers[alias] for alias in row["aliases"] if alias in numbers}:
            truth[number] = there
    with gzip.open(VULNS / "pairs_train_dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        pairs = [json.loads(line) for line in lines]
    ids = {p["a_id"] for p in pairs if p["a_source"] == source and p["b_source"] == "cve" and p["hard"]}
    return rows, truth, {number for number in truth if rows[number]["id"] in ids}


def answers(found: Candidates, truth: dict[int, set[int]]) -> np.ndarray:
    """Which candidate pairs are declared."""
    return np.array([b in truth.get(a, ()) for a, b in zip(found.left.tolist(), found.right.tolist(), strict=True)])


def examples(
    ready: Prepared, all_values: np.ndarray, truth: dict[int, set[int]], chosen: np.ndarray, method: str
) -> list[tuple]:
    """(values, groups, right) of the chosen lefts: as they are, without dates and references, and among few lefts."""
    found = ready.candidates
    keep = chosen[found.left]
    values, groups, right = all_values[keep], found.left[keep], answers(found, truth)[keep]
    made = [(values, groups, right)]
    names = COLUMNS[method]
    if method != "text":
        bare = values.copy()
        bare[:, [names.index(name) for name in DATES]] = 0
        bare[:, names.index("undated")] = 1
        bare[:, [names.index(name) for name in REFERENCES]] = 0
        made.append((bare, groups, right))
    apart = replace(found, right=found.right + len(ready.right) * (found.left // FEW_LEFTS))
    score = {"text": found.text, "graph": found.fields}.get(method, found.score)
    alone = values.copy()
    for name, column in context(apart, score.astype(float)).items():
        alone[:, names.index(name)] = column[keep]
    made.append((alone, groups, right))
    return made


def stacked(parts: list[tuple]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All examples with groups of their own."""
    groups, offset = [], 0
    for _, group, _ in parts:
        groups.append(group + offset)
        offset += int(group.max(initial=0)) + 1
    return np.concatenate([p[0] for p in parts]), np.concatenate(groups), np.concatenate([p[2] for p in parts])


def first_of(found: Candidates, chance: np.ndarray, truth: dict[int, set[int]], lefts: np.ndarray) -> np.ndarray:
    """Rows (probability of the best candidate, whether it is declared, whether the left declares any) of the lefts."""
    rows = []
    for number in lefts:
        part = found.of(int(number))
        if part.start == part.stop:
            rows.append((0.0, False, number in truth))
            continue
        best = int(np.argmax(chance[part]))
        rows.append((chance[part][best], int(found.right[part][best]) in truth.get(int(number), ()), number in truth))
    return np.array(rows, float)


def f1(rows: np.ndarray, taken: np.ndarray) -> float:
    """F1 of the links that are taken."""
    hits = float((taken & (rows[:, 1] > 0)).sum())
    return 2 * hits / max(float(taken.sum() + rows[:, 2].sum()), 1)


def best_threshold(rows: np.ndarray) -> float:
    """Where F1 is greatest; the middle of equals."""
    places = np.linspace(0.05, 0.95, 91)
    found = np.array([f1(rows, rows[:, 0] >= place) for place in places])
    return float(np.median(places[found >= found.max() - 1e-9]))


def main() -> None:
    """Write weights.json."""
    right = read_records(VULNS / "cve.jsonl.gz", blind=True)
    databases = []
    for source in SOURCES:
        ready = prepare(read_records(VULNS / f"{source}.jsonl.gz", blind=True), right)
        rows, truth, _ = truth_of(source, ready)
        databases.append((ready, truth, np.array([row["split"] for row in rows])))
    made: dict = {
        "about": "Boosted trees for the choice of a counterpart or none, fitted by bench/link_fit.py on the "
        "train split of Go, Python and Rust advisories against CVE records, read blind; linked from .5 on."
    }
    for method, columns in COLUMNS.items():
        parts, held, seen = [], [], []
        for ready, truth, split in databases:
            values = compare(ready.left, ready.right, ready.candidates, ready.text, ready.fields, method).values
            parts += examples(ready, values, truth, split == "train", method)
            seen.append(values)
        trees = grow(*stacked(parts), Growth())
        for (ready, truth, split), values in zip(databases, seen, strict=True):
            chance = choose(ready.candidates.left, trees.utility(values))
            held.append(first_of(ready.candidates, chance, truth, np.flatnonzero(split == "dev")))
        rows = np.concatenate(held)
        threshold = best_threshold(rows)
        found = [f"{f1(rows, rows[:, 0] >= limit):.3f} at {limit:.2f}" for limit in (decide.EVEN, threshold)]
        print(f"{method}: F1 on dev {found[0]}, at best {found[1]}", file=sys.stderr)
        made[method] = {"columns": list(columns), "threshold": decide.EVEN, "trees": trees.as_json()}
    place = Path(decide.__file__).with_name("weights.json")
    place.write_text(json.dumps(made, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
