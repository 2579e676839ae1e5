from importlib.util import find_spec

import numpy as np
import pytest

from octavo.kinds.documents import Document
from octavo.knowledge.dense.hybrid import Hybrid, standard
from octavo.knowledge.dense.layer import Vectors
from octavo.knowledge.dense.ranker import Dense
from octavo.knowledge.index.index import Index
from octavo.knowledge.layers import open_index
from octavo.knowledge.search import search


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """An index of a few hundred documents of random words, at the floor."""
    path = tmp_path_factory.mktemp("shelf") / "i.sqlite"
    rng = np.random.default_rng(0)
    texts = [" ".join(f"w{n}" for n in rng.zipf(1.4, 30) % 400) for _ in range(300)]
    Index.build(path, [Document(f"d{n:03}", text) for n, text in enumerate(texts)])
    with Index.open(path, write=True) as index:
        index.build_layer(Vectors(learning=False))
    with open_index(path, write=True) as index:
        index.delete(["d010", "d020"])
        yield index


def test_ranks_are_those_of_the_products(shelf):
    view = shelf.view()
    dense = Dense(view)
    asked = dense.embedder.questions(["w3 w17 w255"])[0]
    products = np.where(view.visible, dense.rows @ asked, -1)
    assert [p for p, _ in dense.rank("w3 w17 w255", 10)] == np.argsort(-products, kind="stable")[:10].tolist()


def test_a_question_of_nothing_known_finds_nothing_by_vectors(shelf):
    assert Dense(shelf.view()).rank("the of and", 5) == []
    assert Dense(shelf.view()).rank("w3", 0) == []


@pytest.mark.skipif(find_spec("faiss") is None, reason="faiss is not installed (pip install 'octavo[knowledge]')")
def test_faiss_finds_the_same(shelf):
    view = shelf.view()
    plain, large = Dense(view), Dense(view, large=1)
    assert large._faiss is not None
    for question in ("w3 w17 w255", "w1", "w399 w2 w5 w8"):
        for k in (1, 7, 50, 400):
            mine, other = plain.rank(question, k), large.rank(question, k)
            assert [p for p, _ in mine] == [p for p, _ in other]
            assert np.allclose([s for _, s in mine], [s for _, s in other], atol=1e-5)


def test_the_sum_orders_by_both_and_leaves_out_what_neither_finds(shelf):
    view = shelf.view()
    hybrid = Hybrid(view)
    assert hybrid.nearness == 0.8
    ranked = hybrid.rank("w3 w17", 400)
    words, near = hybrid.sparse.scores("w3 w17"), hybrid.dense.scores("w3 w17")
    assert {p for p, _ in ranked} == set(np.flatnonzero(((words > 0) | (near > 0)) & view.visible).tolist())
    scores = [score for _, score in ranked]
    assert scores == sorted(scores, reverse=True)
    assert hybrid.rank("the of", 5) == []


def test_one_method_alone_is_a_weight_of_the_sum(shelf):
    view = shelf.view()
    near = [p for p, _ in Hybrid(view, nearness=1.0).rank("w3 w17 w255", 5)]
    assert near == [p for p, _ in Dense(view).rank("w3 w17 w255", 5)]


def test_documents_that_are_used_more_come_first_among_equals(tmp_path):
    path = tmp_path / "i.sqlite"
    Index.build(path, [Document(f"m.f{n}", "Sort a list.", "function", uses=n * 100) for n in range(3)])
    with Index.open(path, write=True) as index:
        index.build_layer(Vectors())
        view = index.view()
        assert [view.id_of(p) for p, _ in Hybrid(view, nearness=0.0).rank("sort a list", 3)] == ["m.f2", "m.f1", "m.f0"]
        assert {f.id for f in search(view, "sort a list", 3, "hybrid")} == {"m.f0", "m.f1", "m.f2"}


def test_scores_that_do_not_differ_are_all_zero():
    assert not standard(np.ones(4, np.float32), np.ones(4, bool)).any()
    assert not standard(np.ones(4, np.float32), np.zeros(4, bool)).any()
