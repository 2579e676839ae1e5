"""`octavo tokenizer train`: what it prints and writes, and that a kill changes nothing."""

import json
import subprocess
import sys

import pytest
from corpora import rows, write
from killing import killed_at_random

from octavo.kinds import tokenizer as kind
from octavo.kinds.documents import Document, write_documents
from octavo.model.checkpoint import read_checkpoint
from octavo.model.tokenizer import Tokenizer
from octavo.pretrain.learn import PretrainSettings
from octavo.pretrain.learn import run as pretrain
from octavo.tokenizer.train import TokenizerSettings
from octavo.tokenizer.train import run as train


def octavo(*words):
    return subprocess.run(
        [sys.executable, "-m", "octavo", "tokenizer", "train", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    return write(tmp_path_factory.mktemp("texts") / "texts.jsonl", rows(300))


def test_it_answers_with_a_table_and_the_next_step(texts, tmp_path):
    done = octavo(texts, "-o", tmp_path / "t", "--vocabulary", "400", "--algorithm", "parity", "--groups", "language")
    assert done.returncode == 0, done.stderr
    assert "400 tokens" in done.stdout
    assert "merges" in done.stdout
    assert f"next: octavo tokenizer audit {tmp_path / 't' / 'tokenizer.json'}" in done.stderr
    kind.KIND.check(tmp_path / "t")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t"]


def test_its_json_has_every_group_and_what_was_left_out(texts, tmp_path):
    broken = tmp_path / "more.jsonl"
    broken.write_text('{"text": "one more"}\n???\n')
    done = octavo(texts, broken, "-o", tmp_path / "t", "--vocabulary", "400", "--groups", "language", "--json")
    facts = json.loads(done.stdout)
    assert facts["vocabulary"] == 400
    assert {row["group"] for row in facts["groups"]} == {"", "en", "de", "ru", "hi"}
    assert facts["rows_left_out"] == 1
    assert facts["bytes_per_token"] > 1


def test_a_folder_of_plain_texts_is_as_good(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "one.md").write_text("# One\n\nPairs of pairs of pairs.\n" * 20)
    done = octavo(tmp_path / "in", "-o", tmp_path / "t", "--vocabulary", "270")
    assert done.returncode == 0, done.stderr
    assert Tokenizer(tmp_path / "t").size == 270


def test_wrong_use_is_said_with_its_code(texts, tmp_path):
    done = octavo(texts, "-o", tmp_path / "t", "--algorithm", "parity")
    assert done.returncode == 2
    assert done.stderr.startswith("T020")


KILLED = """
import sys
from pathlib import Path
from octavo.kinds.records import shards
from octavo.spine.shards import kept_scratch
from octavo.tokenizer.learn.learner import learn
from octavo.tokenizer.learn.terms import Terms
from octavo.tokenizer.train import write_tokenizer

if __name__ == "__main__":
    source, out, algorithm = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    terms = Terms(algorithm, 700, groups="language" if algorithm == "parity" else "")
    with kept_scratch(out, {"terms": terms.as_json()}) as scratch:
        learnt = learn(terms, shards([source], scratch, 20_000), scratch, on="processes", workers=2, pause=0.02)
        out.mkdir(exist_ok=True)
        write_tokenizer(learnt.tokenizer, out)
"""


@pytest.mark.parametrize("algorithm", ["bpe", "parity", "unigram"])
def test_killed_at_any_moment_it_goes_on_to_the_same_bytes(texts, tmp_path, algorithm):
    script = tmp_path / "script.py"
    script.write_text(KILLED)
    command = [sys.executable, str(script), str(texts)]
    subprocess.run([*command, str(tmp_path / "whole"), algorithm], check=True, timeout=120)
    killed_at_random([*command, str(tmp_path / "killed"), algorithm], kills=3, longest=2.0, seed=7)
    for path in (tmp_path / "whole").iterdir():
        assert (tmp_path / "killed" / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("algorithm", ["bytes", "wordpiece", "unigram"])
def test_a_model_learns_with_any_tokenizer(tmp_path, algorithm):
    documents = tmp_path / "documents"
    documents.mkdir()
    sentence = "Return an iterator of overlapping pairs taken from the input iterable number {}. "
    write_documents(documents, [Document(f"m.f{at}", sentence.format(at), "function") for at in range(40)])
    out = {}
    for name in ("tokenizer", "checkpoint", "scratch"):
        out[name] = tmp_path / name
        out[name].mkdir()
    train(
        TokenizerSettings(algorithm=algorithm, size="tiny"), {"documents": documents}, out["tokenizer"], out["scratch"]
    )
    inputs = {"documents": documents, "tokenizer": out["tokenizer"]}
    pretrain(PretrainSettings(size="tiny", steps=12), inputs, out["checkpoint"], out["scratch"])
    losses = [json.loads(line)["loss"] for line in (out["checkpoint"] / "training.jsonl").read_text().splitlines()]
    assert losses[-1] < losses[0]
    _, tokenizer = read_checkpoint(out["checkpoint"])
    assert tokenizer.decode(tokenizer.encode("é<|end|>")) == "é<|end|>"


def test_balancing_works_in_a_project_too(tmp_path):
    documents = [Document(row["id"], row["text"], language=row["language"], domain=row["domain"]) for row in rows(200)]
    write_documents(tmp_path, documents)
    found = {}
    for temperature in (1.0, 100.0):
        out = tmp_path / str(temperature)
        out.mkdir()
        settings = TokenizerSettings(vocabulary=330, groups="language", temperature=temperature)
        train(settings, {"documents": tmp_path}, out, out)
        assert sorted(path.name for path in out.iterdir()) == [kind.TOKENIZER, kind.CONFIG]
        tokenizer = Tokenizer(out)
        found[temperature] = sum(len(tokenizer.encode(row["text"])) for row in rows(200) if row["language"] == "hi")
    assert found[100.0] < found[1.0]
