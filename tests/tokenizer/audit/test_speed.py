"""Speed: the exponent says how time grows, and what would take too long is not tried."""

import time

import pytest

from octavo.tokenizer.audit.open import Plain
from octavo.tokenizer.audit.speed import exponent, protection, time_growth, worst_texts


@pytest.mark.parametrize("power", [1.0, 1.5, 2.0])
def test_the_exponent_of_a_power_is_found(power):
    assert exponent({size: 1e-7 * size**power for size in (10**5, 10**6, 10**7)}) == pytest.approx(power)


def test_times_too_short_to_be_measured_say_nothing():
    assert exponent({1000: 1e-6, 10_000: 1e-5}) is None


class Quadratic(Plain):
    """Burns time in proportion to the square of the text."""

    def encode_all(self, texts):
        until = time.process_time() + (len(texts[0]) / 30_000) ** 2
        while time.process_time() < until:
            pass
        return [[0] for _ in texts]


def test_a_quadratic_tokenizer_is_flagged_and_not_waited_for():
    growths = time_growth(Quadratic("bytes"), sizes=(2000, 4000, 10**9), budget=5)
    by_name = {growth.name: growth for growth in growths}
    assert by_name["a repeated"].steep
    assert by_name["a repeated"].stopped_before == 10**9
    assert "a repeated" in protection(growths)


def test_texts_have_about_the_size_that_was_asked_for():
    for name, make in worst_texts().items():
        assert 0.5 < len(make(20_000).encode()) / 20_000 < 1.6, name
