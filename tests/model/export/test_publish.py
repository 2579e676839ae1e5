"""What is exported computes what the model computes, or does not appear."""

import json
from unicodedata import normalize

import gguf
import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel

from octavo.model.checkpoint import read_checkpoint, read_model
from octavo.model.export import publish as module
from octavo.model.export.publish import publish
from octavo.model.export.vocabulary import SAMPLES, WORDS, read_vocabulary, rebuilt
from octavo.model.export.weights import read_decoder
from octavo.spine.errors import OctavoError
from octavo.tokenizer.learn.cuts import PATTERN


def code_of(call, *arguments, **named):
    with pytest.raises(OctavoError) as caught:
        call(*arguments, **named)
    return caught.value.code


@pytest.mark.parametrize("dtype", ["f32", "f16", "bf16", "q8_0"])
def test_a_gguf_file_read_back_computes_the_same(source, family, tmp_path, dtype):
    made = publish(source, tmp_path / "out", form="gguf", dtype=dtype)
    assert made.comparisons["gguf"].same
    assert made.facts["architecture"] == family
    assert made.facts["encodings_compared"] == 2 * len(SAMPLES)
    again, _ = read_decoder(tmp_path / "out" / f"model-{dtype}.gguf")
    shape = read_model(source).shape
    # float32 is what the fields for the rotation and the norms hold.
    assert again.shape.rope_base == pytest.approx(shape.rope_base)
    assert (again.shape.tied, again.shape.qk_norm, again.shape.experts) == (shape.tied, shape.qk_norm, shape.experts)
    if dtype == "f32":
        for a, b in zip(read_model(source).parameters(), again.parameters(), strict=True):
            assert torch.equal(a, b)


def test_the_matrices_of_a_gguf_file_are_in_the_numbers_asked_for(source, tmp_path):
    publish(source, tmp_path / "out.gguf", form="gguf", dtype="q8_0")
    for tensor in gguf.GGUFReader(tmp_path / "out.gguf").tensors:
        vector = len(tensor.shape) == 1 or "gate_inp" in tensor.name
        assert tensor.tensor_type.name == ("F32" if vector else "Q8_0"), tensor.name
    record = json.loads((tmp_path / "out.parity.json").read_text())
    assert record["comparisons"]["gguf"]["verdict"] == "same"
    assert any("llama.cpp" in note for note in record["not_checked"])


@pytest.mark.parametrize("dtype", ["", "bf16", "f16"])
def test_a_folder_is_read_alike_by_octavo_and_by_transformers(source, tmp_path, dtype):
    made = publish(source, tmp_path / "out", form="hf", dtype=dtype)
    assert {name: parity.verdict for name, parity in made.comparisons.items()} == {
        "read again": "same",
        "transformers": "same",
    }
    assert made.dtype == (dtype or "f32")
    _, names = read_checkpoint(tmp_path / "out")
    assert names.size == 320
    # What was rounded once is exported again without any further difference.
    again = publish(tmp_path / "out", tmp_path / "again", form="hf")
    assert again.comparisons["read again"].max_difference == 0


def test_exporting_twice_gives_the_same_bytes(dense, tmp_path):
    for form in ("hf", "gguf"):
        for name in ("a", "b"):
            publish(dense, tmp_path / form / name, form=form)
        a, b = ({p.name: p.read_bytes() for p in (tmp_path / form / name).iterdir()} for name in ("a", "b"))
        assert a == b


def test_what_computes_something_else_does_not_appear(dense, tmp_path, monkeypatch):
    """As if the file had been damaged between writing and reading."""
    plain = module.to_hugging_face

    def damaged(model, dtype):
        weights = {name: tensor.clone() for name, tensor in plain(model, dtype).items()}
        weights["model.layers.1.mlp.down_proj.weight"] *= 1.01
        return weights

    monkeypatch.setattr(module, "to_hugging_face", damaged)
    assert code_of(publish, dense, tmp_path / "out", form="hf") == "T041"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dense"]


def test_leftovers_of_a_killed_export_do_not_matter(dense, tmp_path):
    left = tmp_path / ".out.partial"
    left.mkdir()
    (left / "model-f32.gguf").write_bytes(b"GGUF cut short")
    publish(dense, tmp_path / "out", form="gguf")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["model-f32.gguf", "parity.json"]
    assert not left.exists()


def test_wrong_use_is_refused_before_anything_is_read(tmp_path):
    (tmp_path / "there").mkdir()
    nowhere = tmp_path / "nowhere"
    assert code_of(publish, nowhere, tmp_path / "there") == "T054"
    assert code_of(publish, nowhere, tmp_path / "out", form="hf", dtype="q8_0") == "T056"
    assert code_of(publish, nowhere, tmp_path / "out.gguf", form="hf") == "T056"
    assert code_of(publish, nowhere, tmp_path / "out") == "T010"


@pytest.fixture
def foreign(tmp_path, machine):
    torch.manual_seed(0)
    config = GPT2Config(n_embd=32, n_layer=2, n_head=2, vocab_size=90, n_positions=48)
    GPT2LMHeadModel(config).save_pretrained(tmp_path / "gpt2")
    return tmp_path / "gpt2"


