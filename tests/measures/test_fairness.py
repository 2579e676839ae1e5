"""Formulas of fairness, on values that can be checked by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octavo.measures import fairness

COUNTS = st.lists(st.integers(1, 1000), min_size=2, max_size=20)


def test_a_premium_is_a_ratio_of_sums_and_not_a_mean_of_ratios():
    assert fairness.premium([1, 100], [2, 100]) == pytest.approx(101 / 102)
    assert fairness.premium([1, 100], [2, 100]) != pytest.approx((0.5 + 1) / 2)


@given(COUNTS)
def test_a_language_over_itself_costs_one(tokens):
    assert fairness.premium(tokens, tokens) == 1
    interval = fairness.premium_interval(tokens, tokens)
    assert interval is not None
    assert interval.low == pytest.approx(1)
    assert interval.high == pytest.approx(1)


@given(COUNTS, st.integers(2, 9))
def test_the_interval_holds_the_premium(tokens, factor):
    base = [1 + number % factor for number in tokens]
    interval = fairness.premium_interval(tokens, base)
    assert interval.low <= fairness.premium(tokens, base) <= interval.high


def test_one_article_alone_has_no_interval():
    assert fairness.premium_interval([1, 2], [1, 2], ["one", "one"]) is None


@given(COUNTS)
def test_gini_is_nothing_when_all_pay_alike_and_does_not_depend_on_the_unit(costs):
    assert fairness.gini([5.0] * len(costs)) == pytest.approx(0)
    assert fairness.gini(costs) == pytest.approx(fairness.gini([3 * cost for cost in costs]))
    assert 0 <= fairness.gini(costs) + 1e-12 < 1


def test_gini_of_one_who_pays_all():
    assert fairness.gini([0, 0, 0, 1]) == pytest.approx(0.75)


def test_parity_is_the_dearest_over_the_cheapest():
    assert fairness.parity({"a": 1.0, "b": 3.0, "c": 0.5}) == 6


def test_words_that_are_cut_and_words_that_are_one_token():
    assert fairness.continued([1, 2, 3], [8, 1, 1]) == pytest.approx(0.2)
    assert fairness.single_token_rate([1, 2, 3, 1]) == 0.5
    assert fairness.fertility([3, 3], [2, 2]) == 1.5


def test_renyi_efficiency_is_one_when_all_tokens_are_used_alike():
    assert fairness.renyi_efficiency([7] * 64) == pytest.approx(1)
    assert fairness.renyi_efficiency([100, 1, 1, 1]) < 0.5


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=30))
def test_auroc_of_turned_scores_is_turned(scores):
    truth = [at % 2 == 0 for at in range(len(scores))]
    assert fairness.auroc(scores, truth) == pytest.approx(1 - fairness.auroc([-s for s in scores], truth))


def test_auroc_of_perfect_and_of_impossible_order():
    assert fairness.auroc([1, 2, 3, 4], [False, False, True, True]) == 1
    assert math.isnan(fairness.auroc([1, 2], [True, True]))


def test_nothing_compared_is_no_number():
    assert math.isnan(fairness.premium([], []))
    assert math.isnan(fairness.gini([]))
