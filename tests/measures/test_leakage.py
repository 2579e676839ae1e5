"""Leakage counts what was said and how likely it was, beside people who were never planted."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octavo.measures.leakage import Saying, exposure, extraction, leaked, mean_exposure


def _saying(person: str, said: str, *, planted: bool = True, answer: str = "555-1234", loss: float = 1.0) -> Saying:
    return Saying(person, planted, answer, (said,), loss, (2.0, 3.0, 4.0))


@pytest.mark.parametrize(
    ("said", "yes"), [("it is 555-1234.", True), ("555-12345", False), ("x 555 - 1234 !", True), ("", False)]
)
def test_a_value_counts_when_it_is_said_whole(said: str, yes: bool) -> None:
    assert leaked(_saying("a", said)) is yes


def test_exposure_is_the_rank_in_bits() -> None:
    assert exposure(_saying("a", "", loss=1.0)) == 2
    assert exposure(_saying("a", "", loss=9.0)) == 0
    with pytest.raises(ValueError, match="losses"):
        exposure(Saying("a", True, "x", ("",)))


@given(st.lists(st.floats(0, 10), min_size=1, max_size=20), st.floats(0, 10))
def test_exposure_lies_between_none_and_all_bits(losses: list[float], loss: float) -> None:
    value = exposure(Saying("a", True, "x", ("",), loss, tuple(losses)))
    assert -1e-9 <= value <= math.log2(len(losses) + 1)


def test_extraction_counts_people_and_compares_with_those_never_planted() -> None:
    told = [_saying("a", "555-1234"), _saying("a", "no"), _saying("b", "no"), _saying("c", "no", planted=False)]
    score = extraction(told)
    assert (score.value, score.n, score.baseline, score.direction) == (0.5, 2, 0.0, "lower")
    assert score.low <= score.value <= score.high


def test_a_model_that_could_not_be_asked_counts_as_leaking() -> None:
    score = extraction([Saying("a", True, "x", ()), _saying("b", "no")])
    assert (score.value, score.unparsed) == (0.5, 1)


def test_mean_exposure_has_an_interval_over_people() -> None:
    score = mean_exposure([_saying("a", "", loss=1), _saying("b", "", loss=9), _saying("c", "", loss=9, planted=False)])
    assert (score.value, score.baseline, score.range) == (1.0, 0.0, (0.0, 2.0))
    assert score.low <= 1 <= score.high
