import json
import sqlite3
import sys

import numpy as np
import pytest
from click.testing import CliRunner
from flaws import databases, f1, read, write
from killing import killed_at_random

from octavo.cli.main import main
from octavo.knowledge.entities.files import Wanted, link_files, read_pairs
from octavo.knowledge.entities.ledger import Ledger
from octavo.knowledge.entities.record import read_records
from octavo.knowledge.entities.right import RightSide
from octavo.knowledge.entities.vectors import Counts
from octavo.spine.errors import OctavoError

BLIND = Wanted(blind=True)


@pytest.fixture
def small(tmp_path):
    left, right, truth = databases(40, 30, seed=5)
    return write(tmp_path / "left.jsonl", left), write(tmp_path / "right.jsonl", right), truth


def test_the_second_run_decides_only_what_is_new(small, tmp_path):
    left, right, truth = small
    out = tmp_path / "links.jsonl"
    rows = read(left)
    write(left, rows[:-3])
    first = link_files(left, right, out, BLIND)
    before = read(out)
    write(left, rows)
    second = link_files(left, right, out, BLIND)
    third = link_files(left, right, out, BLIND)
    assert (first.decided, second.decided, third.decided) == (len(rows) - 3, 3, 0)
    assert read(out)[: len(before)] == before
    assert f1(read(out), truth) > 0.6


def test_the_right_side_is_counted_once_and_anew_when_it_changed_or_was_damaged(small, tmp_path):
    left, right, _ = small
    whole, out = tmp_path / "whole.jsonl", tmp_path / "links.jsonl"
    rows = read(left)
    link_files(left, right, whole, BLIND)
    files = sorted((tmp_path / "whole.jsonl.state").glob("right-*.counts"))
    assert {file.name for file in files} >= {"right-text.counts", "right-statements.counts"}
    ids = [record.id for record in read_records(right)]
    asked = RightSide(files[0].parent, files[0].read_bytes()[:16])
    made = Counts(np.zeros(len(ids) + 1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32), ())
    assert len(asked.counts("text", lambda: made).ends) == len(ids) + 1
    assert asked.made == []
    for damage in (lambda held: held[:-9], lambda held: held[:40] + b"?" + held[41:], lambda held: b""):
        write(left, rows[:-1])
        link_files(left, right, out, BLIND)
        for file in (tmp_path / "links.jsonl.state").glob("right-*.counts"):
            file.write_bytes(damage(file.read_bytes()))
        write(left, rows)
        link_files(left, right, out, BLIND)
        assert [row["right"] for row in read(out)] == [row["right"] for row in read(whole)]
    RightSide(files[0].parent, b"other records").counts("text", lambda: made)
    assert asked.counts("text", lambda: made) is made


def test_one_file_given_twice_is_searched_for_what_stands_in_it_twice(tmp_path):
    path, out = tmp_path / "own.jsonl", tmp_path / "links.jsonl"
    names = ["Zenka lamp", "Moro kettle", "Tulpa easel", "Verund anvil", "Kario drill", "Pexim trowel"]
    rows = [{"id": f"r{n}", "name": name, "maker": name.split()[0]} for n, name in enumerate(names)]
    write(path, [*rows, {"id": "copy", "name": "zenka LAMP", "maker": "Zenka"}])
    link_files(path, path, out, Wanted())
    assert {row["left"]: row["right"] for row in read(out) if row["right"]} == {"r0": "copy", "copy": "r0"}


def test_two_records_are_enough_to_link_what_is_equal(tmp_path):
    left, out = tmp_path / "left.jsonl", tmp_path / "links.jsonl"
    left.write_bytes(
        b'\xef\xbb\xbf{"id": "a", "name": "Zenka lamp", "maker": "Zen"}\n{"id": "b", "name": "Moro drill"}\n'
    )
    write(tmp_path / "right.jsonl", [{"id": "A", "name": "Zenka Lamp", "maker": "Zen"}, {"id": "C", "name": "Tulpa"}])
    done = link_files(left, tmp_path / "right.jsonl", out, Wanted())
    assert done.rejected == ()
    assert [row["right"] for row in read(out)] == ["A", None]


def test_new_records_of_any_kind_are_weighed_among_earlier_ones(tmp_path):
    towns = ["Kario", "Molte", "Verund", "Tulpa", "Pexim"]
    people = [{"id": f"p{n}", "name": f"{chr(97 + n % 10)}{chr(97 + n // 10)}rin Z{n * 37 % 101}", "town": towns[n % 5]}
              for n in range(60)]  # fmt: skip
    left, right, out = tmp_path / "left.jsonl", tmp_path / "right.jsonl", tmp_path / "links.jsonl"
    write(right, people[:40])
    write(left, people[20:-1])
    link_files(left, right, out, Wanted())
    write(left, [*people[20:], {**people[3], "id": "new"}])
    done = link_files(left, right, out, Wanted())
    assert (done.decided, done.weights) == (2, "unsupervised")
    assert {row["left"]: row["right"] for row in read(out)}["new"] == "p3"


