"""The probe is what the generator makes, nothing in it gives the truth away, and what cannot run says so."""

import json
import math

import numpy as np
import pytest

from octavo.challenges import board
from octavo.challenges.catalogue import challenge
from octavo.challenges.entity_alignment import ground as grounds
from octavo.challenges.entity_alignment.made import made
from octavo.challenges.entity_alignment.measure import MEASURES
from octavo.challenges.entity_alignment.responses import big_model
from octavo.challenges.entity_alignment.told import Spent, Told, by_probability
from octavo.challenges.response import Prediction
from octavo.challenges.trial import run_trial
from octavo.spine.errors import OctavoError

FOUND = challenge("entity_alignment")
PROBE = sorted(FOUND.probe(), key=lambda row: row["id"])


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    return grounds.prepare(None, tmp_path_factory.mktemp("entity_alignment"), 0)


def test_the_probe_is_what_the_generator_makes():
    assert json.loads(json.dumps(made(grounds.WORLD).probe)) == PROBE


def test_more_than_half_have_no_counterpart_and_truth_lies_in_the_catalogue():
    catalogue = {row["id"] for row in made(grounds.WORLD).catalogue}
    with_truth = [row for row in PROBE if row["truth"]]
    assert len(with_truth) < len(PROBE) / 2
    assert {row["truth"] for row in with_truth} <= catalogue
    assert {row["related"] for row in PROBE if row["class"] == "related"} <= catalogue
    assert sum(row["hard"] for row in with_truth) >= 5
    assert any(not row["record"]["details"] for row in PROBE)


def test_no_record_names_its_counterpart(ground):
    truth = {row["id"]: row["truth"] for row in PROBE if row["truth"]}
    known = set(truth.values()) | set(truth)
    for record in (*ground.ready.left, *ground.ready.right):
        shown = json.dumps([record.text, record.names, {k: v for k, v in record.fields.items() if k != "date"}])
        assert not [one for one in known if one in shown or one.lower() in shown]


def test_another_name_makes_another_world_and_the_same_name_the_same():
    assert made("a").probe == made("a").probe
    assert made("a").probe != made("b").probe


def test_the_likeliest_candidate_is_linked_from_the_threshold_on_and_unjudged_pairs_are_none(ground):
    probabilities = np.full(len(ground.ready.candidates.left), np.nan)
    first = ground.ready.candidates.of(0)
    probabilities[first] = 0.1
    probabilities[first.start + 1] = 0.7
    decided = by_probability(ground, probabilities)
    second = ground.ready.right[int(ground.ready.candidates.right[first.start + 1])].id
    assert decided[0] == (second, True, 0.7)
    assert set(decided[1:]) == {(None, False, 0.0)}


def test_linking_nothing_and_linking_everything_are_no_way_to_a_good_f1():
    free = Spent(1, 0.0, 0.0, 0.0)
    nothing = [Prediction(row["id"], Told(row["truth"], False, 0.0, free)) for row in PROBE]
    everything = [Prediction(row["id"], Told(row["truth"] or "CAT-0001", True, 1.0, free)) for row in PROBE]
    measure = MEASURES["no-match F1"]
    assert measure.statistic(measure.table(None, PROBE, nothing)) == 0.0
    assert measure.statistic(measure.table(None, PROBE, everything)) < 0.65
    assert MEASURES["R@1"].statistic(MEASURES["R@1"].table(None, PROBE, nothing)) == 1.0


def test_a_score_that_is_no_number_is_a_wrong_link():
    told = [Prediction(PROBE[0]["id"], Told(PROBE[0]["truth"], True, math.nan, Spent(1, 0.0, 0.0, 0.0)))]
    assert MEASURES["no-match F1"].rows(None, PROBE[:1], told)[0][2:] == (0.0, 1.0, 0.0)


def test_without_an_endpoint_the_big_model_is_said_not_to_run_and_nothing_is_made_up(monkeypatch, tmp_path, ground):
    monkeypatch.delenv(big_model.ENDPOINT, raising=False)
    chosen = [FOUND.response("graph"), FOUND.response("big model")]
    trial = run_trial(FOUND, scratch=tmp_path, responses=chosen, seeds=(0,), grounds={0: ground})
    assert [one.response for one in trial.tried] == ["graph"]
    assert big_model.ENDPOINT in trial.not_run["big model"]
    assert "not run: big model: no big model is given" in board.table(trial.as_json())
    with pytest.raises(OctavoError) as alone:
        run_trial(FOUND, scratch=tmp_path, responses=chosen[1:], seeds=(0,), grounds={0: ground})
    assert alone.value.code == "C009"


@pytest.mark.parametrize("text", ["", "cheap", "1", "1,2,3", "-1,0", "nan,0", "inf,1"])
def test_what_is_no_price_is_refused_and_not_taken_for_free(text):
    with pytest.raises(OctavoError) as wrong:
        big_model.price(text)
    assert wrong.value.code == "C009"
    assert big_model.price("0.15,0.6") == (0.15, 0.6)
