"""`octavo train` on files: refuses before the first step, ends in the same bytes after any kill, says what it did."""

import json
import shutil
import sys

import pytest
from click.testing import CliRunner
from families import TEXT, conversations, write_family
from killing import killed_at_random

from octavo.cli.main import main
from octavo.cli.train import command


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("train")
    write_family("qwen3", folder / "base")
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in conversations(40)))
    (folder / "general.txt").write_text(f"{TEXT}. " * 20)
    return folder


def octavo(capsys, *arguments):
    """Exit code, stdout, stderr."""
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    return ended.value.code, said.out, said.err


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_tuned_adapter_says_what_was_learnt_and_what_was_forgotten(place, tmp_path, capsys):
    out = tmp_path / "out"
    given = ["--base", place / "base", "--steps", 6, "--rank", 4, "-o", out, "--json", "--precision", "float32"]
    given += ["--general", place / "general.txt", "--replay", place / "general.txt", "--learning-rate", 0.01]
    code, said, told = octavo(capsys, "train", place / "rows.jsonl", *given)
    assert code == 0, told
    report = json.loads(said)
    assert report["method"] == "lora"
    assert report["kind"] == "adapter"
    assert report["trainable"] < report["parameters"]
    assert report["after"]["held_out_loss"] < report["before"]["held_out_loss"]
    assert report["replayed_texts"] == 1
    assert set(report["before"]) == {f"{a}_{b}" for a in ("held_out", "general") for b in ("loss", "bits_per_byte")}
    assert {"adapter_config.json", "adapter_model.safetensors", "tokenizer.json", "training.json"} <= set(files(out))
    assert str(tmp_path) not in (out / "training.json").read_text() + (out / "adapter_config.json").read_text()
    assert report["bytes_on_disk"] == sum(map(len, files(out).values()))


def test_peft_opens_what_was_written(place, tmp_path, capsys):
    from peft import PeftModel

    from octavo.model.foreign.load import offline, open_model

    given = ["--base", place / "base", "--steps", 2, "--rank", 4, "-o", tmp_path / "out", "--held-out", 0]
    assert octavo(capsys, "train", place / "rows.jsonl", *given)[0] == 0
    with offline():
        PeftModel.from_pretrained(open_model(place / "base"), tmp_path / "out")


def test_a_merged_model_is_a_base_again(place, tmp_path, capsys):
    given = ["--base", place / "base", "--steps", 2, "-o", tmp_path / "one", "--merge", "--held-out", 0]
    code, _, told = octavo(capsys, "train", place / "rows.jsonl", *given)
    assert code == 0, told
    again = ["--base", tmp_path / "one", "--method", "full", "--steps", 2, "-o", tmp_path / "two", "--held-out", 0]
    code, _, told = octavo(capsys, "train", place / "rows.jsonl", *again)
    assert code == 0, told
    assert {"config.json", "model.safetensors", "generation_config.json", "training.json"} <= set(
        files(tmp_path / "two")
    )


def refused(capsys, code, *arguments):
    ended, said, told = octavo(capsys, "train", *arguments)
    assert ended == 2
    assert not said
    assert told.startswith(code), told
    return told


def test_bad_rows_are_listed_and_left_out_only_when_that_is_said(place, tmp_path, capsys):
    rows = conversations(20)
    rows[3]["messages"][1]["content"] = " "
    rows[8]["messages"][0]["role"] = "narrator"
    (tmp_path / "bad.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    given = [tmp_path / "bad.jsonl", "--base", place / "base", "--steps", 1, "-o", tmp_path / "out", "--held-out", 0]
    told = refused(capsys, "T069", *given)
    assert "row 4 of bad.jsonl: the answer in turn 2 is empty" in told
    assert "row 9 of bad.jsonl" in told
    assert not (tmp_path / "out").exists()
    code, said, _ = octavo(capsys, "train", *given, "--bad", "drop", "--json")
    assert code == 0
    assert [row["row"] for row in json.loads(said)["left_out"]] == [4, 9]


def test_rows_that_are_too_long_are_listed_and_left_out_only_when_that_is_said(place, tmp_path, capsys):
    rows = conversations(12)
    rows[5]["messages"][0]["content"] = TEXT * 9
    rows[5].pop("id")
    (tmp_path / "long.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    given = [tmp_path / "long.jsonl", "--base", place / "base", "--steps", 1, "-o", tmp_path / "out", "--held-out", 0]
    assert "row 6 of long.jsonl" in refused(capsys, "T070", *given)
    code, said, _ = octavo(capsys, "train", *given, "--too-long", "drop", "--json")
    assert code == 0
    assert json.loads(said)["too_long"] == 1


def test_wrong_use_is_refused_before_anything_is_read(place, tmp_path, capsys):
    rows, base, out = place / "rows.jsonl", ["--base", place / "base"], ["-o", tmp_path / "out"]
    assert "lora" in refused(capsys, "T068", rows, *base, *out, "--method", "lorra")
    refused(capsys, "T073", rows, *base, *out, "--epochs", -1)
    refused(capsys, "T073", rows, *base, *out, "--rank", 0)
    refused(capsys, "T076", rows, *base, *out, "--method", "prompt", "--merge")
    refused(capsys, "T061", rows, "--base", "somebody/model", *out)
    refused(capsys, "T079", rows, "--base", "scratch", "--method", "lora", *out)
    refused(capsys, "T079", rows, "--base", "scratch", *out)
    refused(capsys, "T081", rows, *base, "-o", place)
    (tmp_path / "empty.jsonl").write_text("")
    refused(capsys, "T078", tmp_path / "empty.jsonl", *base, *out)


def test_a_base_without_a_template_wants_one(place, tmp_path, capsys):
    bare = shutil.copytree(place / "base", tmp_path / "bare")
    for path in (bare / "chat_template.jinja",):
        path.unlink()
    given = [place / "rows.jsonl", "--base", bare, "--steps", 1, "-o", tmp_path / "out", "--held-out", 0]
    assert "--template plain" in refused(capsys, "T071", *given)
    code, _, told = octavo(capsys, "train", *given, "--template", "plain")
    assert code == 0, told
    assert "Assistant" in (tmp_path / "out" / "chat_template.jinja").read_text()


@pytest.mark.parametrize("method", ["lora", "full"])
def test_killed_at_any_moment_it_ends_in_the_same_bytes(method, place, tmp_path):
    def call(out):
        given = ["--base", place / "base", "--method", method, "--steps", 8, "--rank", 2, "--precision", "float32"]
        words = [sys.executable, "-m", "octavo", "train", place / "rows.jsonl", *given, "--held-out", 0, "-o", out]
        return [str(word) for word in words]

    killed_at_random(call(tmp_path / "killed"), kills=1, longest=8.0, seed=3, once=True)
    killed_at_random(call(tmp_path / "whole"), kills=0, longest=1.0, seed=3)
    assert files(tmp_path / "killed") == files(tmp_path / "whole")
    assert not list(tmp_path.glob(".killed.*"))


def test_the_help_names_what_it_wants():
    said = CliRunner().invoke(command, ["--help"])
    assert said.exit_code == 0
    assert "--base" in said.output
