"""A checkpoint is the same bytes each time, and a damaged one is refused with a reason."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from octavo.kinds import checkpoint as kind
from octavo.model.checkpoint import read_checkpoint, write_checkpoint
from octavo.spine.errors import OctavoError


@pytest.fixture
def saved(tmp_path, model, tokenizer_folder):
    rows = [{"step": 1, "loss": 2.5, "lr": 0.1, "tokens": 10}]
    write_checkpoint(tmp_path, model, tokenizer_folder, rows, {"tokens": 10, "final_loss": 2.5})
    return tmp_path


def code_of(folder):
    with pytest.raises(OctavoError) as caught:
        read_checkpoint(folder)
    return caught.value.code


def test_it_is_of_its_kind_and_comes_back_whole(saved, model):
    kind.KIND.check(saved)
    assert kind.describe(saved)["architecture"] == "Qwen3ForCausalLM"
    read, names = read_checkpoint(saved)
    assert read.shape == model.shape
    assert names.size <= read.shape.vocabulary
    for (_, a), (_, b) in zip(model.named_parameters(), read.named_parameters(), strict=True):
        assert torch.equal(a, b)


def test_writing_twice_gives_the_same_bytes(saved, model, tokenizer_folder, tmp_path_factory):
    again = tmp_path_factory.mktemp("again")
    rows = [{"step": 1, "loss": 2.5, "lr": 0.1, "tokens": 10}]
    write_checkpoint(again, model, tokenizer_folder, rows, {"tokens": 10, "final_loss": 2.5})
    assert {p.name: p.read_bytes() for p in saved.iterdir()} == {p.name: p.read_bytes() for p in again.iterdir()}


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_weights_cut_short_are_refused(saved, share):
    data = (saved / kind.WEIGHTS).read_bytes()
    (saved / kind.WEIGHTS).write_bytes(data[: int(len(data) * share)])
    assert code_of(saved) == "T010"


def test_weights_that_are_no_numbers_are_refused(saved):
    weights = load_file(saved / kind.WEIGHTS)
    weights["model.layers.1.mlp.up_proj.weight"][3, 3] = float("nan")
    save_file(weights, saved / kind.WEIGHTS)
    assert code_of(saved) == "T012"


def test_a_missing_matrix_and_another_shape_are_refused(saved):
    weights = load_file(saved / kind.WEIGHTS)
    del weights["model.norm.weight"]
    save_file(weights, saved / kind.WEIGHTS)
    assert code_of(saved) == "T012"
    weights["model.norm.weight"] = torch.ones(3)
    save_file(weights, saved / kind.WEIGHTS)
    assert code_of(saved) == "T012"


def test_a_vocabulary_smaller_than_the_tokenizer_is_refused(saved):
    row = json.loads((saved / "config.json").read_text())
    (saved / "config.json").write_text(json.dumps({**row, "vocab_size": 100}))
    assert code_of(saved) == "T009"


def test_another_architecture_is_refused(saved):
    row = json.loads((saved / "config.json").read_text())
    (saved / "config.json").write_text(json.dumps({**row, "architectures": ["GPT2LMHeadModel"]}))
    assert code_of(saved) == "T011"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"architectures": []}'])
def test_a_damaged_configuration_is_refused(saved, text):
    (saved / "config.json").write_text(text)
    assert code_of(saved) == "T010"


def test_a_damaged_tokenizer_is_refused(saved):
    (saved / "tokenizer.json").write_text('{"model": ')
    assert code_of(saved) == "T004"


def test_weights_that_are_no_numbers_are_not_written(tmp_path, model, tokenizer_folder):
    with torch.no_grad():
        model.norm[0] = float("inf")
    with pytest.raises(OctavoError, match="not numbers"):
        write_checkpoint(tmp_path, model, tokenizer_folder, [], {})
    assert not list(tmp_path.iterdir())
