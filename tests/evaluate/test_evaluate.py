"""The stage `evaluate` on a handbook, with a model that has learnt nothing."""

import json
from pathlib import Path

import pytest

from octavo.apps.own_model.amounts import EvaluateSettings
from octavo.apps.own_model.evaluate import STAGE, run, sources
from octavo.kinds.documents import Document, held_out, write_documents
from octavo.kinds.foundation import Foundation, write_foundation
from octavo.kinds.index import INDEX
from octavo.kinds.scores import read_scores
from octavo.knowledge.index.index import Index
from octavo.spine.progress import listening

HANDBOOK = Path(__file__).parents[2] / "docs" / "example" / "handbook"
SETTINGS = EvaluateSettings(questions=6, generated=2)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    from octavo.model.checkpoint import write_checkpoint
    from octavo.model.network.decoder import Decoder
    from octavo.model.network.dial import dial
    from octavo.model.tokenizer import Tokenizer
    from octavo.tokenizer import train

    root = tmp_path_factory.mktemp("evaluate")
    folders = {name: root / name for name in ("documents", "given", "base", "model", "index", "tokenizer", "scratch")}
    for folder in folders.values():
        folder.mkdir()
    documents = [
        Document(path.name, path.read_text(), title=path.stem, file=path.name) for path in sorted(HANDBOOK.glob("*.md"))
    ]
    extra = next(f"held-{i}.md" for i in range(10_000) if held_out(f"held-{i}.md"))
    documents.append(Document(extra, "Nobody is taught this sentence about the sensor.", title="Unseen"))
    write_documents(folders["documents"], documents)
    Index.build(folders["index"] / INDEX, documents)
    learnt = train.TokenizerSettings(size="tiny", vocabulary=400)
    train.run(learnt, {"documents": folders["documents"]}, folders["tokenizer"], folders["scratch"])
    turned = dial("tiny")
    from dataclasses import replace

    vocabulary = Tokenizer(folders["tokenizer"]).size
    for seed, name in enumerate(("base", "model", "given")):
        model = Decoder(replace(turned, vocabulary=vocabulary).shape)
        model.initialise(seed)
        write_checkpoint(folders[name], model, folders["tokenizer"], [], {"parameters": 1})
    write_foundation(folders["given"], Foundation("seed", {"parameters": 1, "digest": "0" * 64}))
    return folders


class Ear:
    """Remembers readings."""

    def __init__(self):
        self.values = {}

    def progress(self, *told):
        pass

    def reading(self, values):
        self.values.update(values)


@pytest.fixture(scope="module")
def done(inputs, tmp_path_factory):
    out, ear = tmp_path_factory.mktemp("out"), Ear()
    with listening(ear):
        run(SETTINGS, inputs, out, inputs["scratch"])
    return out, ear.values


def test_every_score_of_the_path_is_there_with_n_interval_direction_and_baseline(done):
    scores, _ = read_scores(done[0])
    names = [score.name for score in scores]
    for wanted in (
        "named: first citation right",
        "free: right within five",
        "unanswerable declined",
        "answerable declined",
        "risk–coverage area, quote",
        "unsupported claims, quote",
        "bits per byte, base as it came",
        "bits per byte, base model",
        "bits per byte, after instruction",
        "forgetting by pretraining",
        "forgetting by instruction",
    ):
        assert wanted in names
    for score in scores:
        assert score.n >= 1
        assert score.range[0] <= score.low <= score.value <= score.high <= score.range[1]
        assert score.baseline is not None
        assert score.method


def test_every_question_stands_in_the_items_with_what_was_expected_and_what_came(done):
    items = [json.loads(line) for line in (done[0] / "items.jsonl").read_text(encoding="utf-8").splitlines()]
    quoted = [item for item in items if item["measure"] == "answers" and item["mode"] == "quote"]
    scores, facts = read_scores(done[0])
    assert len(quoted) == sum(facts["questions"]["sets"].values())
    assert all({"question", "accept", "answer", "cited", "rank", "outcome"} <= item.keys() for item in quoted)
    right = sum(item["outcome"] == "right" for item in quoted if item["set"] == "named")
    named = next(score for score in scores if score.name == "named: first citation right")
    assert right == round(named.value * named.n)


def test_seconds_are_readings_and_never_in_the_artifact(done):
    out, readings = done
    assert readings["seconds_per_answer_quote_median"] > 0
    for path in out.iterdir():
        assert "seconds" not in path.read_text(encoding="utf-8")


def test_the_same_inputs_give_the_same_bytes(inputs, done, tmp_path):
    run(SETTINGS, inputs, tmp_path, inputs["scratch"])
    for path in done[0].iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_without_a_held_out_document_bits_per_byte_is_left_out_and_said_to_be(inputs, tmp_path):
    from octavo.apps.own_model.unseen import BASE, INSTRUCTED, unseen_text

    seen = [Document("seen.md", "text")]
    assert not held_out("seen.md")
    found = unseen_text(SETTINGS, seen, {BASE: inputs["base"], INSTRUCTED: inputs["model"]}, set())
    assert found.scores == []
    assert "no document was held out" in found.left_out["bits per byte"]


def test_the_file_of_questions_is_part_of_the_recipe(tmp_path):
    probe = tmp_path / "mine.jsonl"
    assert sources(EvaluateSettings(probe=str(probe))) == {"mine.jsonl": "missing"}
    probe.write_text('{"id": 1, "question": "?"}\n')
    one = sources(EvaluateSettings(probe=str(probe)))
    probe.write_text('{"id": 2, "question": "?"}\n')
    assert sources(EvaluateSettings(probe=str(probe))) != one
    assert set(sources(EvaluateSettings())) == {"probe.jsonl"}


def test_the_stage_is_what_the_path_expects():
    assert (STAGE.name, STAGE.output) == ("evaluate", "scores")


def test_held_out_text_that_training_holds_too_is_also_left_out_of_a_score(inputs):
    from octavo.apps.own_model.unseen import BASE, INSTRUCTED, unseen_text
    from octavo.kinds.documents import read_documents

    documents = list(read_documents(inputs["documents"]))
    apart = [document.id for document in documents if held_out(document.id)]
    found = unseen_text(SETTINGS, documents, {BASE: inputs["base"], INSTRUCTED: inputs["model"]}, apart[:1])
    scores = {score.name: score for score in found.scores}
    whole, rest = scores["bits per byte, base model"], scores["bits per byte, base model, uncontaminated"]
    assert rest.n == whole.n - 1
    assert found.facts["held out"]["contaminated"] == 1
    assert [item["id"] for item in found.items if item["contaminated"]] == apart[:1] * 2
