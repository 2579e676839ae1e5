"""Label errors: planted wrong labels are found by what a model thinks of them, and right ones are left alone."""

import numpy as np
import pytest

from octavo.measures.label_errors import confident_joint, find_label_errors, noise


def planted(rate, seed, n=3000, k=3):
    """(true labels, given labels with `rate` of them wrong, probabilities of a fairly good model)."""
    r = np.random.default_rng(seed)
    true = r.integers(0, k, n)
    given = true.copy()
    wrong = r.choice(n, round(rate * n), replace=False)
    given[wrong] = (true[wrong] + r.integers(1, k, len(wrong))) % k
    scores = r.normal(0, 1, (n, k))
    scores[np.arange(n), true] += 3
    return true, given, np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.2])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_planted_errors_are_found(rate, seed):
    true, given, p = planted(rate, seed)
    wrong = set(np.flatnonzero(true != given).tolist())
    for prune in ("class", "noise rate", "both", "confident"):
        found = {suspect.row for suspect in find_label_errors(given, p, prune=prune)}
        assert len(found & wrong) >= (0.6 if prune == "confident" else 0.8) * len(wrong), prune
        assert len(found & wrong) >= 0.85 * len(found), prune


def test_the_most_suspected_are_wrong_indeed():
    true, given, p = planted(0.1, 3)
    for rank in ("self-confidence", "normalised margin"):
        top = [suspect.row for suspect in find_label_errors(given, p, rank=rank)[:100]]
        assert np.mean(true[top] != given[top]) >= 0.97


def test_the_share_of_wrong_labels_is_estimated_with_an_interval():
    for rate in (0.05, 0.2):
        _, given, p = planted(rate, 4)
        score = noise(given, p)
        assert abs(score.value - rate) < 0.05
        assert score.low <= score.value <= score.high


def test_the_joint_is_that_of_a_small_example_worked_by_hand():
    # thresholds: class 0 mean(.9, .8, .4) = .7; class 1 mean(.9, .7, .2) = .6
    given = [0, 0, 0, 1, 1, 1]
    p = np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.1, 0.9], [0.3, 0.7], [0.8, 0.2]])
    joint, confident = confident_joint(given, p)
    assert confident.tolist() == [0, 0, 1, 1, 1, 0]
    assert joint == pytest.approx(np.array([[2, 1], [1, 2]]) / 6)
    assert [s.row for s in find_label_errors(given, p)] == [5, 2]


def test_a_label_that_the_model_believes_is_never_suspected():
    true, _, p = planted(0.0, 6)
    given = p.argmax(axis=1)
    assert find_label_errors(given, p) == []
    assert true.shape == given.shape


def test_a_class_that_nobody_gave_is_no_harm():
    joint, _ = confident_joint([0, 0, 1], np.array([[0.8, 0.1, 0.1], [0.7, 0.2, 0.1], [0.1, 0.8, 0.1]]))
    assert joint.sum() == pytest.approx(1)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="labels must be"):
        confident_joint([2], np.array([[0.5, 0.5]]))
    with pytest.raises(ValueError, match="needed"):
        confident_joint([0, 1], np.array([[0.5, 0.5]]))
    with pytest.raises(ValueError, match="numbers"):
        confident_joint([0], np.array([[np.nan, 0.5]]))
