"""Repair: what was cut into kept tokens is cut as before, everything stays encodable, and a model goes on working."""

import json

import numpy as np
import pytest
import tokenizers
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_tokenizers import SENTENCES, byte_level, unigram, wordpiece

from octavo.kinds.records import write_rows
from octavo.kinds.tokenizer import SPECIAL_TOKENS
from octavo.model.checkpoint import read_checkpoint, write_checkpoint
from octavo.model.network.decoder import Decoder
from octavo.model.network.shape import DecoderShape
from octavo.model.tokenizer import Tokenizer
from octavo.spine.errors import OctavoError
from octavo.tokenizer.audit.open import Opened, open_tokenizer
from octavo.tokenizer.audit.usage import count_usage
from octavo.tokenizer.learn.terms import Terms
from octavo.tokenizer.repair.deliver import check_place, deliver
from octavo.tokenizer.repair.extend import extend
from octavo.tokenizer.repair.prune import prune
from octavo.tokenizer.repair.retrain import retrain
from octavo.tokenizer.repair.similar import similar
from octavo.tokenizer.train import config

NEW = [
    "die Straße nach Größenwahn",
    "война и мирное время",
    "der lazy Hund schläft",
    "the lazy dogs of the lazy houses",
] * 5
TEXTS = st.lists(
    st.sampled_from([*" ".join(SENTENCES[:5] + NEW[:4]).split(), " ", "\n", "ж", "👍", "x9", "<|end|>"])
).map(" ".join) | st.text(max_size=40)
MADE = {"bpe": byte_level(), "wordpiece": wordpiece(), "unigram": unigram()}


def opened(made, path="none"):
    return Opened(path, tokenizers.Tokenizer.from_str(made.to_str()), "tokenizer.json")


def again(repaired):
    return Opened("none", tokenizers.Tokenizer.from_str(json.dumps(repaired.row)), "tokenizer.json")


def pruned(name, texts=SENTENCES[:2]):
    old = opened(MADE[name])
    counts = np.zeros(old.top, dtype=np.int64)
    for text in texts:
        np.add.at(counts, old.encode(text), 1)
    return old, prune(old, counts)


PRUNED = {name: pruned(name) for name in MADE}
NEWER = {name: again(repaired) for name, (_, repaired) in PRUNED.items()}


@pytest.mark.parametrize("name", MADE)
def test_pruning_takes_tokens_out(name):
    old, repaired = PRUNED[name]
    assert NEWER[name].size == old.size - len(repaired.removed) < old.size
    assert [NEWER[name].pieces[n] for n in range(NEWER[name].top)] == repaired.pieces


@pytest.mark.parametrize("name", MADE)
@settings(deadline=None)
@given(text=TEXTS)
def test_text_of_kept_tokens_is_cut_as_before(name, text):
    (old, repaired), new = PRUNED[name], NEWER[name]
    text = text.encode("utf-8", "replace").decode()
    before = [old.pieces[n] for n in old.encode(text)]
    after = [new.pieces[n] for n in new.encode(text)]
    if not set(before) & set(repaired.removed):
        assert after == before
    # and what was known stays known
    assert after.count("[UNK]") + after.count("<unk>") <= before.count("[UNK]") + before.count("<unk>")
    if name == "bpe":
        assert new.decode(new.encode(text)) == text


@pytest.mark.parametrize("name", MADE)
def test_the_corpus_that_was_pruned_for_is_cut_as_before(name):
    (old, _), new = PRUNED[name], NEWER[name]
    for text in SENTENCES[:2]:
        assert [old.pieces[n] for n in old.encode(text)] == [new.pieces[n] for n in new.encode(text)]


