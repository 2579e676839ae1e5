"""Records: any inputs as files of records: the same bytes for every executor, whatever hangs, crashes or is killed."""

import json
import os
import sys
from pathlib import Path

import papers
import pytest
from killing import killed_at_random

from octavo.data.folder import walk
from octavo.data.read.guarded import Errand, Guard
from octavo.data.read.records import as_records, read_parts, write_joined
from octavo.data.read.records import errands_below as below
from octavo.data.read.source import Limits
from octavo.kinds.records import read_rows
from octavo.spine.errors import OctavoError

PARAGRAPHS = ["The harbour is old, and the boats in it are older still.", "Nobody knows who built them."]
SLOW = papers.pdf(["x\n" * 400_000])


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name, data in papers.every_format(PARAGRAPHS).items():
        (folder / name).write_bytes(data)
    (folder / "noise").write_bytes(bytes(range(256)) * 9)
    for name in ("same-1", "same-2"):
        (folder / name).write_bytes(papers.jsonl([{"id": "x", "text": name}, {"id": f"{name}:1", "text": name}]))
    return folder


def joined(folder, scratch, **how):
    parts = read_parts(below([folder]), scratch / "parts", **how)
    write_joined(parts, scratch / "out", scratch / "left")
    return (scratch / "out").read_bytes(), (scratch / "left").read_bytes()


def test_every_file_is_in_the_records_or_among_the_removed(folder, tmp_path):
    kept, left = joined(folder, tmp_path, on="serial")
    rows = [json.loads(line) for line in kept.splitlines()]
    sources = {row.get("file", row["source"]) for row in rows} | {
        json.loads(row)["source"] for row in left.splitlines()
    }
    named = {source.split("/")[0] for source in sources}
    assert named == {one.relative for one in walk(folder, 10**9)}


def test_an_id_that_two_records_have_is_given_to_the_first_only(folder, tmp_path):
    kept, _ = joined(folder, tmp_path, on="serial")
    rows = [json.loads(line) for line in kept.splitlines()]
    ids = [row["id"] for row in rows]
    assert len(ids) == len(set(ids))
    again = next(row for row in rows if row["source"] == "same-2" and row["line"] == 1)
    assert (again["id"], again["notes"]) == ("same-2:1~2", ["id given: x"])


@pytest.mark.parametrize("on", ["processes", "ray"])
def test_the_bytes_do_not_depend_on_who_reads(folder, tmp_path, on):
    for at in range(300):
        (folder / f"{at:03d}.md").write_text(f"# Note {at}\n")
    alone = joined(folder, tmp_path / "a", on="serial")
    assert joined(folder, tmp_path / "b", on=on, workers=2) == alone


def test_plain_files_of_records_pass_untouched_and_all_else_is_read(folder, tmp_path):
    plain, other, wrong = tmp_path / "a.jsonl", tmp_path / "b.jsonl", tmp_path / "c.jsonl.gz"
    plain.write_bytes(b'{"text": "one"}\nspoiled\n')
    other.write_bytes(b'{"body": "two"}\n')
    wrong.write_bytes(b'{"text": "three"}\n')
    found, removed = as_records([plain, folder, other, wrong], tmp_path / "scratch", on="serial")
    assert found[0] == plain
    assert [[row["text"] for row in read_rows(path)] for path in found[2:]] == [["two"], ["three"]]
    assert {row["id"] for row in read_rows(found[1])} >= {"in/text", "in/zip/in/side"}
    assert [(row["id"], row["reason"]) for row in removed] == [("in/noise", "binary")]
    before = found[1].stat().st_mtime_ns
    assert as_records([plain, folder, other, wrong], tmp_path / "scratch", on="serial") == (found, removed)
    assert found[1].stat().st_mtime_ns == before


def test_nothing_readable_is_one_message(tmp_path):
    (tmp_path / "x.bin").write_bytes(b"\0\1\2")
    with pytest.raises(OctavoError) as raised:
        as_records([tmp_path / "x.bin"], tmp_path / "scratch", on="serial")
    assert raised.value.code == "D030"


def reasons(data, tmp_path, **limits):
    path = tmp_path / "file"
    path.write_bytes(data)
    with Guard(Limits(**limits), "records") as guard:
        lines = [*guard.read(Errand("file", path, len(data))), *guard.read(Errand("file", path, len(data)))]
        after = tmp_path / "after"
        after.write_bytes(papers.html(PARAGRAPHS))
        lines += guard.read(Errand("after", after, 1))
    assert lines.pop()[:1] == b"K"
    assert lines[: len(lines) // 2] == lines[len(lines) // 2 :]
    rows = [json.loads(line[1:]) for line in lines if line[:1] == b"R"]
    return sorted({(row["id"], row["reason"]) for row in rows})


def test_what_takes_too_long_is_listed_and_the_next_file_is_read(tmp_path):
    assert reasons(SLOW, tmp_path, seconds=0.7) == [("file", "took too long")]


def test_only_the_part_of_an_archive_that_takes_too_long_is_lost(tmp_path):
    data = papers.archive({"a": "Text of a.", "b": SLOW, "c": "Text of c."})
    assert reasons(data, tmp_path, seconds=0.7) == [("file/b", "took too long")]


def test_what_needs_too_much_memory_is_listed(tmp_path):
    page = papers.html(["word " * 40] * 60_000)
    assert reasons(page, tmp_path, memory=120_000_000)[0][1] in ("needs too much memory", "crashed the reader")


def test_a_folder_is_read_whatever_its_names_and_kinds(tmp_path):
    (tmp_path / os.fsdecode(b"caf\xe9")).write_bytes(papers.html(PARAGRAPHS))
    found, removed = as_records([tmp_path], tmp_path.parent / "scratch", on="serial")
    assert [row["id"] for row in read_rows(found[0])] == ["caf\\xe9"]
    assert removed == []


def test_killed_at_random_moments_the_command_writes_the_same(folder, tmp_path):
    for at in range(450):
        (folder / f"{at:03d}.md").write_text(f"# Note {at}\n")
    base = [sys.executable, "-m", "octavo", "data", "read", str(folder), "--workers", "2", "-o"]
    whole, killed = tmp_path / "whole.jsonl", tmp_path / "killed.jsonl"
    assert killed_at_random([*base, str(whole)], kills=0, longest=1, seed=0) == 0
    assert killed_at_random([*base, str(killed)], kills=6, longest=1.5, seed=3) > 0
    assert whole.read_bytes() == killed.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "killed.jsonl", "whole.jsonl"]


def test_the_command_answers_with_counts_and_never_writes_over_an_input(folder, tmp_path):
    from click.testing import CliRunner

    from octavo.cli.data.read import command

    out = tmp_path / "out.jsonl.gz"
    left = tmp_path / "left.jsonl"
    done = CliRunner().invoke(
        command, [str(folder), "-o", str(out), "--removed", str(left), "--executor", "serial", "--json"]
    )
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert answer["records"] == len(list(read_rows(out)))
    assert answer["removed"] == {"binary": 1}
    assert [json.loads(line)["id"] for line in left.read_bytes().splitlines()] == ["noise"]
    done = CliRunner().invoke(command, [str(Path(folder, "text")), "-o", str(Path(folder, "text"))])
    assert isinstance(done.exception, OctavoError)
    assert done.exception.code == "D020"
