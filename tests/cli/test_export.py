"""`octavo export` on plain folders: an answer for people and for programs, and nothing half-done."""

import json

import pytest
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from octavo.cli.main import main
from octavo.kinds.documents import Document, write_documents
from octavo.model.checkpoint import write_checkpoint
from octavo.model.foreign.load import offline
from octavo.model.network.decoder import Decoder
from octavo.model.network.shape import DecoderShape
from octavo.tokenizer.train import TokenizerSettings
from octavo.tokenizer.train import run as train_tokenizer


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    place = tmp_path_factory.mktemp("export")
    text = "return an iterator of overlapping pairs taken from the input and stop when it is used up. "
    texts = [(text * 2)[i : i + 120] for i in range(60)]
    (place / "tokenizer").mkdir()
    write_documents(place, [Document(f"a.b{i}", text, "function", uses=i) for i, text in enumerate(texts)])
    train_tokenizer(TokenizerSettings(vocabulary=320), {"documents": place}, place / "tokenizer", place)
    made = Decoder(DecoderShape(320, width=64, depth=1, heads=2, key_heads=1, head_size=32, hidden=96, positions=64))
    made.initialise(0)
    write_checkpoint(place / "model", made, place / "tokenizer", [], {})
    return place / "model"


def called(capsys, *arguments, code=0):
    with pytest.raises(SystemExit) as ended:
        main(["export", *map(str, arguments)])
    said = capsys.readouterr()
    assert ended.value.code == code, said.err
    return said


def test_a_gguf_file_is_made_by_its_name(model, tmp_path, capsys):
    said = called(capsys, model, "-o", tmp_path / "m.gguf", "--dtype", "q8_0")
    assert "qwen3 as gguf, weights in q8_0" in said.out
    assert "llama.cpp itself was not run on this file" in said.out
    assert f"llama-cli -m {tmp_path / 'm.gguf'}" in said.out
    again = called(capsys, model, "-o", tmp_path / "m.gguf", code=2)
    assert "T054" in again.err


def test_a_program_gets_one_document(model, tmp_path, capsys):
    row = json.loads(called(capsys, model, "-o", tmp_path / "made", "--json").out)
    assert row["architecture"] == "Qwen3ForCausalLM"
    assert {name: one["verdict"] for name, one in row["comparisons"].items()} == {
        "read again": "same",
        "transformers": "same",
    }
    assert json.loads((tmp_path / "made" / "parity.json").read_text())["comparisons"] == row["comparisons"]


def test_an_adapter_is_merged_with_the_base_that_is_named(model, tmp_path, capsys):
    with offline():
        adapted = get_peft_model(AutoModelForCausalLM.from_pretrained(model), LoraConfig(target_modules=["q_proj"]))
        adapted.save_pretrained(tmp_path / "adapter")
    said = called(capsys, tmp_path / "adapter", "--base", model, "-o", tmp_path / "made")
    assert "merged" in said.out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["adapter", "made"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("nowhere",), "T058"),
        ((), "T058"),
        (("MODEL", "--format", "hf", "--dtype", "q8_0"), "T056"),
        (("MODEL", "--base", "MODEL"), "T056"),
        (("--project", "nowhere"), "P0"),
    ],
)
def test_wrong_use_is_one_message(model, tmp_path, capsys, arguments, code):
    arguments = [str(model) if argument == "MODEL" else argument for argument in arguments]
    assert code in called(capsys, *arguments, "-o", tmp_path / "out", code=2).err
    assert not (tmp_path / "out").exists()
