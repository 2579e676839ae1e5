"""What was removed or cut comes back where it was."""

import json
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from octavo.cli.data.restore import command
from octavo.data.duplicates.files import Outputs, deduplicate
from octavo.data.duplicates.find import Limits
from octavo.data.quality.files import clean_files
from octavo.data.quality.sieve import Sieve
from octavo.data.repeats.find import RepeatLimits
from octavo.data.repeats.lines import LineLimits
from octavo.data.repeats.meaning.semantic import SemanticLimits
from octavo.data.repeats.restore import Choice, restore
from octavo.data.repeats.substring import SubstringLimits
from octavo.kinds.records import read_rows
from octavo.spine.errors import OctavoError

KINDS = ("exact", "near", "line", "substring", "semantic")
LIMITS = RepeatLimits(LineLimits(12), SubstringLimits(20), SemanticLimits(0.8, 20), "first")
SENTENCES = [
    "The cat sat on the mat and slept. ",
    "A line of its own that is long enough.\n",
    "Nobody came to the party, alas! ",
    "中文句子在这里重复出现很多次,没有空格。",
    "x",
    "Ünïcode 👩\u200d🚀 goes up. ",
    "\n",
]


def rows_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def deduplicated(texts, place, kinds=KINDS):
    source = place / "in.jsonl"
    rows = [{"id": f"r{n}", "text": text, "n": n} for n, text in enumerate(texts)]
    source.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    outputs = Outputs(place / "out.jsonl", place / "clusters.jsonl", place / "removed.jsonl")
    deduplicate([source], Limits(kinds=kinds), outputs, place / "work", repeats=LIMITS, on="serial")
    return rows


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(st.sampled_from(SENTENCES), max_size=6).map("".join), max_size=8), st.data())
def test_what_was_removed_and_restored_is_as_it_was(texts, data):
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        rows = deduplicated(texts, place)
        kept, clusters = rows_of(place / "out.jsonl"), rows_of(place / "clusters.jsonl")
        stay = {row["id"] for row in kept}
        assert all(row["kept"] in stay for row in clusters)
        whole = {row["id"] for row in clusters if "start" not in row}
        assert stay | whole == {row["id"] for row in rows}
        assert not stay & whole
        by_id = {row["id"]: row for row in rows}
        for row in clusters:
            if "start" in row:
                assert row["id"] in stay
                assert 0 <= row["start"] < row["end"] <= len(by_id[row["id"]]["text"])
        restore(place / "out.jsonl", place / "removed.jsonl", place / "back.jsonl", Choice(), place)
        assert rows_of(place / "back.jsonl") == rows
        # a part of it: the chosen records are whole, and all others as they were
        chosen = frozenset(
            data.draw(st.sets(st.sampled_from(sorted({row["id"] for row in clusters})))) if clusters else []
        )
        if chosen:
            restore(place / "out.jsonl", place / "removed.jsonl", place / "some.jsonl", Choice(ids=chosen), place)
            some = {row["id"]: row for row in rows_of(place / "some.jsonl")}
            assert list(some) == [row["id"] for row in rows if row["id"] in stay | chosen]
            before = {row["id"]: row for row in kept}
            assert all(row == (by_id if key in chosen else before)[key] for key, row in some.items())


@pytest.fixture
def cleaned(tmp_path):
    """Four records of which one is gone and one has lost a line."""
    foot = "All rights reserved by the authors of this page."
    return tmp_path, deduplicated(
        [f"First things first.\n{foot}", "Second.", f"Third comes now.\n{foot}\nEnd.", "Second."],
        tmp_path,
        ("exact", "line"),
    )


def run(place, *more):
    return CliRunner().invoke(
        command,
        [f"{place}/out.jsonl", "--removed", f"{place}/removed.jsonl", "-o", f"{place}/new.jsonl", *more],
        catch_exceptions=True,
    )


def test_the_command_restores_one_kind(cleaned):
    place, rows = cleaned
    told = json.loads(run(place, "--kind", "line", "--json").stdout)
    assert (told["records"], told["spans"], told["written"]) == (0, 1, 3)
    assert rows_of(place / "new.jsonl") == rows[:3]


def test_the_command_restores_ids_of_a_file_and_of_the_line(cleaned):
    place, rows = cleaned
    (place / "ids.txt").write_text("r3\n")
    assert run(place, "--ids", f"{place}/ids.txt", "--ids", "r2").exit_code == 0
    assert rows_of(place / "new.jsonl") == rows


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ([], "D063"),
        (["--all", "--kind", "line"], "D063"),
        (["--ids", "nobody"], "D061"),
        (["--kind", "lines"], "D061"),
    ],
)
def test_a_choice_that_means_nothing_is_refused(cleaned, more, code):
    place, _ = cleaned
    error = run(place, *more).exception
    assert isinstance(error, OctavoError)
    assert (error.code, error.exit_code) == (code, 2)
    assert not (place / "new.jsonl").exists()


@pytest.mark.parametrize("line", ["nonsense", '{"row": 1}', '{"row": 1, "reason": "exact", "record": {"id": 3}}', "[]"])
def test_a_file_of_something_else_is_refused(cleaned, line):
    place, _ = cleaned
    (place / "removed.jsonl").write_text(line + "\n")
    error = run(place, "--all").exception
    assert isinstance(error, OctavoError)
    assert error.code == "D060"


def test_files_of_different_runs_are_refused(cleaned):
    place, _ = cleaned
    kept = (place / "out.jsonl").read_text().splitlines(keepends=True)
    for others in (kept[::-1], kept[:1]):
        (place / "out.jsonl").write_text("".join(others))
        error = run(place, "--all").exception
        assert isinstance(error, OctavoError)
        assert error.code == "D062"
        assert not (place / "new.jsonl").exists()


def test_what_clean_removed_or_cut_comes_back_by_its_whole_reason(tmp_path):
    text = "The keeper counts the boats at dusk and writes it down. " * 8
    page = f"{text.strip()}\nHome | Prices | Contact\n{text.strip()}\n{text.strip()}"
    rows = [{"id": "page", "text": page}, {"id": "twin", "text": page}, {"id": "short", "text": "no"}]
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows) + "broken\n")
    sieve = Sieve(shortest=10, tidy=True, rules=("c4",))
    clean_files([source], tmp_path / "out.jsonl", sieve, Limits(), removed=tmp_path / "gone.jsonl", anyway=True)
    assert [row["id"] for row in read_rows(tmp_path / "out.jsonl")] == ["page"]

    def back(kinds=frozenset()):
        restore(
            tmp_path / "out.jsonl",
            tmp_path / "gone.jsonl",
            tmp_path / "new.jsonl",
            Choice(kinds=frozenset(kinds)),
            tmp_path,
        )
        return list(read_rows(tmp_path / "new.jsonl"))

    assert [row["id"] for row in back({"exact duplicate"})] == ["page", "twin"]
    assert back({"lines cut"}) == rows[:1]
    assert back() == rows
