"""`octavo data dedup`: what is kept and what goes add up, whoever does the work and however often it is killed."""

import json
import sys

import pytest
from killing import killed_at_random
from texts_ import found, prose, swapped, write

from octavo.cli.main import octavo_command
from octavo.spine.errors import OctavoError


def dedup(*arguments):
    octavo_command.main(["data", "dedup", *map(str, arguments)], standalone_mode=False)


def rows_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def collection(count=150):
    rows = [{"id": f"a{at}", "text": prose(at, 80), "keep": {"me": at}} for at in range(count)]
    rows += [{"id": f"b{at}", "text": swapped(prose(at, 80), 0.04, at)} for at in range(0, count, 3)]
    rows += [{"text": prose(at, 80)} for at in range(0, count, 5)]
    return rows


def test_kept_and_removed_records_are_together_the_input(tmp_path):
    rows = collection()
    path = write(tmp_path / "in.jsonl", rows)
    out, clusters, removed = tmp_path / "out.jsonl", tmp_path / "clusters.jsonl", tmp_path / "removed.jsonl"
    dedup(path, "-o", out, "--clusters", clusters, "--removed", removed)
    ids = [row.get("id", f"in.jsonl:{at}") for at, row in enumerate(rows, 1)]
    kept, gone, told = rows_of(out), rows_of(removed), rows_of(clusters)
    assert [row["record"]["id"] for row in gone] == [row["id"] for row in told]
    back = {row["row"]: row["record"] for row in gone}
    rest = iter(kept)
    again = [back[at] if at in back else next(rest) for at in range(len(rows))]
    assert again == [{**row, "id": name} for row, name in zip(rows, ids, strict=True)]
    assert {row["kept"] for row in told} <= {row["id"] for row in kept}
    assert {row["kind"] for row in told} == {"exact", "near"}


def test_rows_that_are_no_records_are_listed_and_counted(tmp_path, capsys):
    path = tmp_path / "in.jsonl"
    path.write_text('{"id": "a", "text": "some text"}\nno json\n\n{"id": "b"}\n{"id": "c", "text": "other text"}')
    dedup(path, "-o", tmp_path / "out.jsonl", "--clusters", tmp_path / "clusters.jsonl", "--json")
    assert json.loads(capsys.readouterr().out)["no_records"] == 2
    assert [(row["id"], row["kind"]) for row in rows_of(tmp_path / "clusters.jsonl")] == [
        ("in.jsonl:2", "no record"),
        ("in.jsonl:4", "no record"),
    ]
    assert [row["id"] for row in rows_of(tmp_path / "out.jsonl")] == ["a", "c"]


@pytest.mark.parametrize("name", ["out.jsonl.gz", "out.jsonl.zst", "out.parquet"])
def test_packed_files_go_in_and_out(tmp_path, name):
    from octavo.kinds.records import read_rows

    path = write(tmp_path / "in.jsonl", [{"id": str(at), "text": prose(at % 7)} for at in range(14)])
    dedup(path, "-o", tmp_path / name)
    dedup(tmp_path / name, "-o", tmp_path / "again.jsonl")
    assert [row["id"] for row in read_rows(tmp_path / "again.jsonl")] == [str(at) for at in range(7)]


def test_the_same_bytes_whoever_does_the_work(tmp_path):
    path = write(tmp_path / "in.jsonl", collection(60))
    made = {}
    for on, workers in (("serial", 1), ("processes", 2), ("processes", 3)):
        outputs = [tmp_path / f"{on}{workers}{at}.jsonl" for at in range(3)]
        names = zip(("-o", "--clusters", "--removed"), outputs, strict=True)
        dedup(path, "--executor", on, "--workers", workers, *(part for pair in names for part in pair))
        made[on, workers] = [output.read_bytes() for output in outputs]
    assert len({tuple(parts) for parts in made.values()}) == 1


@pytest.mark.parametrize("on", ["processes", "ray"])
def test_the_result_depends_on_no_executor_and_no_size_of_shards(tmp_path, on):
    rows = collection(60)
    assert found(tmp_path / "one", rows) == found(tmp_path / "many", rows, size=10_000, on=on, workers=2)


def test_a_killed_command_goes_on_to_the_same_bytes(tmp_path):
    path = write(tmp_path / "in.jsonl", collection(3000))
    made = []
    for name in ("calm", "killed"):
        out, clusters = tmp_path / f"{name}.jsonl", tmp_path / f"{name}-clusters.jsonl"
        call = [sys.executable, "-m", "octavo", "data", "dedup", str(path), "-o", str(out), "--clusters", str(clusters)]
        killed_at_random(call, kills=5 if name == "killed" else 0, longest=2.0, seed=3)
        made.append((out.read_bytes(), clusters.read_bytes()))
    assert made[0] == made[1]
    assert not list(tmp_path.glob(".*"))


def test_nothing_is_written_when_too_much_would_go(tmp_path):
    path = write(tmp_path / "in.jsonl", [{"id": f"x{at}", "text": "the very same text"} for at in range(10)])
    out = tmp_path / "out.jsonl"
    with pytest.raises(OctavoError, match="90%") as raised:
        dedup(path, "-o", out)
    assert (raised.value.code, raised.value.exit_code) == ("D050", 1)
    assert "9 copies" in str(raised.value) or "x0" in str(raised.value)
    assert not out.exists()
    dedup(path, "-o", out, "--yes")
    assert len(rows_of(out)) == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--kinds", "exakt"], "D051"),
        (["--kinds", ","], "D051"),
        (["--withdraw", "a"], "D055"),
        (["--store", "s", "--calibrate"], "D055"),
        (["-o", "in.jsonl"], "D020"),
        (["--calibrate"], "D052"),
    ],
)
def test_wrong_use_is_explained(tmp_path, monkeypatch, arguments, code):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "in.jsonl", ["one text"])
    with pytest.raises(OctavoError) as raised:
        dedup("in.jsonl", *arguments)
    assert raised.value.code == code


def test_calibration_tells_recall_by_edit_and_removes_nothing(tmp_path, capsys):
    path = write(tmp_path / "in.jsonl", [prose(at, 150) for at in range(60)] + [prose(0, 150)])
    before = sorted(tmp_path.iterdir())
    dedup(path, "--calibrate", "--json", "--executor", "serial")
    said = json.loads(capsys.readouterr().out)
    assert said["would_remove"] == {"exact": 1}
    assert said["by_edit"]["5% of the words"]["recall"] > 0.9
    assert said["by_edit"]["1% of the words"]["low"] > 0.9
    assert said["by_edit"]["20% of the words"]["recall"] < 0.2
    assert said["precision"]["precision"] == 1
    by_near = [one["by_edit"]["10% of the words"]["recall"] for one in said["thresholds"]]
    assert by_near == sorted(by_near, reverse=True)
    assert sorted(tmp_path.iterdir()) == before
    dedup(path, "--calibrate", "--executor", "serial")
    assert "--near 0.5 finds" in capsys.readouterr().out
