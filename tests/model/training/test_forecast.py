"""A forecast is arithmetic on what was measured, refuses what cannot fit, and leaves no trace."""

import json
from dataclasses import replace

import pytest
import torch

import octavo.model.training.forecast as forecast
import octavo.model.training.room as room
from octavo.model.training.forecast import Needs, first_rows, line, spell, whole_batch
from octavo.model.training.method import Batch
from octavo.model.training.room import refuse_without_room
from octavo.spine.errors import OctavoError
from octavo.spine.progress import listening
from tests.model.training.small import Heard, training


def test_time_is_steps_and_saves():
    needs = Needs([2.0, 4.0], save_seconds=5.0, memory=0)
    # Ten steps of three seconds; saves after 12 and 24 seconds and at the end.
    assert needs.seconds(10, save_every=12) == pytest.approx(30 + 3 * 5)


def test_the_error_is_the_spread_and_at_least_a_tenth():
    assert Needs([2.0, 4.0], 0.0, 0).error(10, 1000) == pytest.approx(20 / 30)
    assert Needs([3.0, 3.0], 0.0, 0).error(10, 1000) == pytest.approx(0.1)


def test_a_whole_batch_is_the_first_row_and_so_many_more():
    assert whole_batch(before=100, one=130, two=140, rows=8) == 100 + 30 + 7 * 10


def test_a_batch_is_cut_with_its_count():
    targets = torch.tensor([[1, -1], [2, 3], [4, 5]])
    cut = first_rows(Batch(targets, targets, targets, 5), 2)
    assert cut.counted == 3
    assert cut.tokens.shape == (2, 2)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.42, "0.4 s"), (9.96, "10 s"), (59.6, "1 min 0 s"), (400, "6 min 40 s"), (3 * 3600 + 120, "3 h 2 min")],
)
def test_durations_are_spelt_as_people_say_them(seconds, words):
    assert spell(seconds) == words


def test_the_line_is_one_that_people_read():
    assert line(400, 0.1, 3.14) == "fits in 3.1 GB, 6 min 40 s ± 10 %"


def test_what_does_not_fit_is_refused_with_the_remedy(machine):
    refuse_without_room(1.0, "a byte", "cpu")
    with pytest.raises(OctavoError, match="does not fit into memory: a mountain needs about 1000000") as refused:
        refuse_without_room(1e15, "a mountain", "cpu")
    assert refused.value.code == "T031"
    assert "shorter sequence" in refused.value.do


def test_a_training_that_does_not_fit_is_refused_before_its_first_step(tmp_path, shape, machine, monkeypatch):
    run = training(tmp_path, shape, machine)
    monkeypatch.setattr(room, "free_memory", lambda device: 10.0)
    monkeypatch.setattr(forecast, "resident_memory", Growing())
    with pytest.raises(OctavoError, match="a batch of 4 rows of 32 tokens"):
        run.run()
    assert run.step == 0


@pytest.fixture(autouse=True)
def no_more_than_needed(monkeypatch):
    monkeypatch.setattr(forecast, "PROBE_BYTES", 1000)
    monkeypatch.setattr(forecast, "measured_peak", lambda machine: 1e9)


def test_an_optimizer_that_does_not_fit_is_refused_before_it_is_made(tmp_path, shape, machine, monkeypatch):
    # Masters, gradients and momentum are three numbers of four bytes for most of the parameters.
    monkeypatch.setattr(room, "free_memory", lambda device: 12.0 * shape.parameters)
    with pytest.raises(OctavoError, match="the state of the optimizer needs about"):
        training(tmp_path, shape, machine)


class Growing:
    """Memory that grows by ten bytes whenever it is asked for."""

    def __init__(self):
        self.held = 0.0

    def __call__(self, machine):
        self.held += 10
        return self.held


def test_trials_change_neither_weights_nor_random_numbers(tmp_path, shape, machine):
    run = training(tmp_path, shape, machine)
    original = run.method.loss

    def with_chance(model, batch, scale):
        return original(model, batch, scale) + 0 * torch.rand(())

    run.method.loss = with_chance
    before = {name: tensor.clone() for name, tensor in run.rule.tensors().items()}
    random = torch.get_rng_state()
    forecast.Forecast(run, tmp_path, 15.0)
    assert torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(tensor, before[name]) for name, tensor in run.rule.tensors().items())
    assert all(not group.grad.any() for group in run.rule.groups.values())


def test_what_happened_is_told_beside_the_forecast(tmp_path, shape, machine):
    heard = Heard()
    with listening(heard):
        told = forecast.Forecast(training(tmp_path, shape, machine), tmp_path, 15.0)
        told.compare(2 * told.seconds, told.memory / 2)
    first, last = heard.readings
    assert first["forecast"].startswith("fits in ")
    assert last["forecast_ratio"] == pytest.approx(2)
    assert last["memory_ratio"] == pytest.approx(0.5)
    assert "longer" in last["outcome"] or told.error >= 1
    assert json.dumps(heard.readings)


def test_memory_holds_the_state_that_is_saved(tmp_path, shape, machine):
    larger = replace(shape, width=256, hidden=512)
    run = training(tmp_path, larger, machine)
    state = sum(tensor.numel() * 4 for tensor in run.rule.tensors().values())
    assert forecast.Forecast(run, tmp_path, 15.0).memory * 1e9 > 2 * state
