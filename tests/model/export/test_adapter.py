"""An adapter and its base become one model that computes what the two did."""

import pytest
import torch
from peft import IA3Config, LoraConfig, PromptTuningConfig, get_peft_model
from transformers import AutoModelForCausalLM

from octavo.model.checkpoint import read_model
from octavo.model.export.adapter import is_adapter, merge
from octavo.model.export.publish import publish
from octavo.model.foreign.load import offline
from octavo.spine.errors import OctavoError


def adapter(base, folder, config):
    torch.manual_seed(0)
    with offline():
        model = get_peft_model(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn_like(parameter) * 0.1)
    with offline():
        model.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("dora", [False, True])
def test_a_low_rank_adapter_is_merged_and_exported(dense, tmp_path, dora):
    lora = LoraConfig(r=4, target_modules=["q_proj", "down_proj"], use_dora=dora)
    folder = adapter(dense, tmp_path / "adapter", lora)
    assert is_adapter(folder)
    found = merge(folder, tmp_path / "merged")
    assert found.same
    made = publish(tmp_path / "merged", tmp_path / "out", form="gguf", merged=found)
    assert {name: parity.verdict for name, parity in made.comparisons.items()} == {"gguf": "same", "merged": "same"}
    assert not torch.equal(read_model(tmp_path / "merged").blocks[0].down, read_model(dense).blocks[0].down)


def test_scaling_vectors_are_merged_too(dense, tmp_path):
    ia3 = IA3Config(target_modules=["k_proj", "down_proj"], feedforward_modules=["down_proj"])
    assert merge(adapter(dense, tmp_path / "adapter", ia3), tmp_path / "merged", dense).same


def test_prompts_are_refused(dense, tmp_path):
    prompt = PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=3)
    folder = adapter(dense, tmp_path / "adapter", prompt)
    with pytest.raises(OctavoError) as caught:
        merge(folder, tmp_path / "merged", dense)
    assert caught.value.code == "T057"
    assert not (tmp_path / "merged").exists()


def test_a_base_that_is_not_there_and_files_that_do_not_fit_are_refused(dense, tmp_path):
    folder = adapter(dense, tmp_path / "adapter", LoraConfig(r=4, target_modules=["q_proj"]))
    settings = (folder / "adapter_config.json").read_text()
    (folder / "adapter_config.json").write_text(settings.replace(str(dense), "some/hub-name"))
    with pytest.raises(OctavoError, match="not on this machine") as caught:
        merge(folder, tmp_path / "merged")
    assert (caught.value.code, caught.value.exit_code) == ("T057", 2)
    weights = folder / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(OctavoError, match="can't be merged"):
        merge(folder, tmp_path / "merged", dense)
    (folder / "adapter_config.json").write_text("{")
    with pytest.raises(OctavoError, match="can't be merged"):
        merge(folder, tmp_path / "merged")
