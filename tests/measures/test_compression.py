import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octavo.measures.compression import WORST, Likelihood, bits_per_byte, compressed

documents = st.lists(st.builds(Likelihood, st.floats(0, 500), st.integers(1, 400)), min_size=2, max_size=30)


def test_eight_bits_for_each_byte_is_a_model_that_knows_nothing():
    score = bits_per_byte([Likelihood(10 * 8 * math.log(2), 10), Likelihood(90 * 8 * math.log(2), 90)])
    assert score.value == pytest.approx(8)
    assert (score.n, score.direction, score.unit) == (2, "lower", "bits per byte")


def test_long_documents_weigh_more_because_bytes_are_counted_not_documents():
    score = bits_per_byte([Likelihood(0, 1), Likelihood(99 * math.log(2), 99)])
    assert score.value == pytest.approx(0.99)


def test_a_likelihood_that_is_not_a_number_counts_against_the_model():
    score = bits_per_byte([Likelihood(math.nan, 10), Likelihood(0.0, 10)])
    assert (score.unparsed, score.value) == (1, WORST / 2)


def test_nothing_to_read_is_refused():
    with pytest.raises(ValueError, match="at least one document"):
        bits_per_byte([Likelihood(1.0, 0)])


@given(documents, st.randoms(use_true_random=False))
def test_the_value_lies_in_its_interval_and_ignores_the_order(rows, random):
    mixed = list(rows)
    random.shuffle(mixed)
    score, again = bits_per_byte(rows), bits_per_byte(mixed)
    assert score.low <= score.value <= score.high
    assert (score.low, score.high) == (again.low, again.high)
    assert score.value == pytest.approx(again.value)


def test_a_compressor_needs_less_for_repeated_text_and_less_after_seeing_it():
    text = ["".join(chr(97 + (i * i * 7919 + i) % 26) for i in range(2000))]
    alone, _ = compressed(text)
    repeated, _ = compressed(text * 10)
    primed, _ = compressed(text, known=text[0])
    assert 0 < repeated < alone < 8
    assert primed < alone / 2


def test_a_lone_surrogate_does_not_stop_the_compressor():
    assert compressed(["\ud800 hello"])[0] > 0
