import math

import pytest

from octavo.kinds.documents import Document
from octavo.knowledge.dense.layer import Vectors
from octavo.knowledge.dense.ranker import Dense
from octavo.knowledge.dense.rerank import ASKED, BATCH, Likelihood, Reranked
from octavo.knowledge.index.index import Index
from octavo.model.likelihood import score_tokens
from octavo.model.reading.place import checkpoint_named


@pytest.fixture(scope="module")
def shipped():
    return Likelihood.of(checkpoint_named("seed"))


def test_scores_are_differences_of_likelihoods(shipped):
    names = shipped.tokenizer
    (got,) = shipped.scores("Who bakes bread?", [("Baker", "A baker bakes bread.")])
    asked = names.encode_all(["Question: Who bakes bread?"])[0]
    shown = [names.end_of_text, *names.encode_all(["Baker\nA baker bakes bread.\n\n"])[0]]
    whole, alone, bare = score_tokens(shipped.model, [[*shown, *asked], shown, [names.end_of_text, *asked]])
    assert math.isclose(got, bare - (whole - alone), abs_tol=1e-3)


def test_a_batch_gives_the_same_as_one_by_one(shipped):
    passages = [("", "word " * (n + 1)) for n in range(BATCH + 1)]
    together = shipped.scores("What is it?", passages)
    alone = [shipped.scores("What is it?", [one])[0] for one in passages]
    assert together == pytest.approx(alone, abs=1e-3)


def test_a_long_question_is_cut_and_the_cost_is_told(shipped):
    assert math.isfinite(shipped.scores("why " * 500, [("", "Because.")])[0])
    assert shipped.cost(10).tokens == shipped.cost(0).tokens * 11
    assert shipped.cost(0).tokens > ASKED


def test_a_passage_that_speaks_of_the_question_comes_first(shipped, tmp_path):
    texts = {"bread": "Bakers make bread from flour and water.", "stone": "The stone is grey and lies in the sun."}
    path = tmp_path / "i.sqlite"
    Index.build(path, [Document(name, text) for name, text in texts.items()])
    with Index.open(path, write=True) as index:
        index.build_layer(Vectors())
        view = index.view()
        ranked = Reranked(view, Dense(view), shipped, weight=1.0).rank("What do bakers make bread from, not stone?", 2)
        assert view.id_of(ranked[0][0]) == "bread"
