"""The command and the stage draw what the weights say, the same on every executor."""

import json

import pytest

from octavo.cli.main import main
from octavo.data.mix import MixSettings, run
from octavo.data.mixture.task import Wanted, mix
from octavo.kinds.documents import Document, held_out, read_documents, write_documents
from octavo.kinds.records import read_rows, write_rows

ROWS = [
    {"id": f"{domain}{n}", "domain": domain, "text": "word " * 40}
    for domain, count in (("a", 300), ("b", 60))
    for n in range(count)
]


@pytest.fixture
def source(tmp_path):
    write_rows(tmp_path / "in.jsonl", ROWS)
    return tmp_path / "in.jsonl"


def test_as_it_stands_everything_is_written_once(source, tmp_path):
    mix([source], tmp_path / "out.jsonl", Wanted(), on="serial", workers=1)
    assert (tmp_path / "out.jsonl").read_bytes() == source.read_bytes()


def test_weights_are_what_is_drawn(source, tmp_path):
    made = mix([source], tmp_path / "out.jsonl", Wanted(weights={"a": 0.5, "b": 0.5}), on="serial", workers=1)
    counts = {}
    for row in read_rows(tmp_path / "out.jsonl"):
        counts[row["domain"]] = counts.get(row["domain"], 0) + 1
    assert counts["b"] == 60 * 3
    assert counts["a"] == pytest.approx(180, rel=0.1)
    assert made["records"] == sum(counts.values())
    assert {row["epoch"] for row in read_rows(tmp_path / "out.jsonl") if "epoch" in row} == {1, 2}


def test_executors_write_the_same_bytes(source, tmp_path):
    written = set()
    for on in ("serial", "processes"):
        mix([source], tmp_path / on, Wanted(temperature=2), on=on, workers=2)
        written.add((tmp_path / on).read_bytes())
    assert len(written) == 1


def test_conversations_are_weighed_by_what_is_said_and_stay_as_they_are(tmp_path):
    said = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "yes"}]
    rows = [{"id": str(n), "task": "greet", "messages": said} for n in range(3)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    made = mix([tmp_path / "in.jsonl"], tmp_path / "out.jsonl", Wanted(by="task"), on="serial", workers=1)
    assert made["domains"][0]["bytes"] == 24
    assert [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()] == rows


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--temperature", "0"], "D100"),
        (["--weights", "c=1"], "D101"),
        (["--weights", "c"], "P002"),
        (["--weights", "a=1", "--temperature", "2"], "P002"),
        (["--search", "regmix", "--target", "z"], "D101"),
        (["-o", "IN"], "D020"),
    ],
)
def test_wrong_use_is_said_in_one_message(source, capsys, arguments, code):
    with pytest.raises(SystemExit) as end:
        main(["data", "mix", str(source), *(str(source) if part == "IN" else part for part in arguments)])
    assert end.value.code == 2
    assert code in capsys.readouterr().err


def test_the_command_answers_in_json_and_counts_what_is_no_record(source, capsys):
    with source.open("a") as out:
        out.write("broken\n")
    with pytest.raises(SystemExit) as end:
        main(["data", "mix", str(source), "--json"])
    assert end.value.code == 0
    made = json.loads(capsys.readouterr().out)
    assert [row["domain"] for row in made["domains"]] == ["a", "b"]
    assert made["bad"] == [{"source": "in.jsonl", "row": 361, "reason": "not a JSON object"}]


def test_the_stage_repeats_what_is_weighed_up_and_leaves_held_out_documents_alone(tmp_path):
    documents = [Document(f"{name}.f{n}", "text " * 30, package=name) for name in ("p", "q") for n in range(200)]
    write_documents(tmp_path, documents)
    for folder, settings in (("same", MixSettings()), ("more", MixSettings(weights={"q": 1.0}))):
        (tmp_path / folder).mkdir()
        run(settings, {"documents": tmp_path}, tmp_path / folder, tmp_path)
    assert list(read_documents(tmp_path / "same")) == documents
    kept = list(read_documents(tmp_path / "more"))
    assert {d.package for d in kept if not held_out(d.id)} == {"q"}
    apart = [d.id for d in documents if held_out(d.id)]
    assert [d.id for d in kept if held_out(d.id)] == apart
