import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octavo.knowledge.dense.bag import Bag, Shown
from octavo.knowledge.dense.corpus import bags, read_corpus
from octavo.knowledge.dense.floor import floor, truncated_svd
from octavo.knowledge.dense.learn import Course, learn
from octavo.spine.progress import listening

PAIRS = (("cat", "feline whiskers"), ("dog", "canine leash"), ("fish", "aquatic gills"), ("bird", "feathered beak"))


class Heard:
    """Keeps what was measured."""

    def __init__(self):
        self.values = {}

    def progress(self, what, done, total, unit, note):
        """Nothing is shown."""

    def reading(self, values):
        """The last of each name."""
        self.values.update(values)


def passages(count=240):
    """Titles that never stand in their texts, but belong to them."""
    for number in range(count):
        title, words = PAIRS[number % len(PAIRS)]
        yield Shown(f"{title} {number}", f"Number {number} is {words}. It likes thing{number} and waits.")


def test_a_corpus_is_the_same_whatever_order_words_were_met_in():
    one, other = read_corpus(passages(40)), read_corpus(reversed([*passages(40)]))
    assert one.words == other.words
    assert one.holders.tolist() == other.holders.tolist()
    assert np.abs(one.matrix()[::1].sum(0) - other.matrix().sum(0)).max() < 1e-3


def test_an_empty_corpus_and_an_empty_passage_do_no_harm():
    words, unknown = floor(read_corpus([]))
    assert Bag(words, unknown).questions(["anything"]).shape == (1, 256)
    assert len(read_corpus([Shown("", ""), Shown("a title", "")])) == 2


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.integers(0, 9), max_size=12), min_size=1, max_size=6))
def test_bags_weigh_repeated_words_less_and_less(lists):
    rows = bags([np.array(one, np.int32) for one in lists], 10).toarray()
    for row, one in zip(rows, lists, strict=True):
        for word in range(10):
            n = one.count(word)
            assert row[word] == pytest.approx(2 * n / (n + 1))


def test_the_svd_is_that_of_the_whole():
    import scipy.sparse

    dense = np.random.default_rng(0).standard_normal((60, 40)) * 0.9 ** np.arange(40)
    right, values = truncated_svd(scipy.sparse.csr_matrix(dense.astype(np.float32)), 5)
    _, exact, vectors = np.linalg.svd(dense)
    assert np.allclose(values, exact[:5], rtol=1e-3)
    assert np.allclose(np.abs((right.T @ vectors[:5].T).diagonal()), 1, atol=1e-2)


def test_learning_lowers_its_loss():
    rng = np.random.default_rng(0)
    shown = []
    for number in range(300):
        topic, noise = number % 100, rng.integers(0, 40, 12)
        shown.append(Shown(f"title{topic}", f"body{topic} " + " ".join(f"noise{n}" for n in noise)))
    corpus = read_corpus(shown)
    start, _ = floor(corpus)
    losses = []
    for steps in (1, 40):
        heard = Heard()
        with listening(heard):
            learn(start, corpus, Course(steps=(steps, steps)))
        losses.append(heard.values["retriever_loss"])
    assert losses[1] < 0.8 * losses[0]


def test_learning_is_the_same_for_a_seed_and_differs_between_seeds():
    corpus = read_corpus(passages())
    start, _ = floor(corpus)
    runs = [learn(start, corpus, Course(steps=(3, 3), seed=seed)).table.tobytes() for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_too_few_passages_stay_at_the_floor():
    corpus = read_corpus(passages(20))
    start, _ = floor(corpus)
    assert learn(start, corpus) is start


def test_unknown_words_find_each_other():
    corpus = read_corpus(passages(80))
    bag = Bag(*floor(corpus))
    asked, right, wrong = bag.questions(["qwertz", "a qwertz here", "a zwerg here"])
    assert asked @ right > 0.5
    assert abs(asked @ wrong) < 0.3


def test_words_bring_their_synonyms_along():
    corpus = read_corpus([Shown("", f"erase and remove item{n % 7}") for n in range(10)])
    bag = Bag(*floor(corpus))
    asked, removed, other = bag.questions(["delete", "remove", "item3"])
    assert asked @ removed > asked @ other + 0.2
