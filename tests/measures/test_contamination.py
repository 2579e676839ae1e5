"""Contamination of a score: with all items, without those found, and the difference with its interval."""

import pytest

from octavo.measures.contamination import with_and_without


def by_name(scores):
    return {score.name.partition(", ")[2]: score for score in scores}


def test_found_items_that_are_all_right_inflate_the_score():
    scores = {f"{k:03}": float(k < 40 or k % 2) for k in range(200)}
    told = by_name(with_and_without(scores, {f"{k:03}" for k in range(40)}))
    assert told["all items"].value == pytest.approx(0.6)
    assert told["items not found"].value == pytest.approx(0.5)
    assert told["inflation"].value == pytest.approx(0.1)
    assert 0 < told["inflation"].low < told["inflation"].high


def test_without_found_items_nothing_is_inflated():
    told = by_name(with_and_without({"a": 1.0, "b": 0.0}, set()))
    assert (told["inflation"].value, told["inflation"].low, told["inflation"].high) == (0, 0, 0)
    assert "items found" not in told


def test_where_every_item_was_found_no_inflation_is_claimed():
    told = by_name(with_and_without({"a": 1.0, "b": 0.25}, {"a", "b", "c"}))
    assert set(told) == {"all items", "items found"}


def test_one_item_is_no_score():
    with pytest.raises(ValueError, match="two items"):
        with_and_without({"a": 1.0}, set())
