"""The meters show what is known otherwise."""

import math
import os
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from octavo.model.machine import free_memory, memory_in_use, resident_memory
from octavo.model.network.decoder import Decoder
from octavo.model.network.shape import DecoderShape
from octavo.spine.progress import listening
from tests.model.training.small import Heard, training


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_operations_are_those_that_torch_counts(groups):
    shape = DecoderShape(128, width=64, depth=3, heads=4, key_heads=groups, head_size=16, hidden=192, positions=64)
    model = Decoder(shape)
    model.initialise(0)
    tokens = torch.randint(0, 128, (2, 64))
    with FlopCounterMode(display=False) as counter:
        model.loss(tokens, tokens).backward()
    # Torch does not count a product that adds to what is there: the gradient of the head's weights.
    counted = counter.get_total_flops() + 2 * tokens.numel() * shape.vocabulary * shape.width
    assert shape.flops_per_token(64) * tokens.numel() == pytest.approx(counted, rel=1e-6)


def test_the_gradient_norm_is_that_of_torch(tmp_path, shape, machine):
    run = training(tmp_path, shape, machine, clip=1e9)
    batches = list(run.method.batches(0))
    counted = sum(batch.counted for batch in batches)
    model = run.method.prepare()
    for batch in batches:
        run.method.loss(model, batch, 1 / counted).backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1e9)
    assert run.take_step()[0]["grad_norm"] == pytest.approx(float(norm), rel=1e-4)


def test_the_first_loss_of_a_model_that_knows_nothing_is_the_log_of_the_vocabulary(tmp_path, shape, machine):
    run = training(tmp_path, shape, machine)
    with torch.no_grad():
        run.model.embedding.zero_()
    assert run.take_step()[0]["loss"] == pytest.approx(math.log(shape.vocabulary), rel=1e-5)


def test_speed_is_positions_by_seconds_that_passed(tmp_path, shape, machine, monkeypatch):
    import octavo.model.training.loop as loop

    heard, clock = Heard(), Clock()
    run = training(tmp_path, shape, machine, steps=4)
    positions = [0]
    step = run.take_step

    def slow():
        clock.now += 2.0
        row, computed = step()
        positions.append(computed)
        return row, computed

    monkeypatch.setattr(run, "take_step", slow)
    monkeypatch.setattr(loop.time, "monotonic", lambda: clock.now)
    with listening(heard):
        run.run()
    told = [values for values in heard.readings if "tokens_per_second" in values]
    assert [values["tokens_per_second"] for values in told] == [8 * 32 / 2.0] * 4
    assert positions[1:] == [8 * 32] * 4
    assert told[-1]["bits_per_byte"] == pytest.approx(told[-1]["loss"] / math.log(2) / 4.0)


class Clock:
    """Time that passes when it is told to."""

    def __init__(self):
        self.now = 100.0


def test_memory_is_what_the_system_says(machine):
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("there is no /proc/self/status on this system to compare with")
    rows = dict(row.split(":") for row in status.read_text(encoding="ascii").splitlines())
    held, most = (float(rows[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))
    assert resident_memory(machine) == pytest.approx(held, rel=0.05)
    assert memory_in_use(machine) * 1e9 == pytest.approx(most, rel=0.05)
    free = free_memory(machine.device)
    assert free is not None
    assert 0 < free < os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
