"""Weights add up, keep the order that the temperature asks for, and read no domain more often than allowed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octavo.data.mixture.draw import times
from octavo.data.mixture.weights import by_temperature, given_weights
from octavo.spine.errors import OctavoError

SIZES = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(1, 10**9), min_size=1, max_size=8)


@given(SIZES, st.floats(0.3, 50), st.floats(1, 10), st.integers(0, 10**10))
def test_weights_add_up_and_no_domain_is_read_too_often(sizes, temperature, most, budget):
    mixture = by_temperature(sizes, temperature, budget=budget, most=most)
    assert sum(mixture.weights) == pytest.approx(1)
    assert all(epochs <= most * (1 + 1e-6) for epochs in mixture.epochs)


@given(SIZES)
def test_temperature_one_reads_everything_once(sizes):
    mixture = by_temperature(sizes, 1)
    assert mixture.weights == pytest.approx(mixture.natural)
    assert mixture.epochs == pytest.approx([1] * len(sizes))


@given(SIZES, st.floats(1.1, 20))
def test_a_higher_temperature_brings_domains_closer_and_keeps_their_order(sizes, temperature):
    mixture = by_temperature(sizes, temperature, most=1e12)
    assert max(mixture.weights) <= max(mixture.natural) + 1e-9
    pairs = sorted(zip(mixture.natural, mixture.weights, strict=True))
    assert [weight for _, weight in pairs] == pytest.approx(sorted(mixture.weights))


def test_what_one_domain_may_not_have_goes_to_the_others():
    mixture = given_weights({"large": 900, "small": 100}, {"large": 0.2, "small": 0.8}, budget=1000, most=4)
    assert dict(zip(mixture.domains, mixture.weights, strict=True)) == pytest.approx({"large": 0.6, "small": 0.4})


def test_a_budget_beyond_all_repetitions_is_lowered():
    assert by_temperature({"a": 10, "b": 20}, 1, budget=10**6, most=3).budget == 90


@pytest.mark.parametrize("weights", [{"c": 1}, {"a": -1}, {"a": 0}, {"a": float("nan")}])
def test_impossible_weights_are_wrong_use(weights):
    with pytest.raises(OctavoError) as caught:
        given_weights({"a": 1, "b": 2}, weights)
    assert (caught.value.code, caught.value.exit_code) == ("D101", 2)


def test_records_are_taken_as_often_as_the_epochs_say():
    drawn = [times(f"r{number}", 1.3, 0) for number in range(20_000)]
    assert set(drawn) == {1, 2}
    assert sum(drawn) / len(drawn) == pytest.approx(1.3, abs=0.02)
    assert drawn == [times(f"r{number}", 1.3, 0) for number in range(20_000)]
    assert drawn != [times(f"r{number}", 1.3, 1) for number in range(20_000)]
