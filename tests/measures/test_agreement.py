"""Agreement: the worked examples of the literature come out, and what can't be said is refused."""

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octavo.measures.agreement import cohen, fleiss, krippendorff

OBSERVERS = (
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)
"""Krippendorff, "Computing Krippendorff's alpha-reliability" (2011), example C: four observers, twelve units."""
UNITS = [[int(v) for v in unit if v != "."] for unit in zip(*(row.split() for row in OBSERVERS), strict=True)]

RATINGS = (
    "0 0 0 0 14, 0 2 6 4 2, 0 0 3 5 6, 0 3 9 2 0, 2 2 8 1 1, 7 7 0 0 0, 3 2 6 3 0, 2 5 3 2 2, 6 5 2 1 0, 0 2 2 3 7"
)
"""Ten subjects, fourteen raters, five categories: the example of kappa = 0.210 that the literature repeats."""

DIAGNOSES = ((75, 1, 4), (5, 4, 1), (0, 0, 10))
"""Fleiss, Levin, Paik, "Statistical methods for rates and proportions", table 18.1: kappa = 0.68."""


def pairs_of(table):
    rows = [(a, b) for a, row in enumerate(table) for b, count in enumerate(row) for _ in range(count)]
    return [a for a, _ in rows], [b for _, b in rows]


@pytest.mark.parametrize(("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_is_that_of_krippendorffs_example(level, alpha):
    score = krippendorff(UNITS, level=level)
    assert score.value == pytest.approx(alpha, abs=0.0005)
    assert score.low <= score.value <= score.high
    assert (score.n, score.unparsed) == (11, 1)


def test_kappa_is_that_of_fleiss_example():
    items = [[k for k, n in enumerate(map(int, row.split())) for _ in range(n)] for row in RATINGS.split(",")]
    assert fleiss(items).value == pytest.approx(0.210, abs=0.0005)


def test_kappa_is_that_of_the_two_diagnosticians():
    assert cohen(*pairs_of(DIAGNOSES)).value == pytest.approx(0.676, abs=0.0005)


def test_weighted_kappa_counts_a_near_miss_for_less():
    table = ((20, 5, 0), (3, 20, 4), (1, 2, 15))
    first, second = pairs_of(table)
    plain, linear, quadratic = (cohen(first, second, weights=w).value for w in ("none", "linear", "quadratic"))
    assert plain < linear < quadratic
    # by hand: 1 - Σ w·observed / Σ w·expected with w = |i - j|
    n, rows, columns = 70, (25, 27, 18), (24, 27, 19)
    observed = sum(abs(i - j) * table[i][j] for i in range(3) for j in range(3)) / n
    expected = sum(abs(i - j) * rows[i] * columns[j] for i in range(3) for j in range(3)) / n**2
    assert linear == pytest.approx(1 - observed / expected)


def test_with_two_labels_weights_change_nothing():
    table = ((20, 5), (10, 15))
    values = [cohen(*pairs_of(table), weights=w).value for w in ("none", "linear", "quadratic")]
    assert values == pytest.approx([0.4, 0.4, 0.4])


def test_interval_alpha_from_moments_is_that_of_all_pairs():
    r = random.Random(3)
    items = [[r.gauss(k, 1) for _ in range(r.randrange(2, 5))] for k in range(20)]
    values = [v for item in items for v in item]
    within = sum(sum((a - b) ** 2 for a, b in itertools.permutations(i, 2)) / (len(i) - 1) for i in items)
    among = sum((a - b) ** 2 for a, b in itertools.permutations(values, 2)) / (len(values) - 1)
    assert krippendorff(items, level="interval").value == pytest.approx(1 - within / among)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.sampled_from("abc"), min_size=2, max_size=4), min_size=2, max_size=12), st.randoms())
def test_alpha_does_not_depend_on_the_order_of_items_or_of_answers(items, r):
    try:
        score = krippendorff(items)
    except ValueError:
        assert len({label for item in items for label in item}) == 1
        return
    mixed = [r.sample(item, len(item)) for item in items]
    r.shuffle(mixed)
    other = krippendorff(mixed)
    assert other.value == pytest.approx(score.value)
    assert (other.low, other.high) == pytest.approx((score.low, score.high))


def test_random_answers_agree_no_more_than_chance():
    r = random.Random(5)
    items = [[r.choice("ab") for _ in range(3)] for _ in range(400)]
    for score in (krippendorff(items), fleiss(items), cohen([i[0] for i in items], [i[1] for i in items])):
        assert score.low - 0.05 < 0 < score.high + 0.05
        assert abs(score.value) < 0.15


def test_what_has_no_variation_or_no_pair_is_refused():
    with pytest.raises(ValueError, match="only one label"):
        krippendorff([["a", "a"], ["a", "a"]])
    with pytest.raises(ValueError, match="two labels"):
        fleiss([["a"], ["b"]])
    with pytest.raises(ValueError, match="numbers"):
        krippendorff([["a", "b"]], level="interval")
    with pytest.raises(ValueError, match="not in the given order"):
        cohen(["a"], ["b"], order=["a"])


def test_fleiss_leaves_out_items_with_other_numbers_of_answers_and_says_so():
    score = fleiss([["a", "a", "b"], ["b", "b", "b"], ["a", "a", "a"], ["a", "b"]])
    assert (score.n, score.unparsed) == (3, 1)
