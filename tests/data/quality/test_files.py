"""`octavo data clean`: the same bytes on every executor and after kills; nothing goes without a reason."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from killing import killed_at_random
from prose import good

from octavo.data.duplicates.find import Limits
from octavo.data.quality.files import clean_files
from octavo.data.quality.sieve import Sieve
from octavo.spine.errors import OctavoError

SIEVE = Sieve(tidy=True, rules=("gopher", "fineweb"))


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def read(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def collection(folder, files=3, each=60):
    """Good texts, short ones, repetitive ones and copies, in several files."""
    made = []
    for number in range(files):
        rows = []
        for at in range(each):
            seed = number * each + at
            text = [good(100, seed), good(20, seed), "\n".join([good(16, seed)] * 9), good(100, seed % 40)][at % 4]
            rows.append({"id": f"{number}-{at}", "text": text, "source": "made"})
        made.append(write(folder / f"part{number}.jsonl", rows))
    return made


def test_every_record_is_kept_or_removed_with_a_reason(tmp_path):
    inputs = collection(tmp_path / "in")
    done = clean_files(inputs, tmp_path / "out.jsonl", SIEVE, Limits(), removed=tmp_path / "gone.jsonl", alarm=1.0)
    kept, gone = read(tmp_path / "out.jsonl"), read(tmp_path / "gone.jsonl")
    everything = [row["id"] for path in inputs for row in read(path)]
    assert sorted([row["id"] for row in kept] + [row["id"] for row in gone]) == sorted(everything)
    assert (done.records, done.kept, done.removed) == (180, len(kept), len(gone))
    assert [row["row"] for row in gone] == sorted(row["row"] for row in gone)
    assert all(everything[row["row"]] == row["id"] == row["record"]["id"] for row in gone)
    reasons = {row["reason"] for row in gone}
    assert {"gopher: word count", "gopher: repeated lines", "exact duplicate"} <= reasons
    assert sum(done.reasons.values()) == len(gone)
    ids = {row["id"] for row in kept}
    assert all(row["kept"] in ids for row in gone if "duplicate" in row["reason"])
    assert all(row["score"] is not None and row["detail"] for row in gone if row["reason"].startswith("gopher"))


@pytest.mark.parametrize(("on", "workers"), [("serial", 1), ("processes", 2), ("ray", 2)])
def test_the_result_does_not_depend_on_the_executor(tmp_path, on, workers):
    inputs = collection(tmp_path / "in")
    results = []
    for name, where, count in (("first", "serial", 1), ("second", on, workers)):
        out, gone = tmp_path / f"{name}.jsonl", tmp_path / f"{name}-gone.jsonl"
        clean_files(inputs, out, SIEVE, Limits(), removed=gone, alarm=1.0, on=where, workers=count)
        results.append((out.read_bytes(), gone.read_bytes()))
    assert results[0] == results[1]
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_lines_that_are_cut_are_written_down(tmp_path):
    page = "Menu\n" + good(100, 1)
    source = write(tmp_path / "in.jsonl", [{"id": "a", "text": page}])
    sieve = Sieve(tidy=True, rules=("c4",))
    done = clean_files([source], tmp_path / "out.jsonl", sieve, None, removed=tmp_path / "gone.jsonl")
    assert done.edited == 1
    assert read(tmp_path / "out.jsonl")[0]["text"] == good(100, 1)
    cut = [{"line": 1, "why": "no end punctuation", "text": "Menu"}]
    before = {"id": "a", "text": page}
    assert read(tmp_path / "gone.jsonl") == [{"row": 0, "id": "a", "reason": "lines cut", "cut": cut, "before": before}]


def test_removed_records_are_as_they_were_read(tmp_path):
    text = "Short\r\ntext \x07here.  \r\n" * 3
    source = write(tmp_path / "in.jsonl", [{"id": "a", "text": text, "mine": 1}, {"id": "b", "text": good()}])
    clean_files([source], tmp_path / "out.jsonl", SIEVE, None, removed=tmp_path / "gone.jsonl")
    assert read(tmp_path / "gone.jsonl")[0]["record"] == {"id": "a", "text": text, "mine": 1}


def test_rows_that_are_no_records_are_counted_and_listed(tmp_path):
    source = write(tmp_path / "in.jsonl", [{"id": "a", "text": good()}, {"id": "b"}])
    with source.open("a") as more:
        more.write("not JSON\n")
    done = clean_files([source], tmp_path / "out.jsonl", SIEVE, Limits(), removed=tmp_path / "gone.jsonl")
    assert done.unreadable == {"no text": 1, "not a JSON object": 1}
    assert [row["id"] for row in read(tmp_path / "gone.jsonl")] == ["in.jsonl:2", "in.jsonl:3"]


def test_folders_of_any_files_are_read(tmp_path):
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.md").write_text("# Title\n\n" + good(100, 1))
    (folder / "b.bin").write_bytes(bytes(range(256)) * 20)
    done = clean_files([folder], tmp_path / "out.jsonl", SIEVE, Limits(), removed=tmp_path / "gone.jsonl")
    assert [row["id"] for row in read(tmp_path / "out.jsonl")] == ["a.md"]
    assert sum(done.unreadable.values()) == 1


def test_above_the_alarm_nothing_is_written_unless_told_so(tmp_path):
    source = write(tmp_path / "in.jsonl", [{"id": str(n), "text": good(20 if n else 100, n)} for n in range(10)])
    with pytest.raises(OctavoError) as raised:
        clean_files([source], tmp_path / "out.jsonl", SIEVE, Limits(), alarm=0.5)
    assert raised.value.code == "D044"
    assert "gopher: word count (9)" in str(raised.value)
    assert not (tmp_path / "out.jsonl").exists()
    done = clean_files([source], tmp_path / "out.jsonl", SIEVE, Limits(), alarm=0.5, anyway=True)
    assert (done.kept, bool(done.alarm)) == (1, True)


def test_when_nothing_would_be_left_that_is_an_error(tmp_path):
    source = write(tmp_path / "in.jsonl", [{"id": "a", "text": "few words here, no more"}])
    with pytest.raises(OctavoError) as raised:
        clean_files([source], tmp_path / "out.jsonl", SIEVE, Limits(), anyway=True)
    assert raised.value.code == "D045"


def test_a_record_goes_for_the_language_it_is_in(tmp_path):
    german = "Die Bibliothek öffnet um neun Uhr morgens und schließt erst spät am Abend."
    mixed = "The library opens at nine in the morning every day.\n" + german
    rows = [{"id": "de", "text": german}, {"id": "mixed", "text": mixed}]
    rows += [
        {"id": "en", "text": "The library opens at nine in the morning and closes late."},
        {"id": "?", "text": "12 34 abcde 7"},
    ]
    source = write(tmp_path / "in.jsonl", rows)
    sieve = Sieve(languages=("en",), main_language=0.8)
    clean_files([source], tmp_path / "out.jsonl", sieve, None, removed=tmp_path / "gone.jsonl", alarm=1)
    gone = {row["id"]: row["reason"] for row in read(tmp_path / "gone.jsonl")}
    assert gone["de"] == "language: de"
    assert gone["?"] == "language: unknown"
    assert gone["mixed"] in ("language: mixed", "language: de")
    assert [(row["id"], row["language"]) for row in read(tmp_path / "out.jsonl")] == [("en", "en")]


def octavo(*arguments):
    return [sys.executable, "-m", "octavo", "data", "clean", *map(str, arguments)]


def test_kills_at_random_moments_leave_no_trace(tmp_path):
    inputs = []
    for number in range(8):
        rows = [{"id": f"{number}-{at}", "text": good(90, number * 400 + at % 350)} for at in range(400)]
        inputs.append(write(tmp_path / "in" / f"part{number:02}.jsonl", rows))
    options = ["--rules", "gopher,fineweb", "--alarm", "1", "--workers", "2"]
    began = time.monotonic()
    plain = octavo(*inputs, "-o", tmp_path / "a.jsonl", "--removed", tmp_path / "a-gone.jsonl", *options)
    subprocess.run(plain, check=True, capture_output=True)
    took = time.monotonic() - began
    out, gone = tmp_path / "b" / "b.jsonl", tmp_path / "b" / "gone.jsonl"
    hit = killed_at_random(
        octavo(*inputs, "-o", out, "--removed", gone, *options), kills=20, longest=0.6 * took, seed=4
    )
    assert hit >= 15
    assert out.read_bytes() == (tmp_path / "a.jsonl").read_bytes()
    assert gone.read_bytes() == (tmp_path / "a-gone.jsonl").read_bytes()
    assert sorted(path.name for path in out.parent.iterdir()) == ["b.jsonl", "gone.jsonl"]


MEASURED = """
import sys
from pathlib import Path
from octavo.data.quality.sieve import Sieve
from octavo.data.selection import select_records
from octavo.kinds.records import shards
source, scratch = map(Path, sys.argv[1:])
parts = shards([source], scratch, 2**20)
select_records(parts, Sieve(), None, scratch, on="serial", workers=1)
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def test_the_memory_of_the_sieve_grows_by_less_than_some_tens_of_bytes_a_record(tmp_path):
    peaks = {}
    for count in (30_000, 120_000):  # of shards of some 18,000
        rows = ({"id": str(n), "text": f"record {n:x} of {count:x}"} for n in range(count))
        source = write(tmp_path / f"{count}.jsonl", rows)
        command = [sys.executable, "-c", MEASURED, source, tmp_path / f"scratch-{count}"]
        peaks[count] = 1024 * int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert (peaks[120_000] - peaks[30_000]) / 90_000 < 60, peaks


def test_the_command_prints_what_became_of_the_records(tmp_path):
    inputs = collection(tmp_path / "in", files=1)
    command = octavo(*inputs, "-o", tmp_path / "out.jsonl", "--rules", "gopher", "--json", "--alarm", "1")
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert found["records"] == 60
    assert found["kept"] + found["removed"] == 60
    assert found["reasons"]["gopher: word count"] == 15
    assert Path(found["out"]).exists()
