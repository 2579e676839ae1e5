"""A tokenizer and a model from nothing but a file of text."""

import json

import pytest
from families import WORDS

from octavo.apps.from_text import train_from_text
from octavo.model.checkpoint import read_checkpoint
from octavo.spine.errors import OctavoError


def test_text_becomes_a_model_with_a_tokenizer_of_its_own(tmp_path):
    lines = [" ".join(WORDS[(i * j) % len(WORDS)] for j in range(1, 40)) for i in range(1, 60)]
    (tmp_path / "text.jsonl").write_text("".join(json.dumps({"text": line}) + "\n" for line in lines))
    (tmp_path / "scratch").mkdir()
    files = [tmp_path / "text.jsonl"]
    report = train_from_text(files, tmp_path / "out", tmp_path / "scratch", size="tiny", steps=2, precision="float32")
    model, tokenizer = read_checkpoint(tmp_path / "out")
    assert report["parameters"] == model.shape.parameters
    assert tokenizer.decode(tokenizer.encode("the river")) == "the river"


def test_a_conversation_is_refused(tmp_path):
    (tmp_path / "talk.jsonl").write_text('{"prompt": "a", "completion": "b"}\n')
    (tmp_path / "scratch").mkdir()
    with pytest.raises(OctavoError, match="this row is a conversation") as caught:
        train_from_text([tmp_path / "talk.jsonl"], tmp_path / "out", tmp_path / "scratch", size="tiny")
    assert caught.value.code == "T079"
