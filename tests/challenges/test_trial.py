import json
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octavo.challenges import board
from octavo.challenges.card import MeasureCard
from octavo.challenges.measure import Measure
from octavo.challenges.response import Prediction, answer_all
from octavo.challenges.trial import _judged, run_trial, verdict
from octavo.kinds import trials


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.1, 0.2, "better"),
        (-0.2, -0.1, "worse"),
        (-0.04, 0.04, "no effect"),
        (0.01, 0.04, "no effect"),
        (-0.2, 0.2, "cannot tell"),
        (-0.01, 0.2, "cannot tell"),
        (0.01, 0.2, "better"),
    ],
)
def test_a_verdict_needs_the_interval_on_one_side_and_no_effect_needs_it_within_the_margin(low, high, expected):
    assert verdict("higher", low, high, 0.05) == expected
    mirrored = {"better": "worse", "worse": "better"}.get(expected, expected)
    assert verdict("lower", low, high, 0.05) == mirrored


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(0.001, 0.5))
def test_a_wide_interval_around_zero_is_never_called_no_effect(a, b, margin):
    low, high = sorted((a, b))
    if high > margin or low < -margin:
        assert verdict("higher", low, high, margin) != "no effect"


def test_a_trial_compares_in_pairs_and_tells_cost_and_verdict(even, tmp_path):
    trial = run_trial(even, scratch=tmp_path / "scratch", seeds=(0, 1))
    effects = {one.response: one.effects[0] for one in trial.tried}
    assert effects["look at it"].verdict == "better"
    assert effects["look at it"].after.value == 1.0
    assert effects["look at it"].p < 0.001
    assert effects["as before"].verdict == "no effect"
    assert effects["as before"].difference == 0
    assert (trial.items, trial.seeds) == (40, (0, 1))
    for one in trial.tried:
        for effect in one.effects:
            for score in (effect.before, effect.after):
                assert 0 <= score.low <= score.value <= score.high <= 1
    costs = {one.response: one.cost for one in trial.tried}
    assert costs["look at it"].flops == 2 * 40 * 2
    assert costs["always no"].flops is None
    assert costs["look at it"].seconds >= 0


def test_of_one_seed_there_is_no_verdict_where_the_seeds_alone_are_drawn():
    card = MeasureCard(name="seconds", what="", direction="lower", range=(0, 1e9), margin=0.5)
    measure = Measure(lambda *_: [], lambda table: float(table.mean()), "", over="seeds")
    for after, seeds, expected in ((6.0, 1, "cannot tell"), (0.0, 1, "no effect"), (6.0, 3, "worse")):
        tables = [np.full((4, 1), after)] * seeds
        interval = measure.interval([np.zeros((4, 1))] * seeds, tables)
        assert _judged(card, measure, interval, seeds) == expected


def test_what_the_budget_left_out_is_named(even, tmp_path):
    document = run_trial(even, scratch=tmp_path / "scratch", seeds=(0,)).as_json()
    assert "left out" not in board.table(document)
    document["responses"][0]["cost"]["late"] = 7
    assert f"left out: {document['responses'][0]['name']}: 7 answers came after" in board.table(document)


def test_perfect_scores_still_have_an_interval_with_width(even, tmp_path):
    trial = run_trial(even, scratch=tmp_path / "scratch", responses=[even.response("look")], seeds=(0,))
    after = trial.tried[0].effects[0].after
    assert after.value == after.high == 1.0
    assert 0.85 < after.low < 1.0


def test_the_same_trial_gives_the_same_numbers(even, tmp_path):
    one, other = (run_trial(even, scratch=tmp_path / name, seeds=(0,)) for name in "ab")
    assert [t.effects for t in one.tried] == [t.effects for t in other.tried]


def test_rows_left_when_the_budget_is_spent_count_as_not_answered():
    def slow(ground, probe, seed):
        for row in probe:
            began = time.perf_counter()
            while time.perf_counter() - began < 0.02:
                pass
            yield Prediction(row["id"], "answer", 1.0)

    told, cost = answer_all(slow, {0: None}, [{"id": "a"}, {"id": "b"}], budget=0.01)
    assert [one.output for one in told[0]] == ["answer", None]
    assert cost.late == 1
    assert cost.flops == 1.0


def test_a_trial_is_kept_and_its_table_can_be_printed_again(even, tmp_path):
    document = run_trial(even, scratch=tmp_path / "scratch", seeds=(0,)).as_json()
    trials.keep(tmp_path / "store", document)
    (tmp_path / "store" / "trials" / "broken.json").write_text("{")
    (again,), damaged = trials.kept(tmp_path / "store")
    assert [path.name for path in damaged] == ["broken.json"]
    assert board.table(again) == board.table(json.loads(json.dumps(document)))
    text = board.table(again)
    for wanted in ("look at it", "better", "no effect", "unknown", "No effect: the interval lies within the margin"):
        assert wanted in text


def test_a_project_without_trials_has_none(tmp_path):
    assert trials.kept(tmp_path) == ([], [])


def test_tables_must_hold_the_same_items():
    from octavo.measures.intervals import over_items

    with pytest.raises(ValueError, match="same two or more items"):
        over_items([np.zeros((3, 1))], [np.zeros((2, 1))], lambda rows: float(rows.mean()))


def test_a_response_can_be_left_out(even, tmp_path):
    trial = run_trial(even, scratch=tmp_path / "scratch", seeds=(0,), responses=[])
    assert trial.tried == ()
