"""The stage adapts a checkpoint of Octavo's own to dialogues, and what comes out is such a checkpoint again."""

import json

import pytest
import torch
from families import WORDS

from octavo.finetune.settings import FinetuneSettings
from octavo.finetune.stage import STAGE, run
from octavo.kinds.dialogues import Dialogue, Message, write_dialogues
from octavo.kinds.documents import Document, write_documents
from octavo.model.checkpoint import read_checkpoint, write_checkpoint
from octavo.model.network.decoder import Decoder
from octavo.model.network.shape import DecoderShape
from octavo.spine.errors import OctavoError
from octavo.tokenizer.train import TokenizerSettings
from octavo.tokenizer.train import run as train_tokenizer


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    place = tmp_path_factory.mktemp("own")
    for name in ("documents", "tokenizer", "learning", "checkpoint", "dialogues"):
        (place / name).mkdir()
    texts = [" ".join(WORDS[(i + j) % len(WORDS)] for j in range(20)) for i in range(40)]
    write_documents(place / "documents", [Document(f"d{i}", text) for i, text in enumerate(texts)])
    settings = TokenizerSettings(vocabulary=300)
    train_tokenizer(settings, {"documents": place / "documents"}, place / "tokenizer", place / "learning")
    shape = DecoderShape(320, width=32, depth=2, heads=2, key_heads=1, head_size=16, hidden=64, positions=64)
    model = Decoder(shape)
    model.initialise(0)
    write_checkpoint(place / "checkpoint", model, place / "tokenizer", [], {"bytes_per_token": 3.0})
    asked = [(WORDS[i % len(WORDS)], WORDS[3 * i % len(WORDS)]) for i in range(30)]
    talks = [
        Dialogue(f"t{i}", (Message("user", f"<|end|> {a} {b}"), Message("assistant", a)))
        for i, (a, b) in enumerate(asked)
    ]
    write_dialogues(place / "dialogues", talks)
    return {"checkpoint": place / "checkpoint", "dialogues": place / "dialogues"}


def made(inputs, folder, **settings):
    out, scratch = folder / "out", folder / "scratch"
    out.mkdir()
    scratch.mkdir()
    run(FinetuneSettings(steps=4, rank=4, precision="float32", held_out=0.0, **settings), inputs, out, scratch)
    return out


@pytest.mark.parametrize("method", ["full", "lora", "mezo"])
def test_what_comes_out_is_a_checkpoint_that_learnt(method, inputs, tmp_path):
    out = made(inputs, tmp_path, method=method)
    model, tokenizer = read_checkpoint(out)
    before, _ = read_checkpoint(inputs["checkpoint"])
    ids = torch.tensor([tokenizer.conversation([Message("user", "river")], ask=True)[0]])
    assert not torch.equal(model.logits(ids), before.logits(ids))
    assert json.loads((out / "training.json").read_text())["method"] == method


def test_what_cannot_become_one_model_is_refused(inputs, tmp_path):
    with pytest.raises(OctavoError, match="can't become part of"):
        made(inputs, tmp_path, method="prefix")


def test_the_settings_are_documented_and_the_kinds_fit():
    assert STAGE.output == STAGE.inputs["checkpoint"] == "checkpoint"
    assert FinetuneSettings.field_docs().keys() == FinetuneSettings.model_fields.keys()
