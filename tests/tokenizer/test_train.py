"""The tokenizer gives every text back, is learnt the same each time, and never sees what is held out."""

import json
import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octavo.kinds import tokenizer as kind
from octavo.kinds.documents import Document, held_out, write_documents
from octavo.model.prompt import training_text
from octavo.model.tokenizer import Tokenizer
from octavo.spine.errors import OctavoError
from octavo.tokenizer.train import TokenizerSettings, run, sample

SENTENCES = (
    "Return an iterator of overlapping pairs taken from the input. ",
    "Größe und Maß: 你好, мир! 🙂 ",
    "    >>> f(1234567890)\n    [1, 22, 333]\n",
    "The quick brown fox has <|end|> of jokes.\n\n",
)


def documents(folder, count=200):
    folder.mkdir(parents=True, exist_ok=True)
    made = [
        Document(
            f"m.f{i}", "".join(SENTENCES[(i * k) % 4] for k in range(1, 6)) + str(i * i), "function", signature="(x)"
        )
        for i in range(count)
    ]
    write_documents(folder, made)
    return folder


def trained(folder, out, **settings):
    out.mkdir()
    run(TokenizerSettings(**settings), {"documents": folder}, out, out)
    return out


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    base = tmp_path_factory.mktemp("tokenizer")
    return trained(documents(base / "documents"), base / "out", vocabulary=340)


def test_it_is_of_its_kind_with_the_special_tokens_first(folder):
    kind.KIND.check(folder)
    vocabulary = json.loads((folder / kind.TOKENIZER).read_text())["model"]["vocab"]
    assert [vocabulary[token] for token in kind.SPECIAL_TOKENS] == [0, 1, 2, 3, 4]
    assert len(vocabulary) == 340
    assert json.loads((folder / kind.CONFIG).read_text())["chat_template"] == kind.CHAT_TEMPLATE


@settings(max_examples=200, deadline=None)
@given(text=st.text())
def test_any_unicode_text_comes_back(folder, text):
    tokenizer = Tokenizer(folder)
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_every_digit_stands_alone(folder):
    tokenizer = Tokenizer(folder)
    assert len(tokenizer.encode("0123456789" * 3)) == 30


@pytest.mark.parametrize("threads", ["1", "2", "7"])
def test_the_bytes_do_not_depend_on_run_or_threads(folder, tmp_path, threads):
    source = documents(tmp_path / "documents")
    script = (
        "import sys; from pathlib import Path; from octavo.tokenizer.train import *;"
        "run(TokenizerSettings(vocabulary=340), {'documents': Path(sys.argv[1])}, Path(sys.argv[2]), Path(sys.argv[2]))"
    )
    environment = {**os.environ, "RAYON_NUM_THREADS": threads, "PYTHONHASHSEED": threads}
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run([sys.executable, "-c", script, str(source), str(out)], check=True, env=environment)
    assert {p.name: p.read_bytes() for p in out.iterdir()} == {p.name: p.read_bytes() for p in folder.iterdir()}


def test_held_out_documents_are_not_learnt_from(tmp_path):
    held = next(f"m.f{i}" for i in range(10_000) if held_out(f"m.f{i}"))
    write_documents(tmp_path, [Document(held, "secret " * 50), Document("m.other", "open " * 50)])
    assert [document.id for document in sample(tmp_path, 10**6)] == ["m.other"]


def test_more_text_than_the_limit_is_sampled_evenly(tmp_path):
    source = documents(tmp_path / "documents", 300)
    everything = list(sample(source, 10**9))
    some = list(sample(source, 10_000))
    assert 0 < sum(len(training_text(document).encode()) for document in some) <= 10_000
    assert some == list(sample(source, 10_000))
    places = [everything.index(document) for document in some]
    assert places[0] < 30
    assert places[-1] > len(everything) - 30


def test_a_handful_of_text_is_enough(tmp_path):
    write_documents(tmp_path, [Document("one.md", "Hello.", title="One")])
    out = trained(tmp_path, tmp_path / "out", size="tiny")
    tokenizer = Tokenizer(out)
    assert tokenizer.decode(tokenizer.encode("Hello, Wörld!")) == "Hello, Wörld!"


def test_no_text_is_refused(tmp_path):
    write_documents(tmp_path, [])
    with pytest.raises(OctavoError) as caught:
        trained(tmp_path, tmp_path / "out")
    assert caught.value.code == "T007"


def test_a_vocabulary_without_room_for_all_bytes_is_refused(tmp_path):
    with pytest.raises(OctavoError) as caught:
        trained(documents(tmp_path / "d"), tmp_path / "out", vocabulary=200)
    assert (caught.value.code, caught.value.exit_code) == ("T006", 2)


def test_broken_characters_do_not_stop_it(tmp_path):
    write_rows = [{"id": "a", "text": "one \ud800 two \x00 three", "kind": "file"}]
    (tmp_path / "documents.jsonl").write_text("".join(json.dumps(row) + "\n" for row in write_rows))
    (tmp_path / "removed.jsonl").write_text("")
    assert (trained(tmp_path, tmp_path / "out", size="tiny") / kind.TOKENIZER).is_file()