def test_what_is_put_around_a_text_is_numbered_anew():
    old, new = PRUNED["wordpiece"][0].inner, NEWER["wordpiece"].inner
    assert new.encode("the dog").tokens == old.encode("the dog").tokens
    assert new.encode("the dog").ids[-1] == new.token_to_id("[SEP]")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A tokenizer, a corpus of another kind of text, and a small model of that tokenizer with three rows to spare."""
    place = tmp_path_factory.mktemp("world")
    folder = place / "old"
    folder.mkdir()
    byte_level().save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps(config()))
    write_rows(place / "new.jsonl", [{"id": str(n), "text": text} for n, text in enumerate(NEW)])
    write_rows(place / "few.jsonl", [{"id": str(n), "text": text} for n, text in enumerate(SENTENCES[:2])])
    shape = DecoderShape(
        open_tokenizer(folder).size + 3, width=32, depth=2, heads=2, key_heads=1, head_size=16, hidden=64, positions=64
    )
    model = Decoder(shape)
    model.initialise(0)
    (place / "model").mkdir()
    write_checkpoint(place / "model", model, folder, [{"step": 1, "loss": 1.0}], {"steps": 1})
    return place


@pytest.fixture(scope="module")
def longer(world, tmp_path_factory):
    old = open_tokenizer(world / "old")
    repaired = extend(old, [world / "new.jsonl"], tmp_path_factory.mktemp("work"), tokens=60, on="serial")
    return old, repaired, again(repaired)


def test_extending_adds_tokens_that_shorten_the_new_text(longer):
    old, repaired, new = longer
    assert 20 < len(repaired.added) <= 60
    assert sum(new.lengths(NEW)) < 0.8 * sum(old.lengths(NEW))
    assert new.pieces[: old.top] == old.pieces


@settings(deadline=None)
@given(text=TEXTS)
def test_the_new_tokens_of_any_text_are_its_old_ones_joined(longer, text):
    old, repaired, new = longer
    text = text.encode("utf-8", "replace").decode()
    ids = new.encode(text)
    assert [part for number in ids for part in repaired.sources[number]] == old.encode(text)
    if all(number < old.top for number in ids):
        assert ids == old.encode(text)
    assert new.decode(ids) == text


def test_merges_are_learnt_alike_on_every_executor(world, tmp_path):
    old = open_tokenizer(world / "old")
    rows = [
        extend(old, [world / "new.jsonl"], tmp_path / on, tokens=40, on=on, workers=2).row
        for on in ("serial", "processes")
    ]
    assert rows[0] == rows[1]


def test_only_a_bpe_is_extended_by_merges(tmp_path):
    with pytest.raises(OctavoError) as failure:
        extend(opened(MADE["unigram"]), [], tmp_path, tokens=3)
    assert failure.value.code == "T051"


def logits(folder, text):
    model, names = read_checkpoint(folder)
    with torch.no_grad():
        return names.encode(text), model.logits(torch.tensor([names.encode(text)]))[0]


def test_an_extended_checkpoint_gives_old_text_the_same_logits(world, longer, tmp_path):
    old, repaired, _ = longer
    outcome = deliver(old, repaired, tmp_path / "out", tmp_path, model=world / "model")
    text = "the quick brown fox jumps over"
    before_ids, before = logits(world / "model", text)
    after_ids, after = logits(tmp_path / "out", text)
    assert after_ids == before_ids
    assert torch.allclose(after[:, : old.top], before[:, : old.top], atol=1e-5, rtol=1e-5)
    assert outcome.rows == {"copied": old.top, "mixed": len(repaired.added), "dropped": 0}
    assert outcome.comparison.vocabulary == (old.size, old.size + len(repaired.added))


def test_new_rows_are_the_mean_of_what_they_replace(world, longer, tmp_path):
    old, repaired, _ = longer
    deliver(old, repaired, tmp_path / "out", tmp_path, model=world / "model")
    before, after = (read_checkpoint(folder)[0].embedding.detach() for folder in (world / "model", tmp_path / "out"))
    for number, source in enumerate(repaired.sources):
        assert torch.allclose(after[number], before[source].mean(0), atol=1e-6)
    # the spare rows stand behind the last token
    assert torch.equal(after[-3:], before[-3:])
    assert len(after) == len(repaired.sources) + 3


def test_rows_may_come_from_tokens_that_are_used_alike(world, tmp_path):
    old = open_tokenizer(world / "old")
    repaired = extend(old, [world / "new.jsonl"], tmp_path / "work", tokens=12, on="serial")
    new = again(repaired)
    found = similar(old, repaired, [world / "new.jsonl"], tmp_path)
    assert found == similar(old, repaired, [world / "new.jsonl"], tmp_path)
    used = {number for text in NEW for number in new.encode(text)}
    for number, (sources, weights) in enumerate(found):
        if number < old.top:
            assert list(sources) == [number]
        elif number in used:
            assert weights is not None
            assert len(sources) == 8
            assert all(source < old.top for source in sources)
    deliver(old, repaired, tmp_path / "out", tmp_path, model=world / "model", weighted=found)
    read_checkpoint(tmp_path / "out")


def test_a_pruned_checkpoint_gives_kept_tokens_the_same_logits(world, tmp_path):
    old = open_tokenizer(world / "old")
    usage = count_usage(world / "old", [world / "few.jsonl"], tmp_path / "counts", on="serial")
    repaired = prune(old, usage.counts)
    deliver(old, repaired, tmp_path / "out", tmp_path, model=world / "model")
    text = SENTENCES[0]
    before_ids, before = logits(world / "model", text)
    after_ids, after = logits(tmp_path / "out", text)
    kept = [source for (source,) in repaired.sources]
    assert [kept[number] for number in after_ids] == before_ids
    assert torch.allclose(after[:, : len(kept)], before[:, kept], atol=1e-5, rtol=1e-5)
    assert read_checkpoint(tmp_path / "out")[1].size < old.size


@settings(deadline=None)
@given(text=TEXTS, token=st.sampled_from(SPECIAL_TOKENS))
def test_special_text_never_becomes_a_special_token_of_a_repaired_tokenizer(longer, text, token):
    text = text.encode("utf-8", "replace").decode()
    for new in (NEWER["bpe"], longer[2]):
        special = {new.inner.token_to_id(one) for one in SPECIAL_TOKENS}
        assert not special & set(new.encode(text + token + text))


def test_the_repaired_tokenizer_serves_octavos_own_models(world, longer, tmp_path):
    old, repaired, _ = longer
    deliver(old, repaired, tmp_path / "out", tmp_path)
    names = Tokenizer(tmp_path / "out")
    assert names.end_of_text == 0
    assert names.decode(names.encode("a<|end|>b")) == "a<|end|>b"
    assert names.end_of_turn not in names.encode("a<|end|>b")


def test_retraining_moves_a_checkpoint_to_the_new_tokenizer(world, tmp_path):
    old = open_tokenizer(world / "old")
    repaired = retrain(old, [world / "new.jsonl"], tmp_path / "work", Terms(vocabulary=300), on="serial")
    outcome = deliver(old, repaired, tmp_path / "out", tmp_path, model=world / "model")
    before, after = (read_checkpoint(folder)[0].embedding.detach() for folder in (world / "model", tmp_path / "out"))
    new = open_tokenizer(tmp_path / "out")
    for number in range(new.top):
        if new.pieces[number] in old.pieces:
            assert torch.equal(after[number], before[old.pieces.index(new.pieces[number])])
        else:
            assert torch.allclose(after[number], before[repaired.sources[number]].mean(0), atol=1e-6)
    assert outcome.rows["copied"] > 256
    assert sum(new.lengths(NEW)) < sum(old.lengths(NEW))


def test_a_folder_that_holds_something_is_not_written_over(world, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OctavoError) as failure:
        check_place(tmp_path, [world / "old"])
    assert failure.value.code == "T054"
    with pytest.raises(OctavoError) as failure:
        check_place(world / "old", [world / "old"])
    assert failure.value.code == "D020"
