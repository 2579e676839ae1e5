"""Several processes give the loss curve of one, and what they save goes on with any number of them."""

import pytest

TOLERANCE = 2e-4
"""Relative, a step's loss after eight steps; sums over ranks round otherwise than a sum in one process."""


@pytest.fixture(scope="module")
def alone(trains, tmp_path_factory):
    return {optimizer: trains(tmp_path_factory.mktemp("alone"), optimizer=optimizer) for optimizer in ("adamw", "muon")}


@pytest.mark.parametrize("sharding", ["none", "optimizer", "fsdp"])
@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
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


@pytest.mark.parametrize(("first", "then"), [((2, "none"), (1, "none")), ((1, "none"), (2, "fsdp"))])
def test_what_some_saved_another_number_goes_on_with(trains, alone, tmp_path, first, then):
    trains(tmp_path, *first, take=4)
    gone_on = trains(tmp_path, *then)
    assert gone_on["began"] == 4
    assert gone_on["losses"] == pytest.approx(alone["muon"]["losses"], rel=TOLERANCE)


def test_a_sharded_state_goes_on_alone_and_in_three(trains, alone, tmp_path):
    trains(tmp_path, 2, "fsdp", take=3)
    trains(tmp_path, 3, "optimizer", take=2)
    gone_on = trains(tmp_path)
    assert gone_on["began"] == 5
    assert gone_on["losses"] == pytest.approx(alone["muon"]["losses"], rel=TOLERANCE)


def test_the_same_number_of_processes_gives_the_same_bytes_after_an_interruption(trains, tmp_path):
    whole = trains(tmp_path / "whole", 2, "fsdp")
    trains(tmp_path / "parts", 2, "fsdp", take=5)
    assert trains(tmp_path / "parts", 2, "fsdp")["weights"] == whole["weights"]


def test_more_processes_than_rows_still_go_the_same_way(trains, tmp_path):
    one = trains(tmp_path / "one", batch=2, micro=2)
    three = trains(tmp_path / "three", 3, "fsdp", batch=2, micro=2)
    assert three["losses"] == pytest.approx(one["losses"], rel=TOLERANCE)


def test_no_process_waits_for_one_that_died(trains, tmp_path):
    trains(tmp_path, 2, codes=[1, -9], dies=1)
    assert "failed-0" in {path.name for path in tmp_path.iterdir()}
