"""A checkpoint is the same bytes each time, and a damaged one is refused with a reason."""

import json
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from octavo.kinds import checkpoint as kind
from octavo.model import stored
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


def test_it_may_be_stored_in_half_the_bytes(tmp_path, saved, model, tokenizer_folder):
    half = tmp_path / "half"
    write_checkpoint(half, model, tokenizer_folder, [], {}, dtype="bfloat16")
    assert (half / kind.WEIGHTS).stat().st_size < 0.6 * (saved / kind.WEIGHTS).stat().st_size
    read, _ = read_checkpoint(half)
    for a, b in zip(model.parameters(), read.parameters(), strict=True):
        assert b.dtype == torch.float32
        assert torch.equal(a.bfloat16().float(), b)


def test_what_a_number_format_cannot_hold_is_not_written(tmp_path, model, tokenizer_folder):
    with torch.no_grad():
        model.norm[0] = 1e6
    with pytest.raises(OctavoError, match="not numbers"):
        write_checkpoint(tmp_path, model, tokenizer_folder, [], {}, dtype="float16")


def test_a_tensor_that_has_no_place_is_refused(saved):
    weights = load_file(saved / kind.WEIGHTS)
    weights["model.layers.0.self_attn.q_proj.bias"] = torch.zeros(64)
    save_file(weights, saved / kind.WEIGHTS)
    assert code_of(saved) == "T012"


def test_quantised_weights_are_refused(saved):
    weights = load_file(saved / kind.WEIGHTS)
    name = "model.layers.0.mlp.up_proj.weight"
    save_file({**weights, name: weights[name].to(torch.int8)}, saved / kind.WEIGHTS)
    assert code_of(saved) == "T012"


@pytest.mark.parametrize(
    "change",
    [
        {"attention_bias": True},
        {"hidden_act": "gelu"},
        {"use_sliding_window": True},
        {"rope_scaling": {"rope_type": "yarn", "factor": 4.0}},
        {"rope_parameters": {"rope_type": "llama3", "rope_theta": 5e5}},
        {"quantization_config": {"bits": 4}},
    ],
)
def test_a_variant_that_is_not_computed_is_refused_by_name(saved, change):
    row = json.loads((saved / "config.json").read_text())
    (saved / "config.json").write_text(json.dumps({**row, **change}))
    with pytest.raises(OctavoError, match=next(iter(change)).removesuffix("_scaling").removesuffix("_parameters")) as e:
        read_checkpoint(saved)
    assert e.value.code == "T011"


@pytest.mark.parametrize("change", [{"hidden_size": 0}, {"num_key_value_heads": 3}, {"num_hidden_layers": "two"}])
def test_sizes_that_make_no_model_are_refused(saved, change):
    row = json.loads((saved / "config.json").read_text())
    (saved / "config.json").write_text(json.dumps({**row, **change}))
    assert code_of(saved) == "T010"


def test_a_model_larger_than_the_memory_is_refused_before_it_is_read(saved, monkeypatch, tmp_path):
    small = tmp_path / "meminfo"
    small.write_text("MemTotal: 9 kB\nMemAvailable: 9 kB\n")
    monkeypatch.setattr(stored, "MEMINFO", small)
    assert code_of(saved) == "T055"


def test_a_configuration_of_a_giant_is_refused_without_trying_to_hold_it(saved):
    row = json.loads((saved / "config.json").read_text())
    (saved / "config.json").write_text(json.dumps({**row, "vocab_size": 10**12}))
    assert code_of(saved) == "T012"


def test_files_outside_of_the_folder_are_not_read(saved):
    (saved / kind.WEIGHTS).rename(saved.parent / "elsewhere.safetensors")
    index = {"weight_map": {"model.norm.weight": "../elsewhere.safetensors"}}
    (saved / "model.safetensors.index.json").write_text(json.dumps(index))
    assert code_of(saved) == "T010"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_folder_is_refused_or_as_it_was(saved, model, data):
    """A byte changed in the header or a cut anywhere: a refusal with a code or the same shapes, never a traceback."""
    path = saved / kind.WEIGHTS
    whole = path.read_bytes()
    header = 8 + int.from_bytes(whole[:8], "little")
    place = data.draw(st.integers(0, header - 1))
    changed = bytearray(whole)
    changed[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.none(), st.integers(0, len(whole) - 1)))
    path.write_bytes(bytes(changed[:cut]))
    try:
        read, code = read_checkpoint(saved)[0], ""
    except OctavoError as error:
        read, code = None, error.code
    finally:
        path.write_bytes(whole)
    if read is None:
        assert code in ("T010", "T012", "T055")
    else:
        assert (read.shape, cut) == (model.shape, None)


WRITE = """
import sys
from pathlib import Path
from octavo.model.checkpoint import read_model, write_checkpoint
source, out = Path(sys.argv[1]), Path(sys.argv[2])
model = read_model(source)
for _ in range(400):
    write_checkpoint(out, model, source, [], {})
"""


def test_a_checkpoint_that_was_cut_off_is_never_taken_for_one(saved, tmp_path):
    """Whenever the writer is killed there is a whole checkpoint or one without a configuration, and nothing else."""
    out = tmp_path / "out"
    moments = random.Random(0)
    missing = 0
    writer = subprocess.Popen([sys.executable, "-c", WRITE, str(saved), str(out)])
    try:
        while not (out / "config.json").exists():
            assert writer.poll() is None
            time.sleep(0.01)
        for _ in range(15):
            time.sleep(moments.uniform(0, 0.1))
            writer.send_signal(signal.SIGSTOP)  # what is on the disk now is what a kill would leave
            copy = shutil.copytree(out, tmp_path / "copy", dirs_exist_ok=True)
            if not (out / "config.json").exists():
                missing += 1
                (copy / "config.json").unlink(missing_ok=True)
                assert code_of(copy) == "T010"
            else:
                read_checkpoint(copy)
            writer.send_signal(signal.SIGCONT)
    finally:
        writer.kill()
        writer.wait()
    assert missing > 0, "the writer was never caught in the middle"
