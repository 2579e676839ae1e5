"""Pretraining in two processes, started by torchrun: the loss curve of one, and nothing lost when one of them dies."""

import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from octavo.kinds import checkpoint as kind
from octavo.kinds.documents import Document, write_documents
from octavo.pretrain.learn import PretrainSettings, run
from octavo.spine.errors import OctavoError
from octavo.spine.progress import listening
from octavo.tokenizer.train import TokenizerSettings
from octavo.tokenizer.train import run as train_tokenizer

STEPS, RATE, TOLERANCE = 40, 5e-4, 2e-3
"""At a rate at which differences of rounding do not grow; what they come to otherwise is in `bench/distributed.py`."""


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    documents, tokenizer = tmp_path_factory.mktemp("documents"), tmp_path_factory.mktemp("tokenizer")
    texts = (f"Return the {i}th pair of the input iterable. " * (1 + i % 3) for i in range(60))
    write_documents(documents, [Document(f"m.f{i}", text, "function", uses=i) for i, text in enumerate(texts)])
    train_tokenizer(TokenizerSettings(size="tiny"), {"documents": documents}, tokenizer, tokenizer)
    return {"documents": documents, "tokenizer": tokenizer}


class Heard:
    """Keeps what a training tells."""

    def __init__(self):
        self.readings = []

    def progress(self, what, done, total, unit, note):
        pass

    def reading(self, values):
        self.readings.append(values)


def pretrain(inputs, folder, **settings):
    out, scratch = folder / "out", folder / "scratch"
    out.mkdir(parents=True, exist_ok=True)
    scratch.mkdir(exist_ok=True)
    settings = PretrainSettings(size="tiny", steps=STEPS, learning_rate=RATE, precision="float32", **settings)
    run(settings, inputs, out, scratch)
    return [json.loads(line)["loss"] for line in (out / kind.TRAINING).read_text().splitlines()], kind.describe(out)


@pytest.fixture(scope="module")
def alone(inputs, tmp_path_factory):
    return pretrain(inputs, tmp_path_factory.mktemp("alone"))[0]


def test_two_processes_pretrain_as_one_does(inputs, alone, tmp_path):
    heard = Heard()
    with listening(heard):
        two, facts = pretrain(inputs, tmp_path / "two", processes=2, sharding="fsdp")
    assert two == pytest.approx(alone, rel=TOLERANCE)
    assert facts["processes"] == 2
    assert any("tokens_per_second" in values for values in heard.readings), "the first process is heard"


@pytest.mark.slow
def test_a_process_that_is_killed_ends_all_with_a_message_and_the_next_run_goes_on(inputs, alone, tmp_path):
    killer = threading.Thread(target=kill_a_rank, args=(tmp_path / "run" / "scratch" / "ranks",))
    killer.start()
    with pytest.raises(OctavoError) as caught:
        pretrain(inputs, tmp_path / "run", processes=2)
    killer.join()
    assert caught.value.code == "T094"
    (tmp_path / "run" / "out").rename(tmp_path / "run" / "first")
    losses, _ = pretrain(inputs, tmp_path / "run")
    assert losses == pytest.approx(alone, rel=TOLERANCE)


def kill_a_rank(folder):
    """As soon as the first readings are there."""
    told = folder / "told.jsonl"
    until = time.monotonic() + 120
    while time.monotonic() < until and not (told.exists() and told.stat().st_size):
        time.sleep(0.02)
    ranks = [pid for pid in ranks_of(folder) if int(environment(pid)["RANK"]) == 1]
    os.kill(ranks[0], signal.SIGKILL)


def ranks_of(folder):
    order = str(folder / "order.json").encode()
    for place in Path("/proc").iterdir():
        try:
            if place.name.isdigit() and order in (place / "cmdline").read_bytes() and "RANK" in environment(place.name):
                yield int(place.name)
        except OSError:
            continue


def environment(pid):
    pairs = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return dict(pair.decode("utf-8", "replace").split("=", 1) for pair in pairs if b"=" in pair)
