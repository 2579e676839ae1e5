"""Training ends in the same bytes however often it is killed."""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from octavo.model.network.shape import Course
from octavo.model.training.spikes import SKIPPED_IN_A_ROW, SPIKE_WINDOW, SpikeGuard
from octavo.spine.errors import OctavoError
from octavo.spine.progress import listening
from tests.model.training.small import Heard, training

TRAINER = """
import os, sys
from pathlib import Path
import octavo.model.training.loop as loop
from octavo.model.checkpoint import to_hugging_face
from octavo.model.network.decoder import Decoder
from octavo.model.machine import choose_machine
from octavo.model.training.method import NextToken
from octavo.model.training.packing import join, pack
from octavo.model.network.shape import Course, DecoderShape
from safetensors.torch import save_file

machine = choose_machine("auto", threads=1)
shape = DecoderShape(64, width=64, depth=2, heads=2, key_heads=1, head_size=32, hidden=128, positions=32)
rows = pack(join([[(i * k + k) % 64 for k in range(20 + i % 9)] for i in range(200)]), 32)

def begin():
    model = Decoder(shape)
    model.initialise(5)
    return model

def train(scratch, out, every):
    loop.SAVE_SECONDS = float(every)
    method = NextToken(begin, rows, batch=8, micro=4, seed=3)
    course = Course(80, 5e-3, warmup=5, decay=30, optimizer="muon")
    trained = loop.Training(method, course, machine, Path(scratch), 4.0).run()
    save_file(to_hugging_face(trained.model), out)

# Each line asks for a training in a process of its own; torch is imported once for all of them.
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        train(*line.split())
        os._exit(0)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""


@pytest.fixture
def trainer():
    command = [sys.executable, "-c", TRAINER]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield process
    process.stdin.close()
    process.wait()
    process.stdout.close()


def begin_training(trainer, scratch, out, every):
    print(scratch, out, every, file=trainer.stdin, flush=True)
    return int(trainer.stdout.readline())


def test_a_training_killed_twenty_times_ends_in_the_same_bytes(tmp_path, trainer):
    began = time.monotonic()
    begin_training(trainer, tmp_path / "whole", tmp_path / "whole.safetensors", 1000)
    assert trainer.stdout.readline() == "0\n"
    long = time.monotonic() - began
    moments = random.Random(1)
    hits = 0
    while hits < 20:
        # With no time between saves nearly every blow falls into one.
        child = begin_training(trainer, tmp_path / "killed", tmp_path / "killed.safetensors", 0.05 * (hits % 2))
        time.sleep(moments.uniform(0, long / 4))
        with contextlib.suppress(ProcessLookupError):  # it may have come to its end already
            os.kill(child, signal.SIGKILL)
        if trainer.stdout.readline() == f"{int(signal.SIGKILL)}\n":
            hits += 1
        else:
            # It had come to its end: begin anew, so that all of them fall on a training that runs.
            shutil.rmtree(tmp_path / "killed")
    begin_training(trainer, tmp_path / "killed", tmp_path / "killed.safetensors", 0.05)
    assert trainer.stdout.readline() == "0\n"
    assert (tmp_path / "killed.safetensors").read_bytes() == (tmp_path / "whole.safetensors").read_bytes()


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_it_learns(tmp_path, shape, machine, optimizer):
    trained = training(tmp_path, shape, machine, steps=60, optimizer=optimizer).run()
    assert trained.rows[-1]["loss"] < 0.6 * trained.rows[0]["loss"]
    assert [row["step"] for row in trained.rows] == list(range(1, 61))


def test_micro_batches_sum_to_the_batch(tmp_path, shape, machine):
    whole, parts = training(tmp_path / "a", shape, machine), training(tmp_path / "b", shape, machine)
    whole.method.micro = 8
    losses = [(whole.take_step()[0]["loss"], parts.take_step()[0]["loss"]) for _ in range(3)]
    for one, other in losses:
        assert one == pytest.approx(other, rel=1e-4)


def test_a_broken_loss_is_skipped_and_told(tmp_path, shape, machine):
    heard = Heard()
    run = training(tmp_path, shape, machine)
    before = run.rule.tensors()["matrices.weight"].clone()
    run.method.loss = lambda model, batch, scale: model.loss(batch.tokens, batch.targets, scale=scale) * float("nan")
    with listening(heard):
        run.take_step()
    assert torch.equal(before, run.rule.tensors()["matrices.weight"])
    assert run.skipped == 1
    assert heard.readings[0]["skipped_step"] == 0


def test_a_leap_is_refused_and_too_many_end_the_run():
    guard = SpikeGuard([], [])
    chance = random.Random(0)
    for _ in range(SPIKE_WINDOW):
        assert not guard.refuses(3 + chance.random(), 1.0 + chance.random())
    assert guard.refuses(30.0, 1.5)
    assert not guard.refuses(3.5, 1.5)
    for _ in range(SKIPPED_IN_A_ROW - 1):
        assert guard.refuses(float("inf"), 1.0)
    with pytest.raises(OctavoError, match="came apart"):
        guard.refuses(float("inf"), 1.0)


def test_readings_forecast_and_compare(tmp_path, shape, machine):
    heard = Heard()
    with listening(heard):
        training(tmp_path, shape, machine).run()
    told = {name for values in heard.readings for name in values}
    assert {"forecast_seconds", "forecast_memory_gb", "matmul_peak_gflops", "forecast_ratio"} <= told
    last = next(v for v in reversed(heard.readings) if "tokens_per_second" in v)
    assert last["bits_per_byte"] == pytest.approx(last["loss"] / 0.6931471805599453 / 4.0)
    assert last["share_of_peak"] > 0


def test_the_rate_rises_stays_and_falls():
    course = Course(100, 1.0, warmup=10, decay=40)
    rates = [course.rate(step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9:60] == [1.0] * 51
    assert rates[60:] == sorted(rates[60:], reverse=True)
    assert 0 < rates[99] < 0.05


def test_another_course_does_not_take_up_the_state(tmp_path, shape, machine):
    training(tmp_path, shape, machine).run()
    assert training(tmp_path, shape, machine).step == 12
    assert training(tmp_path, shape, machine, rate=1e-3).step == 0


def test_no_clock_is_in_what_a_training_returns(tmp_path, shape, machine):
    first = training(tmp_path / "a", shape, machine).run()
    second = training(tmp_path / "b", shape, machine).run()
    assert json.dumps([first.rows, first.facts]) == json.dumps([second.rows, second.facts])
    assert not any("second" in name for name in first.facts)


def test_the_state_folder_is_the_given_one(tmp_path, shape, machine):
    training(tmp_path / "deep" / "place", shape, machine).run()
    assert sorted(Path(tmp_path, "deep", "place").glob("state-*.json"))
