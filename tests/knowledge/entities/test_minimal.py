"""The experiment with a minimal graph: truth from pairs or aliases, half against half, a report safe to read."""

import json
import subprocess
import sys

import numpy as np
import pytest

from octavo.challenges.entity_alignment.made import Amounts, made
from octavo.kinds.records import write_rows
from octavo.knowledge.entities.minimal.experiment import ARMS, WITH, experiment, f1, first, outcomes
from octavo.knowledge.entities.minimal.report import document, markdown, page
from octavo.knowledge.entities.minimal.truth import declared_pairs, read_pairs
from octavo.knowledge.entities.record import read_records
from octavo.spine.errors import OctavoError

AMOUNTS = Amounts(same=40, related=5, known=15, unknown=10, products=60, catalogue=120)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Two databases, and the pairs of records that are the same."""
    folder = tmp_path_factory.mktemp("minimal")
    world = made("minimal", AMOUNTS)
    write_rows(folder / "left.jsonl", [row["record"] for row in world.probe])
    write_rows(folder / "right.jsonl", world.catalogue)
    pairs = [{"left": row["id"], "right": row["truth"], "decision": "same"} for row in world.probe if row["truth"]]
    pairs += [
        {"left": row["id"], "right": row["related"], "decision": "related"} for row in world.probe if row["related"]
    ]
    write_rows(folder / "pairs.jsonl", pairs)
    return folder


@pytest.fixture(scope="module")
def done(files):
    left, right = (read_records(files / name, blind=True) for name in ("left.jsonl", "right.jsonl"))
    return experiment(left, right, read_pairs(files / "pairs.jsonl"))


def test_every_arm_decides_on_every_entity_and_the_type_is_found(done):
    assert done.kind == "package"
    for arm in ARMS:
        rows = outcomes(done, arm)
        assert rows.shape == (len(done.left), 4)
        assert 0 <= f1(rows) <= 1
        assert 0 <= first(rows) <= 1
        assert (rows[:, 2] <= rows[:, 1]).all()


def test_the_graph_recognises_packages_whose_names_say_nothing(done):
    assert first(outcomes(done, "names + graph")) > first(outcomes(done, "names"))


def test_without_truth_nothing_is_right():
    rows = np.array([[0.0, 1.0, 0.0, 0.0]] * 4)
    assert f1(rows) == first(rows) == 0.0


def test_the_report_shows_both_sides_intervals_and_what_was_won_and_lost(done):
    told = document(done)
    assert [one["measure"] for one in told["change"]] == ["R@1", "F1 with no counterpart"]
    for one in told["change"]:
        assert one["low"] <= one["after"] - one["before"] + 1e-4
        assert one["after"] - one["before"] - 1e-4 <= one["high"]
    assert {one["name"] for one in told["arms"]} == set(ARMS)
    assert told["compared"]["with"] == WITH
    for text in (markdown(told), page(told)):
        for wanted in ("Links won", "Links lost", "energy", "names + graph"):
            assert wanted in text


def test_equal_inputs_give_equal_decisions(files, done):
    left, right = (read_records(files / name, blind=True) for name in ("left.jsonl", "right.jsonl"))
    again = document(experiment(left, right, read_pairs(files / "pairs.jsonl")))
    told = document(done)
    assert {k: v for k, v in again.items() if k != "cost"} == {k: v for k, v in told.items() if k != "cost"}


def test_names_in_a_report_are_text_and_never_markup(done):
    told = document(done)
    told["won"] = [{"left": "<script>alert(1)</script>|x", "right": "b\nc", "otherwise": None}]
    assert "<script>" not in page(told) + markdown(told)
    assert "| &lt;script>alert(1)&lt;/script>\\|x | b c | no link |" in markdown(told)


def test_truth_may_be_declared_by_the_records_themselves(tmp_path):
    write_rows(tmp_path / "a.jsonl", [{"id": "A1", "aliases": ["X-2024-0001"], "text": "a"}, {"id": "A2", "text": "b"}])
    rows = [{"id": "X-2024-0001", "text": "c"}, {"id": "B2", "aliases": ["A2"], "text": "d"}, {"id": "B3", "text": "e"}]
    write_rows(tmp_path / "b.jsonl", rows)
    assert declared_pairs(tmp_path / "a.jsonl", tmp_path / "b.jsonl") == [("A1", "X-2024-0001"), ("A2", "B2")]


def test_pairs_of_another_decision_are_no_truth_and_broken_rows_are_refused(tmp_path):
    path = tmp_path / "pairs.jsonl"
    other = '{"a_id": "c", "b_id": "d", "kind": "derived"}\n{"left": "e", "right": null, "decision": "none"}\n'
    path.write_text('{"left": "a", "right": "b"}\n\n' + other)
    assert read_pairs(path) == [("a", "b")]
    for broken in ("[]", "{", '{"left": "a"}', '{"left": "a", "right": 1.5}'):
        path.write_text(broken + "\n")
        with pytest.raises(OctavoError) as wrong:
            read_pairs(path)
        assert wrong.value.code == "K065"


def test_a_type_that_nobody_has_and_too_little_truth_are_said(files):
    left, right = (read_records(files / name, blind=True) for name in ("left.jsonl", "right.jsonl"))
    with pytest.raises(OctavoError) as wrong:
        experiment(left, right, [], "planet")
    assert (wrong.value.code, wrong.value.exit_code) == ("K063", 2)
    with pytest.raises(OctavoError) as few:
        experiment(left, right, [("ADV-001", "CAT-0001")])
    assert few.value.code == "K064"


@pytest.mark.parametrize("suffix", ["html", "md"])
def test_one_command_makes_the_report(files, tmp_path, suffix):
    report = tmp_path / f"report.{suffix}"
    code = "from octavo.cli.main import main; main()"
    given = ["knowledge", "minimal-graph", str(files / "left.jsonl"), str(files / "right.jsonl"), "-o", str(report)]
    asked = [*given, "--pairs", str(files / "pairs.jsonl"), "--json"]
    ran = subprocess.run([sys.executable, "-c", code, *asked], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == json.loads(report.with_suffix(".json").read_text())
    assert "What the graph changes" in report.read_text()
