"""How much of the evidence was retrieved."""

import pytest

from octavo.measures.recall import all_gold, mean_recall, recall_at


def test_evidence_beyond_k_is_not_counted_and_repeated_hits_count_once():
    assert recall_at(["a", "x", "b"], ["a", "b"], 2) == 0.5
    assert recall_at(["a", "a", "b"], ["a", "b"], 3) == 1.0
    assert recall_at([], ["a"], 5) == 0.0


def test_half_of_the_evidence_is_half_a_recall_and_no_whole_question():
    ranked, gold = [["a", "x"], ["c", "d"]], [["a", "b"], ["c", "d"]]
    mean = mean_recall("recall", ranked, gold, 2)
    whole = all_gold("all", ranked, gold, 2)
    assert (mean.value, whole.value) == (pytest.approx(0.75), 0.5)
    for one in (mean, whole):
        assert (one.n, one.direction) == (2, "higher")
        assert one.low <= one.value <= one.high
