"""Forgetting is the change of bits on the same texts, in percent, and what cannot be scored counts as forgotten."""

import math
import random

import pytest

from octavo.evaluate.scorecard import against_baseline, number
from octavo.measures.compression import Likelihood
from octavo.measures.forgetting import forgetting

BEFORE = [Likelihood(100.0 + i, 60) for i in range(40)]


def scaled(factor, spread=0.0):
    chance = random.Random(0)
    return [Likelihood(one.nll * (factor + chance.gauss(0, spread)), one.bytes) for one in BEFORE]


def test_the_same_model_forgot_nothing():
    score = forgetting(BEFORE, BEFORE)
    assert (score.value, score.low, score.high) == pytest.approx((0, 0, 0), abs=1e-9)
    assert against_baseline(score) == "no clear difference"


def test_half_as_many_bits_again_are_fifty_percent():
    score = forgetting(BEFORE, scaled(1.5, 0.1))
    assert score.low < 50 < score.high or score.value == pytest.approx(50, abs=4)
    assert against_baseline(score) == "worse"
    assert number(score, score.value).endswith(" %")


def test_learning_is_below_zero_and_better():
    score = forgetting(BEFORE, scaled(0.8, 0.05))
    assert score.high < 0
    assert number(score, score.value).startswith("-")
    assert against_baseline(score) == "better"


def test_a_likelihood_that_is_no_number_counts_as_the_worst():
    score = forgetting(BEFORE, [Likelihood(math.nan, 60), *BEFORE[1:]])
    assert score.unparsed == 1
    assert score.value > 5


def test_one_document_tells_nothing_of_the_spread():
    score = forgetting(BEFORE[:1], scaled(1.1)[:1])
    assert (score.low, score.high) == score.range
    with pytest.raises(ValueError, match="before"):
        forgetting([Likelihood(0.0, 0)], [Likelihood(1.0, 0)])
