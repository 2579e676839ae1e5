import numpy as np
import pytest
from scipy import sparse
from worlds_graph import told

from octavo.knowledge.graph.matrix import Incidence, incidence
from octavo.knowledge.graph.ranker import Walk
from octavo.knowledge.graph.seeds import seeds
from octavo.knowledge.graph.walk import Course, walk
from octavo.knowledge.index.sparse import Sparse
from octavo.knowledge.search import search


def graph_of(rows):
    table = sparse.csr_matrix(np.array(rows, np.float32))
    turned = table.T.tocsr()
    return Incidence(table, turned, np.diff(turned.indptr).astype(np.float32), np.full(len(rows), -1))


def documents(found):
    return [hit.id for hit in found]


def test_a_bridge_brings_the_second_passage_that_shares_no_word_with_the_question(world):
    question = "Which island does the baker Carla Monti come from, and what stands there?"
    found = documents(search(world.view(), question, 3, "graph"))
    assert found[:2] == ["smith", "pellworm"]
    hills = "What rises upstream of the town where Ada Verrin made clocks?"
    assert set(documents(search(world.view(), hills, 3, "graph"))) == {"ada", "ostmark", "lenn"}
    assert "ostmark" not in [world.view().id_of(p) for p, _ in Sparse(world.view()).rank("Ada Verrin", 3)]
    assert "ostmark" in [world.view().id_of(p) for p, _ in Walk(world.view()).rank("Ada Verrin", 3)]


def test_the_walk_is_the_fixed_point_of_personalised_pagerank():
    rng = np.random.default_rng(0)
    rows = (rng.random((12, 8)) < 0.4).astype(np.float32)
    rows[:, 0] = 1
    graph, course = graph_of(rows), Course(damping=0.5, steered=0.0, tolerance=1e-9, steps=500)
    got = walk(graph, {2: 1.0}, np.ones(12, np.float32), np.ones(12, np.float32), course)
    seeds_ = np.concatenate([np.full(12, 0.3 / 12), np.eye(8)[2]]) / 1.3
    joined = np.block([[np.zeros((12, 12)), rows], [rows.T, np.zeros((8, 8))]])
    step = joined / np.maximum(joined.sum(axis=0), 1e-9)
    exact = np.linalg.solve(np.eye(20) - 0.5 * step, 0.5 * seeds_)
    np.testing.assert_allclose(got, exact[:12], rtol=1e-3)


def test_walking_over_the_neighbourhood_only_keeps_the_order_of_the_best():
    rng = np.random.default_rng(1)
    rows = (rng.random((400, 120)) < 0.03).astype(np.float32)
    graph = graph_of(rows)
    words = np.zeros(400, np.float32)
    words[:5] = 1
    whole = walk(graph, {3: 1.0}, words, words, Course())
    near = walk(graph, {3: 1.0}, words, words, Course(reach=120))
    assert (near > 0).sum() <= 120
    assert set(np.argsort(-near)[:5]) == set(np.argsort(-whole)[:5])


def test_no_seed_gives_no_mass():
    zeros = np.zeros(3, np.float32)
    assert walk(graph_of(np.eye(3)), {}, zeros, zeros, Course()).sum() == 0


def test_entities_of_a_question_are_found_exactly_and_by_most_of_their_words(world):
    found, missing = seeds(world.view(), "Did Carla Monti sail the Lenn with Hugo Zwyn?")
    assert {"carla monti", "river lenn"} <= {seed.key for seed in found}
    assert missing == ["Hugo Zwyn"]


@pytest.mark.parametrize("question", ["", "?", "xyzzy", "the of", "Ünïcode ☃ " * 50])
def test_any_question_can_be_asked(world, question):
    assert len(Walk(world.view()).rank(question, 5)) <= 5


def test_deleted_passages_are_not_ranked(world):
    world.delete(["ostmark"])
    assert "ostmark" not in documents(search(world.view(), "Where is Ostmark on the River Lenn?", 10, "graph"))


def test_an_empty_index_ranks_nothing(build):
    assert Walk(build([]).view()).rank("Where is Ostmark?", 5) == []


def test_the_matrices_grow_to_what_reading_all_anew_gives(world):
    incidence(world.view())
    world.add([told("new", "Carla Monti visited Ostmark twice.", "A Visit")])
    grown = incidence(world.view()).by_passage
    world._forget_kept()
    anew = incidence(world.view()).by_passage
    assert (grown != anew).nnz == 0
