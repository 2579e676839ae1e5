"""All searches together: the same bytes on every executor and after kills, and a copy of everything stays."""

import json
import random
import sys

import pytest
from killing import killed_at_random

from octavo.data.duplicates.files import Outputs, deduplicate
from octavo.data.duplicates.find import Limits
from octavo.data.repeats.find import RepeatLimits
from octavo.data.repeats.order import take_order
from octavo.kinds.records import shards

KINDS = ("exact", "near", "line", "substring", "semantic")
WORDS = [a + b for a in ("ba", "lo", "mi", "ter", "sun", "ka", "vor", "el") for b in ("ra", "ne", "dik", "os", "um")]


def sentence(chance, length):
    return " ".join(chance.choices(WORDS, k=length)).capitalize() + "."


def collection(place, count=150):
    """Records with shared lines, shared pieces, reordered copies, near and exact copies."""
    chance = random.Random(5)
    feet = [sentence(chance, 12) for _ in range(3)]
    pieces = [" ".join(sentence(chance, 9) for _ in range(3)) for _ in range(4)]
    rows = []
    for n in range(count):
        parts = [sentence(chance, 11) for _ in range(6)]
        if n % 5 == 1:
            parts.insert(2, chance.choice(pieces))
        text = " ".join(parts)
        if n % 7 == 2:
            text = " ".join(reversed(rows[-1]["text"].split()))
        if n % 4 == 3:
            text += "\n" + chance.choice(feet) + "\n"
        if n % 11 == 10:
            text = rows[-3]["text"]
        rows.append({"id": f"r{n}", "text": text})
    path = place / "in.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def small_shards(monkeypatch):
    from octavo.data.duplicates import files

    monkeypatch.setattr(files, "shards", lambda paths, scratch: shards(paths, scratch, 30_000))


def outputs_in(place):
    place.mkdir()
    return Outputs(place / "out.jsonl", place / "clusters.jsonl", place / "removed.jsonl")


def test_every_executor_writes_the_same(tmp_path, small_shards):
    source, results = collection(tmp_path), []
    for on in ("serial", "processes", "ray"):
        outputs = outputs_in(tmp_path / on)
        limits, repeats = Limits(kinds=KINDS), RepeatLimits(policy="longest")
        outcome = deduplicate([source], limits, outputs, tmp_path / f"work-{on}", repeats=repeats, on=on, workers=2)
        assert {"exact", "semantic"} <= set(outcome.removed)
        assert set(outcome.cut) == {"line", "substring"}
        results.append([path.read_bytes() for path in vars(outputs).values()])
    assert all(result == results[0] for result in results)


def test_what_is_cut_stands_in_a_record_that_stays(tmp_path):
    source, outputs = collection(tmp_path), outputs_in(tmp_path / "out")
    deduplicate([source], Limits(kinds=("line", "substring")), outputs, tmp_path / "work", on="serial")
    kept = {row["id"]: row["text"] for row in map(json.loads, outputs.kept.read_text().splitlines())}
    undo = [json.loads(line) for line in outputs.removed.read_text().splitlines()]
    assert {row["reason"] for row in undo} == {"line", "substring"}
    lines = [row for row in undo if row["reason"] == "line" and "start" in row]
    assert lines
    assert all(row["text"].strip() in kept[row["kept"]] for row in lines)
    everything = "\n".join(kept.values())
    assert all(row["text"].strip() in everything for row in undo if "start" in row)


def test_killed_and_run_again_it_writes_the_same(tmp_path):
    source = collection(tmp_path, 600)
    arguments = [sys.executable, "-m", "octavo", "data", "dedup", str(source), "--kinds", ",".join(KINDS)]

    def command(name):
        place = tmp_path / name
        return [*arguments, "-o", f"{place}.out.jsonl", "--removed", f"{place}.gone.jsonl", "--workers", "2"]

    killed_at_random(command("calm"), kills=0, longest=0, seed=0)
    hit = killed_at_random(command("killed"), kills=4, longest=3, seed=1)
    assert hit
    for end in ("out.jsonl", "gone.jsonl"):
        assert (tmp_path / f"calm.{end}").read_bytes() == (tmp_path / f"killed.{end}").read_bytes()


def test_what_stands_in_many_records_is_told_as_boilerplate(tmp_path):
    foot = "All rights reserved by the authors of this page.\n"
    chance = random.Random(1)
    rows = [{"id": n, "text": sentence(chance, 12) + "\n" + foot * (n != 3)} for n in range(13)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    limits = Limits(kinds=("line",))
    outcome = deduplicate([tmp_path / "in.jsonl"], limits, Outputs(), tmp_path / "work", on="serial")
    assert outcome.cut == {"line": {"spans": 11, "characters": 11 * len(foot), "boilerplate": 11 * len(foot)}}


@pytest.mark.parametrize(("policy", "ranks"), [("longest", [2, 0, 1]), ("newest", [1, 2, 0])])
def test_ranks_follow_the_policy(tmp_path, policy, ranks):
    import numpy as np

    rows = [{"text": "a", "date": "2020"}, {"text": "abc", "date": "2019"}, {"text": "ab", "date": "2021"}]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    counts, order = take_order(shards([tmp_path / "in.jsonl"], tmp_path), policy, tmp_path / "o", on="serial")
    assert counts == [3]
    assert np.load(order).tolist() == ranks
