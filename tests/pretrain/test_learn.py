"""Pretraining from documents to a checkpoint: reproducible, resumable, without what is held out."""

import json

import pytest

from octavo.kinds import checkpoint as kind
from octavo.kinds.documents import Document, held_out, write_documents
from octavo.model.checkpoint import read_checkpoint
from octavo.model.likelihood import bits_per_byte, score_texts
from octavo.model.tokenizer import Tokenizer
from octavo.model.training.text import shuffled, text_tokens
from octavo.pretrain.learn import PretrainSettings, run, turn
from octavo.spine.errors import OctavoError
from octavo.tokenizer.train import TokenizerSettings
from octavo.tokenizer.train import run as train_tokenizer

SENTENCE = "Return an iterator of overlapping pairs taken from the input iterable number {}. "


def some_documents(count=80):
    return [
        Document(f"m.f{i}", SENTENCE.format(i) * (1 + i % 3), "function", signature="(x)", uses=i) for i in range(count)
    ]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    documents, tokenizer = tmp_path_factory.mktemp("documents"), tmp_path_factory.mktemp("tokenizer")
    write_documents(documents, some_documents())
    train_tokenizer(TokenizerSettings(size="tiny"), {"documents": documents}, tokenizer, tokenizer)
    return {"documents": documents, "tokenizer": tokenizer}


def trained(inputs, folder, **settings):
    out, scratch = folder / "out", folder / "scratch"
    out.mkdir(parents=True)
    scratch.mkdir(exist_ok=True)
    run(PretrainSettings(size="tiny", **settings), inputs, out, scratch)
    return out


def bytes_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_mixture_of_experts_learns_them_too(inputs, tmp_path):
    out = trained(inputs, tmp_path, steps=10, experts=4)
    assert kind.describe(out)["architecture"] == "Qwen3MoeForCausalLM"
    rows = [json.loads(line) for line in (out / kind.TRAINING).read_text().splitlines()]
    assert rows[-1]["loss"] < 0.9 * rows[0]["loss"]
    assert any("4 a block, 2 active" in line for line in json.loads((out / kind.SUMMARY).read_text())["derivation"])
    model, _ = read_checkpoint(out)
    assert (model.shape.experts, model.shape.active) == (4, 2)


def test_a_tiny_model_learns_its_documents(inputs, tmp_path):
    out = trained(inputs, tmp_path, steps=40)
    kind.KIND.check(out)
    rows = [json.loads(line) for line in (out / kind.TRAINING).read_text().splitlines()]
    assert rows[-1]["loss"] < 0.5 * rows[0]["loss"]
    assert len(rows) == 40
    facts = kind.describe(out)
    assert facts["tokens"] == rows[-1]["tokens"]
    assert facts["final_loss"] == pytest.approx(rows[-1]["loss"], rel=0.2)
    model, tokenizer = read_checkpoint(out)
    known = bits_per_byte(score_texts(model, tokenizer, ["m.f1(x)\n\n" + SENTENCE.format(1)]))
    assert known < 2 < bits_per_byte(score_texts(model, tokenizer, ["zq9 Xw vk!! jjj 77"]))


def test_the_checkpoint_says_what_it_learnt_from_and_when(inputs, tmp_path):
    seen = list(kind.read_seen(trained(inputs, tmp_path, steps=3)))
    assert {one.id for one in seen} == {d.id for d in some_documents() if not held_out(d.id)}
    assert [one.tokens[0] for one in seen[1:]] == [one.tokens[1] for one in seen[:-1]]
    assert {step for one in seen for step in one.steps} == {0, 1, 2}


def test_the_same_settings_give_the_same_bytes_and_another_seed_others(inputs, tmp_path):
    first, second, other = (
        trained(inputs, tmp_path / name, steps=4, seed=seed) for name, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    assert bytes_of(first) == bytes_of(second)
    assert bytes_of(first)["model.safetensors"] != bytes_of(other)["model.safetensors"]


def test_a_run_begun_again_uses_what_was_saved(inputs, tmp_path):
    once = bytes_of(trained(inputs, tmp_path / "once", steps=6))
    (tmp_path / "twice").mkdir()
    half = trained(inputs, tmp_path / "twice", steps=6)
    half.rename(tmp_path / "twice" / "old")
    assert bytes_of(trained(inputs, tmp_path / "twice", steps=6)) == once


def test_held_out_documents_are_not_learnt_and_the_seed_decides_the_order(inputs):
    chosen = shuffled(inputs["documents"], 0)
    assert not any(held_out(document.id) for document in chosen)
    assert chosen == shuffled(inputs["documents"], 0)
    assert chosen != shuffled(inputs["documents"], 1)
    assert sorted(d.id for d in chosen) == sorted(d.id for d in shuffled(inputs["documents"], 1))


def test_a_small_budget_takes_a_sample_of_the_documents(tmp_path, tmp_path_factory):
    folder, scratch = tmp_path_factory.mktemp("many"), tmp_path_factory.mktemp("scratch")
    write_documents(folder, some_documents(5000))
    train_tokenizer(TokenizerSettings(size="tiny"), {"documents": folder}, tmp_path, tmp_path)
    tokenizer = Tokenizer(tmp_path)
    settings = PretrainSettings(size="tiny", tokens=20_000)
    tokens, size = text_tokens(folder, tokenizer, turn(settings, tokenizer.size).tokens, 0, scratch)
    assert len(tokens) < 4000
    first = tokenizer.decode(tokens.ids[tokens.starts[0] : tokens.starts[1]].tolist())
    assert first.startswith(shuffled(folder, 0)[0].id)
    assert size > 20_000


def test_settings_override_the_dial(inputs):
    turned = turn(PretrainSettings(size="tiny", sequence=64, batch=3, learning_rate=0.5, tokens=999), 300)
    assert (turned.sequence, turned.batch, turned.learning_rate, turned.tokens) == (64, 3, 0.5, 999)
    assert turned.vocabulary == 320
    with pytest.raises(OctavoError, match="negative"):
        turn(PretrainSettings(batch=-1), 300)


def test_no_text_is_refused(inputs, tmp_path):
    write_documents(tmp_path, [])
    with pytest.raises(OctavoError) as caught:
        trained({**inputs, "documents": tmp_path}, tmp_path / "run")
    assert caught.value.code == "T016"


def test_one_short_document_is_enough(inputs, tmp_path):
    write_documents(tmp_path, [Document("a.md", "Hi.", title="A")])
    kind.KIND.check(trained({**inputs, "documents": tmp_path}, tmp_path / "run"))