def test_another_architecture_is_exported_as_a_folder_and_refused_as_gguf_by_name(foreign, tmp_path):
    made = publish(foreign, tmp_path / "out", form="hf", dtype="bf16")
    assert made.comparisons["transformers"].same
    with pytest.raises(OctavoError, match="GPT2LMHeadModel") as caught:
        publish(foreign, tmp_path / "other", form="gguf")
    assert caught.value.code == "T048"


def test_shares_that_do_not_sum_to_one_have_no_form_in_gguf(dense, tmp_path):
    from octavo.model.checkpoint import write_checkpoint
    from octavo.model.network.decoder import Decoder
    from octavo.model.network.shape import DecoderShape

    shape = DecoderShape(320, 64, 1, 2, 1, 32, 32, 64, experts=3, active=2, shares_sum_to_one=False)
    model = Decoder(shape)
    model.initialise(0)
    write_checkpoint(tmp_path / "raw", model, dense, [], {})
    assert code_of(publish, tmp_path / "raw", tmp_path / "out", form="gguf") == "T048"


def test_a_damaged_gguf_file_is_refused(dense, tmp_path):
    publish(dense, tmp_path / "m.gguf", form="gguf")
    whole = (tmp_path / "m.gguf").read_bytes()
    (tmp_path / "m.gguf").write_bytes(whole[: len(whole) // 2])
    assert code_of(read_decoder, tmp_path / "m.gguf") == "T048"
    writer = gguf.GGUFWriter(tmp_path / "other.gguf", "gpt2")
    writer.add_tensor("x", np.zeros(3, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert code_of(read_decoder, tmp_path / "other.gguf") == "T048"


def test_the_rule_for_words_that_octavo_learns_with_has_a_name_in_llama_cpp():
    assert WORDS[PATTERN] == "qwen2"


def test_the_vocabulary_is_filled_up_to_the_rows_of_the_model(dense):
    vocabulary = read_vocabulary(dense, 400)
    assert len(vocabulary.tokens) == len(set(vocabulary.tokens)) == 400
    assert vocabulary.special["eos"] == vocabulary.tokens.index("<|end|>")
    assert vocabulary.special["bos"] == vocabulary.tokens.index("<|endoftext|>")
    assert not vocabulary.begins
    assert "add_generation_prompt" in vocabulary.template
    assert code_of(read_vocabulary, dense, 300) == "T049"


@pytest.mark.parametrize("rule", ["llama", "gpt2", "qwen3 with NFC"])
def test_tokenizers_of_other_families_are_written_or_refused(tmp_path, rule):
    from tokenizers import Regex, normalizers, processors

    from octavo.model.export.vocabulary import LLAMA3, QWEN2

    tokens = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: place for place, token in enumerate([*tokens, "he", "<s>"])}
    tokenizer = Tokenizer(models.BPE(vocabulary, [("h", "e")], ignore_merges=rule == "llama"))
    tokenizer.add_special_tokens(["<s>"])
    if rule == "gpt2":
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    else:
        cut = pre_tokenizers.Split(Regex(LLAMA3 if rule == "llama" else QWEN2), behavior="isolated")
        level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([cut, level])
    if rule == "llama":
        tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 257)])
    if "NFC" in rule:
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "tokenizer_config.json").write_text('{"bos_token": "<s>"}')
    found = read_vocabulary(tmp_path, 260)
    assert found.words == {"llama": "llama-bpe", "gpt2": "gpt-2"}.get(rule, "qwen2")
    assert found.begins == (rule == "llama")
    assert bool(found.note) == ("NFC" in rule)
    fields = {
        "tokenizer.ggml.tokens": list(found.tokens),
        "tokenizer.ggml.token_type": list(found.kinds),
        "tokenizer.ggml.pre": found.words,
        "tokenizer.ggml.merges": list(found.merges),
    }
    for text in (normalize("NFC", sample) for sample in SAMPLES[:3]):
        assert rebuilt(fields).encode(text).ids == tokenizer.encode(text, add_special_tokens=False).ids


@pytest.mark.parametrize(
    "change",
    [
        lambda row: row["pre_tokenizer"]["pretokenizers"][0]["pattern"].update(Regex=r"\w+"),
        lambda row: row["model"].update(type="WordPiece"),
        lambda row: row["model"].update(ignore_merges=True),
        lambda row: row.update(normalizer={"type": "Lowercase"}),
        lambda row: row["model"].update(byte_fallback=True),
        lambda row: row.pop("model"),
    ],
)
def test_a_tokenizer_that_llama_cpp_would_read_otherwise_is_refused(dense, tmp_path, change):
    path = dense / "tokenizer.json"
    row = json.loads(path.read_text())
    change(row)
    path.write_text(json.dumps(row))
    assert code_of(read_vocabulary, dense, 320) == "T049"


def test_a_tokenizer_with_more_tokens_than_rows_is_refused(dense, tmp_path):
    row = json.loads((dense / "tokenizer.json").read_text())
    row["added_tokens"].append({**row["added_tokens"][0], "id": 500, "content": "<|more|>"})
    row["model"]["vocab"]["<|more|>"] = 500
    (dense / "tokenizer.json").write_text(json.dumps(row))
    for form in ("hf", "gguf"):
        assert code_of(publish, dense, tmp_path / form, form=form) == "T009"
