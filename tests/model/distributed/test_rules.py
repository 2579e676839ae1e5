"""Several processes give the loss curve of one, and what they save goes on with any number of them."""

import pytest

TOLERANCE = 2e-4
"""Relative, a step's loss after eight steps; sums over ranks round otherwise than a sum in one process."""


@pytest.fixture(scope="module")
def alone(trains, tmp_path_factory):
    return {optimizer: trains(tmp_path_factory.mktemp("alone"), optimizer=optimizer) for optimizer in ("adamw", "muon")}


@pytest.mark.parametrize(
    ("optimizer", "sharding"),
    [("adamw", "none"), ("adamw", "fsdp"), ("muon", "none"), ("muon", "optimizer"), ("muon", "fsdp")],
)
def test_two_processes_give_the_loss_curve_of_one(trains, alone, tmp_path, optimizer, sharding):
    two = trains(tmp_path, 2, sharding, optimizer)
    assert two["losses"] == pytest.approx(alone[optimizer]["losses"], rel=TOLERANCE)
    assert two["weights"].keys() == alone[optimizer]["weights"].keys()
    if sharding != "none":
        assert two["held"] < 0.7 * alone[optimizer]["held"]


def test_mezo_tells_one_number_a_step(trains, tmp_path):
    one = trains(tmp_path / "one", optimizer="mezo", steps=4)
    two = trains(tmp_path / "two", 2, optimizer="mezo", steps=4)
    assert two["losses"] == pytest.approx(one["losses"], rel=TOLERANCE)


def test_what_some_saved_any_number_goes_on_with(trains, alone, tmp_path):
    for count, sharding in ((1, "none"), (2, "fsdp"), (3, "optimizer"), (2, "none")):
        trains(tmp_path, count, sharding, take=1)
    gone_on = trains(tmp_path)
    assert gone_on["began"] == 4
    assert gone_on["losses"] == pytest.approx(alone["muon"]["losses"], rel=TOLERANCE)


def test_the_same_number_of_processes_gives_the_same_bytes_after_an_interruption(trains, tmp_path):
    whole = trains(tmp_path / "whole", 2, "fsdp", steps=4)
    trains(tmp_path / "parts", 2, "fsdp", take=2, steps=4)
    assert trains(tmp_path / "parts", 2, "fsdp", steps=4)["weights"] == whole["weights"]


def test_more_processes_than_rows_still_go_the_same_way(trains, tmp_path):
    one = trains(tmp_path / "one", batch=2, micro=2, steps=4)
    three = trains(tmp_path / "three", 3, "fsdp", batch=2, micro=2, steps=4)
    assert three["losses"] == pytest.approx(one["losses"], rel=TOLERANCE)


def test_no_process_waits_for_one_that_died(trains, tmp_path):
    trains(tmp_path, 2, codes=[1, -9], dies=1)
    assert "failed-0" in {path.name for path in tmp_path.iterdir()}
