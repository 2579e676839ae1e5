import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from octavo.measures.intervals import (
    bootstrap,
    clopper_pearson,
    mcnemar,
    order_statistics,
    over_items,
    over_seeds,
    paired_bootstrap,
    ratio_bootstrap,
    wilson,
)

shares = st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
numbers = st.lists(st.floats(-1000, 1000), min_size=2, max_size=30)


def mean(rows):
    return float(rows[:, 0].mean())


def test_wilson_gives_the_published_interval_of_81_of_263():
    found = wilson(81, 263)
    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)


def test_clopper_pearson_gives_the_published_interval_of_81_of_263_and_of_none():
    found = clopper_pearson(81, 263)
    assert (round(found.low, 4), round(found.high, 4)) == (0.2527, 0.3676)
    assert clopper_pearson(0, 10).high == pytest.approx(1 - 0.025 ** (1 / 10))


@given(shares)
def test_both_share_intervals_hold_the_share_and_stay_between_0_and_1(share):
    right, n = share
    for interval in (wilson(right, n), clopper_pearson(right, n)):
        assert 0 <= interval.low <= right / n <= interval.high <= 1


@given(shares)
def test_the_exact_interval_is_mirrored_for_the_opposite_outcome(share):
    right, n = share
    one, other = clopper_pearson(right, n), clopper_pearson(n - right, n)
    assert one.low == pytest.approx(1 - other.high, abs=1e-9)


@given(st.integers(1, 50))
def test_more_items_with_the_same_share_give_a_narrower_interval(n):
    one, other = wilson(n, 2 * n), wilson(2 * n, 4 * n)
    assert other.high - other.low < one.high - one.low


@pytest.mark.parametrize(("right", "n"), [(0, 0), (3, 2), (-1, 2)])
def test_a_share_of_nothing_is_refused(right, n):
    with pytest.raises(ValueError, match="a share needs"):
        wilson(right, n)


def test_the_bootstrap_of_a_normal_mean_is_close_to_the_textbook_interval():
    values = np.random.default_rng(1).normal(10, 2, 400)
    half = 1.96 * values.std(ddof=1) / 20
    for interval in (
        bootstrap([[v] for v in values], mean),
        bootstrap([[v] for v in values], mean, bca=True),
        ratio_bootstrap(list(values), [1.0] * 400),
    ):
        assert interval.low == pytest.approx(values.mean() - half, abs=0.04)
        assert interval.high == pytest.approx(values.mean() + half, abs=0.04)


def test_bca_leans_to_the_long_side_of_skewed_values_as_it_should():
    values = np.random.default_rng(2).exponential(1, 60)
    plain, corrected = (bootstrap([[v] for v in values], mean, bca=bca) for bca in (False, True))
    assert corrected.low > plain.low
    assert corrected.high > plain.high


def test_clustered_items_give_a_wider_interval_than_pretending_they_are_independent():
    generator = np.random.default_rng(3)
    effects = generator.normal(0, 1, 20)
    values = [float(effect + generator.normal(0, 0.1)) for effect in effects for _ in range(10)]
    clusters = [i // 10 for i in range(200)]
    alone, together = ratio_bootstrap(values, [1.0] * 200), ratio_bootstrap(values, [1.0] * 200, clusters=clusters)
    assert together.high - together.low > 2 * (alone.high - alone.low)


@given(numbers, st.randoms(use_true_random=False))
def test_a_bootstrap_holds_the_value_and_ignores_the_order(values, random):
    shuffled = list(values)
    random.shuffle(shuffled)
    one = bootstrap([[v] for v in values], mean, resamples=50)
    other = bootstrap([[v] for v in shuffled], mean, resamples=50)
    assert (one.low, one.high) == (other.low, other.high)
    assert one.low <= np.mean(values) + 1e-9
    assert one.high >= np.mean(values) - 1e-9


def test_a_ratio_bootstrap_and_the_general_one_agree():
    generator = np.random.default_rng(4)
    top, bottom = generator.uniform(0, 5, 100), generator.uniform(1, 2, 100)
    fast = ratio_bootstrap(list(top), list(bottom))
    slow = bootstrap(list(zip(top, bottom)), lambda rows: float(rows[:, 0].sum() / rows[:, 1].sum()))
    assert fast.low == pytest.approx(slow.low, abs=0.05)
    assert fast.high == pytest.approx(slow.high, abs=0.05)


def test_one_cluster_alone_is_refused_because_it_says_nothing_about_others():
    with pytest.raises(ValueError, match="two clusters"):
        ratio_bootstrap([1, 2], [1, 1], clusters=["a", "a"])


def test_a_paired_difference_is_surer_than_two_separate_means():
    generator = np.random.default_rng(5)
    level = generator.normal(0, 5, 100)
    before, after = list(level), list(level + 0.5 + generator.normal(0, 0.1, 100))
    interval = paired_bootstrap(before, after)
    assert 0.4 < interval.low < 0.5 < interval.high < 0.6


@given(numbers)
def test_nothing_changed_is_a_difference_of_exactly_zero(values):
    interval = paired_bootstrap(values, values, resamples=50)
    assert (interval.low, interval.high) == (0, 0)


def test_mcnemar_is_the_exact_binomial_of_those_that_changed():
    before = [True] * 2 + [False] * 10 + [True] * 50
    after = [False] * 2 + [True] * 10 + [True] * 50
    assert mcnemar(before, after) == pytest.approx(0.03857, abs=1e-5)
    assert mcnemar(after, before) == mcnemar(before, after)
    assert mcnemar([True, False], [True, False]) == 1.0


def test_the_median_of_100_values_lies_between_the_40th_and_the_61st():
    interval = order_statistics([float(i) for i in range(1, 101)], 0.5)
    assert (interval.low, interval.high) == (40, 61)


def test_a_p95_of_few_values_says_how_sure_it_really_is():
    interval = order_statistics([1.0, 2.0, 3.0], 0.95)
    assert interval.high == 3.0
    assert "only" in interval.method


@given(st.lists(st.floats(0, 100), min_size=1, max_size=50), st.sampled_from([0.5, 0.95]))
def test_a_quantile_lies_within_its_interval(values, quantile):
    interval = order_statistics(values, quantile)
    assert interval.low <= np.quantile(values, quantile) <= interval.high


def test_one_number_a_seed_gives_students_interval_of_the_paired_differences():
    found = over_seeds([1.0, 2.0, 3.0], [2.0, 3.0, 4.5])
    half = stats.t.ppf(0.975, 2) * np.std([1.0, 1.0, 1.5], ddof=1) / 3**0.5
    assert (found.low, found.high) == (pytest.approx(7 / 6 - half), pytest.approx(7 / 6 + half))
    alone = over_seeds([], [2.0])
    assert alone.low == alone.high == 2.0
    assert "no interval" in alone.method


def test_drawing_seeds_as_well_widens_an_interval_when_seeds_differ_and_leaves_it_when_they_do_not():
    generator = np.random.default_rng(0)
    items = generator.normal(size=(40, 1))
    apart = [items - 1, items, items + 1]
    narrow, wide = (over_items([], apart, mean, resamples=500, draw_seeds=drawn) for drawn in (False, True))
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)
    same = over_items([], [items] * 3, mean, resamples=500, draw_seeds=True)
    assert same.high - same.low < 1.1 * (narrow.high - narrow.low)