def test_a_new_right_record_is_compared_with_earlier_lefts(small, tmp_path):
    left, right, truth = small
    out = tmp_path / "links.jsonl"
    link_files(left, right, out, BLIND)
    linked = next(row for row in read(out) if row["right"] and truth.get(row["left"]) == row["right"])
    rows = read(right)
    write(right, [row for row in rows if row["id"] != linked["right"]])
    gone = link_files(left, right, out, BLIND)
    assert linked["right"] not in {row["right"] for row in read(out)}
    write(right, rows)
    back = link_files(left, right, out, BLIND)
    assert linked["right"] in {row["right"] for row in read(out)}
    assert 0 < gone.decided < gone.left
    assert 0 < back.decided < back.left


def test_other_settings_link_everything_anew(small, tmp_path):
    left, right, _ = small
    out = tmp_path / "links.jsonl"
    link_files(left, right, out, BLIND)
    assert link_files(left, right, out, Wanted(blind=True, method="text")).decided > 0


def test_a_link_that_is_taken_back_is_not_proposed_again_until_it_may(small, tmp_path):
    left, right, _ = small
    out = tmp_path / "links.jsonl"
    link_files(left, right, out, BLIND)
    row = next(row for row in read(out) if row["right"])
    ledger = Ledger(out)
    ledger.undo(row["left"], row["right"])
    ledger.close()
    assert {r["left"]: r["right"] for r in read(out)}[row["left"]] is None
    link_files(left, right, out, BLIND)
    assert {r["left"]: r["right"] for r in read(out)}[row["left"]] != row["right"]
    ledger = Ledger(out)
    ledger.undo(row["left"], row["right"], again=True)
    with pytest.raises(OctavoError, match="not an undone pair"):
        ledger.undo(row["left"], row["right"], again=True)
    ledger.close()
    link_files(left, right, out, BLIND)
    assert {r["left"]: r["right"] for r in read(out)}[row["left"]] == row["right"]


def test_declared_ids_count_unless_it_is_blind(small, tmp_path):
    left, right, truth = small
    link_files(left, right, tmp_path / "open.jsonl", Wanted())
    rows = read(tmp_path / "open.jsonl")
    assert any("identifier" in item for row in rows for item in row["evidence"])
    link_files(left, right, tmp_path / "blind.jsonl", BLIND)
    assert not any("identifier" in item for row in read(tmp_path / "blind.jsonl") for item in row["evidence"])
    assert f1(rows, truth) >= f1(read(tmp_path / "blind.jsonl"), truth)


def test_a_damaged_state_is_an_error_that_says_what_to_do(small, tmp_path):
    left, right, _ = small
    out = tmp_path / "links.jsonl"
    link_files(left, right, out, BLIND)
    state = tmp_path / "links.jsonl.state" / "ledger.sqlite"
    with sqlite3.connect(state) as connection:
        connection.execute("update state set value = '9' where key = 'format'")
    connection.close()
    with pytest.raises(OctavoError, match="format 9"):
        link_files(left, right, out, BLIND)
    state.write_bytes(b"no database at all, but long enough to be looked at as one" * 20)
    with pytest.raises(OctavoError, match="cannot be read"):
        link_files(left, right, out, BLIND)


def test_a_row_that_is_no_pair_is_named(tmp_path):
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"left": "a", "right": "b"}\n{"left": "a"}\n')
    with pytest.raises(OctavoError, match="Row 2"):
        read_pairs(path)


def test_the_links_show_no_trace_of_kills(small, tmp_path):
    left, right, _ = small
    link_files(left, right, tmp_path / "calm.jsonl", BLIND)
    command = [
        sys.executable,
        "-m",
        "octavo",
        "link",
        str(left),
        str(right),
        "--blind",
        "-o",
        str(tmp_path / "links.jsonl"),
    ]
    killed_at_random(command, kills=4, longest=2.5, seed=11)
    assert (tmp_path / "links.jsonl").read_bytes() == (tmp_path / "calm.jsonl").read_bytes()


def run(*words):
    """(exit code, what was printed) of the command line."""
    with CliRunner().isolation() as (out, *_):
        with pytest.raises(SystemExit) as ended:
            main(list(map(str, words)))
        return ended.value.code or 0, out.getvalue().decode()


def test_the_command_links_counts_rejections_and_undoes(small, tmp_path):
    left, right, _ = small
    left.write_bytes(left.read_bytes() + b"nonsense\n")
    out, bad = tmp_path / "links.jsonl", tmp_path / "bad.jsonl"
    code, told = run(
        "link", left, right, "-o", out, "--blind", "--json", "--rejected", bad, "--clusters", tmp_path / "c.jsonl"
    )
    document = json.loads(told)
    assert code == 0
    assert document["rejected"] == {"not a JSON object": 1}
    assert document["weights"] == "shipped"
    assert read(bad)[0]["reason"] == "not a JSON object"
    assert read(tmp_path / "c.jsonl")
    row = next(row for row in read(out) if row["right"])
    assert run("link", "undo", out, row["left"], row["right"])[0] == 0
    assert run("link", "undo", out, row["left"], row["right"])[0] == 2
    assert run("link", "undo", out, row["left"], row["right"], "--again")[0] == 0


@pytest.mark.parametrize("words", [[], ["only-one"], ["a", "b"], ["missing-1", "missing-2", "-o", "links"]])
def test_wrong_use_is_told(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("link", *words)[0] == 2
