"""The commands: one document on stdout, sensible without any option, and a model that goes along."""

import json
import shutil
import sys

import pytest
from killing import killed_at_random
from small_tokenizers import SENTENCES, byte_level

from octavo.cli.main import main
from octavo.kinds.records import write_rows
from octavo.model.checkpoint import read_checkpoint, write_checkpoint
from octavo.model.network.decoder import Decoder
from octavo.model.network.shape import DecoderShape
from octavo.tokenizer.train import config


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A model with its tokenizer, and two corpora."""
    place = tmp_path_factory.mktemp("commands")
    folder = place / "tokenizer"
    folder.mkdir()
    byte_level().save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps(config()))
    shape = DecoderShape(400, width=32, depth=1, heads=2, key_heads=1, head_size=16, hidden=64, positions=96)
    model = Decoder(shape)
    model.initialise(0)
    (place / "model").mkdir()
    write_checkpoint(place / "model", model, folder, [], {})
    write_rows(place / "few.jsonl", [{"text": text, "language": "en"} for text in SENTENCES[:2]])
    write_rows(place / "new.jsonl.gz", [{"text": "die Straße nach Größenwahn", "language": "de"}] * 9)
    return place


def called(capsys, *arguments, code=0):
    with pytest.raises(SystemExit) as ended:
        main(["tokenizer", *map(str, arguments)])
    said = capsys.readouterr()
    assert ended.value.code == code, said.err
    return said


def test_audit_needs_nothing_but_a_tokenizer(made, capsys):
    said = called(capsys, "audit", made / "tokenizer", "--no-speed")
    assert "premium" in said.out
    assert "- hi costs" in said.out or "- ja costs" in said.out


def test_audit_with_everything_is_one_document(made, capsys, tmp_path):
    out, page = tmp_path / "audit.json", tmp_path / "page.html"
    options = ["--corpus", made / "few.jsonl", "--model", made / "model", "--reference", made / "tokenizer"]
    options += ["--price", "2.5", "--context", "8192", "--no-speed", "--executor", "serial", "-o", out, "--html", page]
    said = called(capsys, "audit", made / "model", *options, "--json")
    row = json.loads(said.out)
    assert row == json.loads(out.read_text())
    assert row["embeddings"]["tied"] is True
    assert 0 < len(row["behaviour"]) == row["embeddings"]["candidate_count"]
    assert all(0 <= one["probability"] <= 1 for one in row["behaviour"])
    assert row["usage"]["records"] == 2
    assert set(row["embeddings"]["auroc_against_counts"]) == set(row["embeddings"]["indicators"])
    html = page.read_text()
    assert "http" not in html.replace("http-equiv", "")
    assert "<script" not in html


def test_audit_says_that_a_foreign_model_was_not_asked(made, capsys, tmp_path):
    foreign = tmp_path / "model"
    shutil.copytree(made / "model", foreign)
    row = json.loads((foreign / "config.json").read_text()) | {"architectures": ["GPT2LMHeadModel"]}
    (foreign / "config.json").write_text(json.dumps(row))
    said = called(capsys, "audit", foreign, "--model", foreign, "--no-speed", "--json")
    assert "GPT2LMHeadModel" in json.loads(said.out)["behaviour_not_asked"]


@pytest.mark.parametrize(
    ("verb", "corpus", "options"),
    [
        ("prune", "few.jsonl", ["--least", "1"]),
        ("extend", "new.jsonl.gz", ["--tokens", "20"]),
        ("extend", "new.jsonl.gz", ["--tokens", "20", "--rows", "similar"]),
        ("retrain", "new.jsonl.gz", ["--vocabulary", "280", "--groups", "language"]),
    ],
)
def test_a_repair_writes_a_whole_model_and_compares(made, capsys, tmp_path, verb, corpus, options):
    out = tmp_path / "out"
    arguments = [made / "tokenizer", "--corpus", made / corpus, "--corpus", made / "few.jsonl"]
    arguments += ["--model", made / "model", "-o", out]
    said = called(capsys, verb, *arguments, *options, "--executor", "serial", "--json")
    row = json.loads(said.out)
    _, names = read_checkpoint(out)
    assert names.size == row["vocabulary"][1] != row["vocabulary"][0]
    assert len(row["comparison"]["changes"]) >= 12
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]
    again = called(capsys, verb, *arguments, *options, code=2)
    assert "T054" in again.err


def test_a_repair_is_the_same_each_time(made, capsys, tmp_path):
    for name, on in (("one", "serial"), ("two", "processes")):
        arguments = [made / "tokenizer", "--corpus", made / "few.jsonl", "--model", made / "model"]
        called(capsys, "prune", *arguments, "-o", tmp_path / name, "--executor", on, "--workers", "2")
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert {"tokenizer.json", "model.safetensors", "config.json"} <= set(files)
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_killed_repair_goes_on_to_the_same_bytes(made, capsys, tmp_path):
    arguments = [made / "tokenizer", "--corpus", made / "new.jsonl.gz", "--model", made / "model", "--tokens", "20"]
    called(capsys, "extend", *arguments, "-o", tmp_path / "whole", "--executor", "serial")
    command = [sys.executable, "-m", "octavo", "tokenizer", "extend", *arguments, "-o", tmp_path / "killed"]
    killed_at_random([str(one) for one in [*command, "--executor", "serial"]], kills=4, longest=3.0, seed=0, once=True)
    for path in sorted((tmp_path / "whole").iterdir()):
        assert (tmp_path / "killed" / path.name).read_bytes() == path.read_bytes()


def test_what_is_no_tokenizer_is_one_message(capsys, tmp_path):
    said = called(capsys, "audit", tmp_path, code=2)
    assert said.err.startswith("T040")
