"""What every challenge in the catalogue is held to, whoever made it."""

import importlib.util
import json

import pytest

from octavo.challenges.catalogue import catalogue
from octavo.challenges.measure import score
from octavo.challenges.trial import run_trial

FOUND = catalogue()


@pytest.fixture(scope="module", params=sorted(FOUND))
def challenge(request):
    return FOUND[request.param]


@pytest.fixture(scope="module")
def probe(challenge):
    return sorted(challenge.probe(), key=lambda row: row["id"])


@pytest.fixture(scope="module")
def ground(challenge, tmp_path_factory):
    grounds = challenge.module(challenge.card.ground)
    # Where there is a smaller one to see that everything works, that is enough here.
    prepare = getattr(grounds, "tiny", grounds.prepare)
    return prepare(None, tmp_path_factory.mktemp(challenge.name), 0)


def test_the_card_is_valid_and_the_readme_is_its_page(challenge):
    assert challenge.card.question.endswith("?")
    page = (challenge.folder / "README.md").read_text(encoding="utf-8")
    for name in [part.name for part in (*challenge.card.measures, *challenge.card.responses)]:
        assert name in page


def test_the_probe_is_small_its_own_and_every_row_has_an_id(probe):
    assert 20 <= len(probe) <= 200
    assert len({row["id"] for row in probe}) == len(probe)


def test_nothing_of_it_is_imported_until_it_is_used(challenge):
    import subprocess
    import sys

    code = (
        "import sys\nfrom octavo.challenges.catalogue import catalogue\n"
        f"catalogue()[{challenge.name!r}].card\n"
        f"print([m for m in sys.modules if m.startswith({challenge.package!r}) or m == 'torch'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_measure_has_direction_range_n_and_interval_and_tells_good_from_bad(challenge, probe, ground):
    known = challenge.module("known")
    measures = challenge.module(challenge.card.measure).MEASURES
    assert set(measures) == {card.name for card in challenge.card.measures}
    for card in challenge.card.measures:
        measure = measures[card.name]
        good = score(card, measure, [measure.table(ground, probe, known.good(probe))])
        bad = score(card, measure, [measure.table(ground, probe, known.bad(probe))])
        for one in (good, bad):
            assert one.n == len(probe)
            assert card.range[0] <= one.low <= one.value <= one.high <= card.range[1]
            assert one.direction == card.direction
        if card.direction == "higher":
            assert good.low > bad.high, card.name
        else:
            assert good.high < bad.low, card.name


def test_a_missing_answer_counts_against_the_subject(challenge, probe, ground):
    from octavo.challenges.response import Prediction

    measures = challenge.module(challenge.card.measure).MEASURES
    missing = [Prediction(row["id"], None) for row in probe]
    for card in challenge.card.measures:
        measure = measures[card.name]
        worst = card.range[0] if card.direction == "higher" else card.range[1]
        assert measure.statistic(measure.table(ground, probe, missing)) == worst, card.name


def test_every_response_states_cost_and_switch_and_its_module_is_there(challenge):
    for response in (*challenge.card.responses, challenge.card.baseline):
        assert response.cost
        assert importlib.util.find_spec(f"{challenge.package}.{response.module}")
    assert all(response.off for response in challenge.card.responses)


def test_baseline_and_responses_run_on_the_tiny_model_within_a_budget(challenge, ground, tmp_path):
    trial = run_trial(challenge, scratch=tmp_path, seeds=(0,), budget=300.0, grounds={0: ground})
    for cost in (trial.cost, *(one.cost for one in trial.tried)):
        assert cost.late == 0
    for one in trial.tried:
        assert [effect.measure for effect in one.effects] == [card.name for card in challenge.card.measures]
        assert all(effect.verdict in ("better", "worse", "no effect", "cannot tell") for effect in one.effects)
    assert json.loads(json.dumps(trial.as_json()))["challenge"] == challenge.name
