"""A local checkpoint of somebody else is opened, or refused with what is wrong with it, before anything is trained."""

import json
import shutil

import pytest
import torch
from families import FAMILIES, write_family
from safetensors.torch import load_file, save_file

from octavo.model.foreign.folder import check_folder
from octavo.model.foreign.load import check_vocabulary, context, open_model, open_tokenizer, stop_tokens
from octavo.model.foreign.packed import mask, positions
from octavo.spine.errors import OctavoError


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return write_family("llama", tmp_path_factory.mktemp("base"))


@pytest.fixture
def copy(base, tmp_path):
    return shutil.copytree(base, tmp_path / "copy")


def refused(code, folder):
    with pytest.raises(OctavoError) as caught:
        open_model(folder)
    assert caught.value.code == code
    assert caught.value.do
    return caught.value


def test_a_name_of_a_hub_is_no_folder(tmp_path):
    assert "nothing is downloaded" in refused("T061", tmp_path / "somebody" / "model").likely


def test_a_folder_without_a_configuration_is_no_model(copy):
    (copy / "config.json").write_text("[1]")
    refused("T061", copy)
    (copy / "config.json").unlink()
    refused("T061", copy)
    (copy / "adapter_config.json").write_text("{}")
    assert "adapter" in refused("T061", copy).what


def test_pickled_weights_are_refused(copy):
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    refused("T062", copy)


@pytest.mark.parametrize("left", [0, 4, 600, -1])
def test_weights_that_were_cut_short_are_refused(copy, left):
    data = (copy / "model.safetensors").read_bytes()
    (copy / "model.safetensors").write_bytes(data[:left])
    assert "cut short" in refused("T063", copy).likely


def test_a_part_that_the_index_names_must_be_there(copy):
    (copy / "model.safetensors").rename(copy / "model-00001-of-00002.safetensors")
    names = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (copy / "model.safetensors.index.json").write_text(json.dumps({"weight_map": names}))
    assert "00002-of-00002" in refused("T063", copy).likely


def test_a_missing_or_misshapen_tensor_is_refused(copy):
    weights = load_file(copy / "model.safetensors")
    name = "model.layers.1.mlp.up_proj.weight"
    save_file({n: w for n, w in weights.items() if n != name}, copy / "model.safetensors")
    assert name in refused("T063", copy).likely
    save_file({**weights, name: weights[name][:5].contiguous()}, copy / "model.safetensors")
    refused("T063", copy)


def test_weights_that_are_no_numbers_are_refused(copy):
    weights = load_file(copy / "model.safetensors")
    weights["model.norm.weight"][3] = torch.nan
    save_file(weights, copy / "model.safetensors")
    assert "model.norm.weight" in refused("T064", copy).what


def test_code_of_a_checkpoint_is_never_run(copy):
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "auto_map": {"AutoModelForCausalLM": "evil.Model"}}))
    refused("T067", copy)


def test_an_architecture_that_does_not_continue_text_is_refused(copy):
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "model_type": "never_heard_of"}))
    refused("T067", copy)


def test_a_tokenizer_must_not_have_more_tokens_than_the_model_has_rows(base):
    tokenizer = open_tokenizer(base)
    model = open_model(base)
    check_vocabulary(model, tokenizer, base)
    tokenizer.add_tokens([f"<{i}>" for i in range(9)])
    with pytest.raises(OctavoError, match="only 320 rows") as caught:
        check_vocabulary(model, tokenizer, base)
    assert caught.value.code == "T065"


def test_a_missing_tokenizer_is_refused(copy):
    for path in copy.glob("*token*"):
        path.unlink()
    with pytest.raises(OctavoError) as caught:
        open_tokenizer(copy)
    assert caught.value.code == "T066"


def test_a_base_says_where_it_stops_and_how_far_it_reads(base):
    model = open_model(base)
    assert stop_tokens(model, open_tokenizer(base)) == (0, 2)
    assert context(model) == 128
    model.config.sliding_window = 32
    assert context(model) == 32


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_opens_in_the_numbers_asked_for(family, tmp_path):
    folder = write_family(family, tmp_path)
    assert check_folder(folder)["model_type"] == family
    assert {p.dtype for p in open_model(folder, torch.bfloat16).parameters()} == {torch.bfloat16}


def test_a_mask_shows_a_token_its_own_past_and_the_virtual_tokens():
    sequences = torch.tensor([[0, 0, 1, 1, -1]])
    assert positions(sequences).tolist() == [[0, 1, 0, 1, 0]]
    seen = (mask(sequences, torch.float32, virtual=1)[0, 0] == 0).int().tolist()
    assert seen == [
        [1, 1, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0],
        [1, 0, 0, 1, 0, 0],
        [1, 0, 0, 1, 1, 0],
        [1, 0, 0, 0, 0, 1],
    ]
