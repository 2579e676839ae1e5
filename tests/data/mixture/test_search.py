"""A search finds what helps when something does, and says that it can't tell when nothing does."""

import json
import random

import numpy as np
import pytest

from octavo.data.mixture.proxy import Course, Proxy, tokens_of, train_proxy, write_streams
from octavo.data.mixture.search import best_of, compare, design, regress, search
from octavo.spine.errors import OctavoError

QUICK = Course(runs=4, steps=8, seeds=2)


def rows(domain, make, count=300):
    chance = random.Random(domain)
    return [{"id": f"{domain}{n}", "domain": domain, "text": make(chance)} for n in range(count)]


def sums(chance):
    return " ".join(f"{a}+{b}={a + b};" for a, b in ((chance.randrange(99), chance.randrange(99)) for _ in range(8)))


def words(chance):
    return " ".join(chance.choice(("the", "keeper", "counts", "every", "lamp", "at", "dusk")) for _ in range(15))


@pytest.fixture(scope="module")
def streams(tmp_path_factory):
    folder = tmp_path_factory.mktemp("streams")
    kept = write_streams(rows("sums", sums) + rows("words", words), "domain", ["sums", "words"], folder, 10**6)
    assert kept == ["sums", "words"]
    return folder


def test_a_proxy_is_the_same_model_wherever_it_is_trained(streams, tmp_path):
    task = Proxy(streams, (0.5, 0.5), 5, 0, 1.0)
    for name in ("a", "b"):
        train_proxy(task, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_target_is_learnt_better_from_more_of_it(streams, tmp_path):
    found = search(
        streams,
        [10_000, 90_000],
        Course(runs=4, steps=15, seeds=3, target="sums"),
        tmp_path,
        budget=20_000,
        most=4,
        on="serial",
        workers=1,
    )
    assert found.weights[0] > 0.3
    assert found.overall.verdict == "better"
    assert found.intervals[0][0] <= found.weights[0] <= found.intervals[0][1] + 0.1
    assert json.dumps(found.as_json())


def test_domains_that_are_alike_are_not_told_apart(tmp_path):
    kept = write_streams(rows("a", words) + rows("b", words), "domain", ["a", "b"], tmp_path / "streams", 10**6)
    assert kept == ["a", "b"]
    found = search(
        tmp_path / "streams", [20_000, 20_000], QUICK, tmp_path, budget=40_000, most=4, on="serial", workers=1
    )
    assert found.overall.verdict == "not distinguishable at this budget"


def test_doremi_gives_weight_to_what_lags_and_loses_no_domain(streams, tmp_path):
    course = Course(steps=8, seeds=2, method="doremi")
    found = search(streams, [20_000, 20_000], course, tmp_path, budget=40_000, most=4, on="serial", workers=1)
    assert sum(found.weights) == pytest.approx(1)
    assert min(found.weights) > 0.01


def test_too_little_text_is_refused(tmp_path):
    with pytest.raises(OctavoError) as caught:
        write_streams(rows("a", words) + rows("b", words, 2), "domain", ["a", "b"], tmp_path, 10**6)
    assert caught.value.code == "D103"


def test_of_a_conversation_only_the_answers_count():
    said = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yo"}]
    tokens = tokens_of({"id": "1", "text": "", "messages": said}).tolist()
    assert tokens == [-1 - ord("h"), -1 - ord("i"), -1 - ord("\n"), ord("y"), ord("o"), ord("\n"), 256]


def test_the_regression_finds_the_lowest_point_of_a_bowl():
    natural, sizes = np.array([0.6, 0.3, 0.1]), np.array([600.0, 300.0, 100.0])
    designs = design(natural, sizes, Course(runs=24), budget=1000, most=100)
    goal = np.array([0.3, 0.3, 0.4])
    losses = np.array([((np.sqrt(d) - np.sqrt(goal)) ** 2).sum() for d in designs])
    best, intervals = best_of(designs, losses, natural, sizes, budget=1000, most=100, seed=0)
    assert best == pytest.approx(goal, abs=0.08)
    assert all(low <= high for low, high in intervals)
    mean, covariance = regress(np.sqrt(np.array(designs)), losses, np.sqrt(np.array(designs)))
    assert mean == pytest.approx(losses, abs=0.02)
    assert (covariance.diagonal() > -1e-9).all()


def test_a_single_pair_of_trainings_tells_nothing():
    assert compare("x", np.array([1.0]), np.array([0.1])).verdict == "not distinguishable at this budget"
