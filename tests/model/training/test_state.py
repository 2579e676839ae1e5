"""A save is whole or it does not exist."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest
import torch

from octavo.model.training.state import KEPT, StateFolder

SAVER = """
import os, sys, torch
from pathlib import Path
from octavo.model.training.state import StateFolder
torch.set_num_threads(1)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        folder = StateFolder(Path(line.strip()), "it")
        for step in range(1, 10_000):
            folder.save(step, {"weight": torch.full((500_000,), float(step))}, {"step": step})
    print(child, flush=True)
    os.waitpid(child, 0)
    print("dead", flush=True)
"""


def tensors(value):
    return {"weight": torch.full((1000,), float(value))}


def test_the_newest_save_comes_back_and_two_are_kept(tmp_path):
    folder = StateFolder(tmp_path, "it")
    for step in (1, 2, 3):
        folder.save(step, tensors(step), {"step": step})
    loaded, facts = folder.newest()
    assert facts == {"step": 3}
    assert torch.equal(loaded["weight"], tensors(3)["weight"])
    assert len(list(tmp_path.glob("*.json"))) == len(list(tmp_path.glob("*.safetensors"))) == KEPT


@pytest.mark.parametrize("harm", ["cut short", "changed", "gone", "marker cut short"])
def test_a_damaged_save_is_passed_over_for_the_one_before(tmp_path, harm):
    folder = StateFolder(tmp_path, "it")
    folder.save(1, tensors(1), {"step": 1})
    folder.save(2, tensors(2), {"step": 2})
    path = tmp_path / "state-00000002.safetensors"
    data = path.read_bytes()
    if harm == "cut short":
        path.write_bytes(data[: len(data) // 2])
    elif harm == "changed":
        path.write_bytes(data[:-3] + b"abc")
    elif harm == "gone":
        path.unlink()
    else:
        path.with_suffix(".json").write_text('{"step": 2, "iden')
    assert folder.newest()[1] == {"step": 1}


def test_going_on_from_the_one_before_leaves_two_whole_saves(tmp_path):
    folder = StateFolder(tmp_path, "it")
    for step in (1, 2, 5):
        folder.save(step, tensors(step), {"step": step})
    (tmp_path / "state-00000005.safetensors").write_bytes(b"")
    folder.save(3, tensors(3), {"step": 3})
    assert sorted(p.name for p in tmp_path.glob("*.json")) == ["state-00000002.json", "state-00000003.json"]


def test_weights_without_a_marker_are_no_save(tmp_path):
    folder = StateFolder(tmp_path, "it")
    folder.save(1, tensors(1), {"step": 1})
    (tmp_path / "state-00000001.json").unlink()
    assert folder.newest() is None


def test_a_save_of_something_else_is_not_taken_up(tmp_path):
    StateFolder(tmp_path, "it").save(1, tensors(1), {"step": 1})
    assert StateFolder(tmp_path, "another").newest() is None


def test_a_kill_in_the_middle_of_saving_leaves_a_whole_save(tmp_path):
    moments = random.Random(0)
    saver = subprocess.Popen([sys.executable, "-c", SAVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for _ in range(20):
        print(tmp_path, file=saver.stdin, flush=True)
        child = int(saver.stdout.readline())
        patience = time.monotonic() + 60
        while not any(tmp_path.glob("*.json")) and time.monotonic() < patience:
            time.sleep(0.01)  # a busy machine takes a while to the first save
        time.sleep(moments.uniform(0.02, 0.15))
        os.kill(child, signal.SIGKILL)
        assert saver.stdout.readline() == "dead\n"
        found = StateFolder(tmp_path, "it").newest()
        if found is not None:
            loaded, facts = found
            assert torch.equal(loaded["weight"], torch.full((500_000,), float(facts["step"])))
    assert found is not None
    saver.stdin.close()
    saver.wait()
    saver.stdout.close()
