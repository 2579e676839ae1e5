"""Real processes that train together: forked by one that has loaded torch already, joined by gloo."""

import json
import subprocess
import sys

import pytest

TRAINER = """
import json, os, sys
from datetime import timedelta
from pathlib import Path
import torch
import torch.distributed as dist
import octavo.model.training.loop as loop
import octavo.model.distributed.rules
import torch.distributed.fsdp
from octavo.model.distributed.ranks import Ranks
from octavo.model.network.decoder import Decoder
from octavo.model.machine import choose_machine
from octavo.model.training.mezo import ZerothOrder
from octavo.model.training.method import NextToken
from octavo.model.training.packing import join, pack
from octavo.model.network.shape import Course, DecoderShape
from safetensors.torch import save_file

shape = DecoderShape(64, width=64, depth=2, heads=2, key_heads=1, head_size=32, hidden=128, positions=32)
rows = pack(join([[(i * k + k) % 64 for k in range(20 + i % 9)] for i in range(120)]), 32)

def begin():
    model = Decoder(shape)
    model.initialise(5)
    return model

def train(order, rank):
    machine = choose_machine("float32", threads=1)
    loop.SAVE_SECONDS = 1e9
    method = NextToken(begin, rows, batch=order.get("batch", 8), micro=order.get("micro", 4), seed=3)
    if order["optimizer"] == "mezo":
        method = ZerothOrder(method, seed=1)
    course = Course(order.get("steps", 8), 5e-3, warmup=2, decay=3, optimizer=order["optimizer"])
    ranks = Ranks(rank, order["count"], order["sharding"])
    training = loop.Training(method, course, machine, Path(order["scratch"]), 4.0, ranks)
    began = training.step
    for _ in range(order.get("take", 10**9)):
        if training.step == course.steps:
            break
        training.take_step()
        if rank == order.get("dies"):
            os.kill(os.getpid(), 9)
    training.save()
    trained = training.result()
    if rank == 0:
        held = sum(t.numel() for t in getattr(training.rule, "rule", training.rule).tensors().values())
        told = {"began": began, "losses": [row["loss"] for row in trained.rows], "held": held}
        told["weights"] = {name: weight.double().sum().item() for name, weight in trained.weights.items()}
        Path(order["scratch"], "told.json").write_text(json.dumps(told))

def ranked(order, rank):
    if order["count"] > 1:
        os.environ["GLOO_SOCKET_IFNAME"] = "lo"
        dist.init_process_group(
            "gloo", init_method="file://" + order["scratch"] + "/meeting", rank=rank, world_size=order["count"],
            timeout=timedelta(seconds=60),
        )
    try:
        train(order, rank)
    except Exception as error:
        Path(order["scratch"], f"failed-{rank}").write_text(repr(error))
        os._exit(1)
    if order["count"] > 1:
        dist.destroy_process_group()
    os._exit(0)

for line in sys.stdin:
    order = json.loads(line)
    Path(order["scratch"]).mkdir(parents=True, exist_ok=True)
    Path(order["scratch"], "meeting").unlink(missing_ok=True)
    children = []
    for rank in range(order["count"]):
        child = os.fork()
        if child == 0:
            ranked(order, rank)
        children.append(child)
    print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]), flush=True)
"""


@pytest.fixture(scope="session")
def trains():
    """Carries out an order on some ranks and gives what the first of them told; `codes` if they do not all succeed."""
    command = [sys.executable, "-W", "ignore", "-c", TRAINER]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def train(scratch, count=1, sharding="none", optimizer="muon", codes=None, **others):
        order = {"scratch": str(scratch), "count": count, "sharding": sharding, "optimizer": optimizer, **others}
        print(json.dumps(order), file=process.stdin, flush=True)
        ended = json.loads(process.stdout.readline())
        failed = [path.read_text() for path in scratch.glob("failed-*")]
        assert ended == (codes or [0] * count), failed
        return json.loads((scratch / "told.json").read_text()) if codes is None else None

    yield train
    process.stdin.close()
    process.wait()
    process.stdout.close()
