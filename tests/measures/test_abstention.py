import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octavo.measures.abstention import Outcome, aurc, curve, declined_share, risk_at

outcomes = st.lists(
    st.builds(Outcome, st.sampled_from([0.1, 0.2, 0.5, 0.9]), st.booleans(), st.booleans()), min_size=2, max_size=20
)


def test_the_curve_of_a_perfect_order_stays_at_zero_until_the_wrong_ones_come():
    points = curve([Outcome(0.1, False), Outcome(0.9, True), Outcome(0.8, True), Outcome(0.2, False)])
    assert points == [(0.25, 0.0), (0.5, 0.0), (0.75, pytest.approx(1 / 3)), (1.0, 0.5)]


def test_equal_confidence_gives_the_expected_risk_of_a_random_order():
    points = curve([Outcome(0.5, True), Outcome(0.5, False)])
    assert points == [(0.5, 0.5), (1.0, 0.5)]


def test_the_area_of_a_known_curve():
    score = aurc([Outcome(0.9, True), Outcome(0.5, False)])
    assert score.value == pytest.approx((0 + 0.5) / 2)
    assert (score.baseline, score.direction) == (0.5, "lower")


def test_declining_everything_is_as_bad_as_being_wrong_everywhere():
    assert aurc([Outcome(0.9, True, declined=True)] * 3).value == 1.0


def test_questions_that_all_went_alike_still_leave_an_interval_with_width():
    score = aurc([Outcome(0.9, True)] * 10)
    assert (score.value, score.low) == (0.0, 0.0)
    assert 0.2 < score.high < 0.35


def test_risk_at_half_coverage_looks_at_the_surest_half():
    rows = [Outcome(0.9, True), Outcome(0.8, True), Outcome(0.2, False), Outcome(0.1, False)]
    assert risk_at(rows, 0.5).value == 0
    assert risk_at(rows, 1.0).value == 0.5
    with pytest.raises(ValueError, match="coverage"):
        risk_at(rows, 0)


def test_declined_shares_are_compared_with_declining_as_often_at_random():
    unanswerable, answerable = declined_share([False, False, True, False], [True, True])
    assert (unanswerable.name, unanswerable.value, unanswerable.direction) == ("unanswerable declined", 1.0, "higher")
    assert (answerable.value, answerable.direction) == (0.25, "lower")
    assert unanswerable.baseline == answerable.baseline == 0.5


def test_a_set_without_questions_gives_no_score_instead_of_a_made_up_one():
    assert [score.name for score in declined_share([True], [])] == ["answerable declined"]
    assert declined_share([], []) == []


@settings(max_examples=25)
@given(outcomes, st.randoms(use_true_random=False))
def test_the_area_ignores_the_order_and_lies_in_its_interval_and_range(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    score = aurc(rows)
    assert score == aurc(shuffled)
    assert 0 <= score.low <= score.value <= score.high <= 1


@settings(max_examples=25)
@given(outcomes, st.integers(0, 19))
def test_making_a_wrong_answer_right_never_makes_the_area_larger(rows, place):
    place %= len(rows)
    better = [*rows[:place], Outcome(rows[place].confidence, True, rows[place].declined), *rows[place + 1 :]]
    assert aurc(better).value <= aurc(rows).value + 1e-12
