"""Launch: starts the processes that train together, by torchrun on this machine or by Ray Train on several.

They leave nothing but a saved training in the stage's scratch folder: the stage takes it up in its own process, as it
would take up what a killed run had saved, and finds it complete.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from octavo.model.distributed.entry import ORDER, TOLD
from octavo.spine.disk import remove, write_json
from octavo.spine.errors import WRONG_USE, OctavoError
from octavo.spine.progress import Progress, progress, reading
from octavo.spine.settings import Settings

Launcher = Literal["torchrun", "ray"]
LOOK_SECONDS = 0.2
END_SECONDS = 20.0
OUTPUT = "output.log"


def process_count(asked: int) -> int:
    """How many processes train: as many as asked for, for 0 one a GPU, or one on a CPU."""
    import torch

    here = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if asked < 0:
        raise OctavoError(
            "T095",
            "processes cannot be negative",
            do="use 0 for one a GPU, or a positive number",
            exit_code=WRONG_USE,
        )
    return asked or max(1, here)


def train_in_ranks(
    module: str,
    settings: Settings,
    inputs: Mapping[str, Path],
    scratch: Path,
    *,
    processes: int,
    sharding: str,
    launcher: Launcher = "torchrun",
) -> None:
    """Train to the end in `processes` processes; each calls `training(settings, inputs, scratch, ranks)` of `module`.

    What a stage prepares and keeps in `scratch` (token ids) must be there before: the ranks only read it.
    """
    folder = scratch / "ranks"
    remove(folder)
    folder.mkdir(parents=True)
    order = {
        "module": module,
        "settings_class": type(settings).__qualname__,
        "settings": json.dumps(settings.as_json()),
        "inputs": {slot: str(path.absolute()) for slot, path in inputs.items()},
        "scratch": str(scratch.absolute()),
        "processes": processes,
        "sharding": sharding,
        "parent": os.getpid(),
    }
    relay = Relay(folder / TOLD)
    ended = _by_ray(order, relay) if launcher == "ray" else _by_torchrun(order, folder, relay)
    relay.pass_on()
    if ended:
        raise _failure(folder, ended)


class Relay:
    """Follows what the first rank tells and tells it on."""

    def __init__(self, path: Path) -> None:
        self._path, self._at = path, 0
        self._bars: dict[str, Progress] = {}

    def pass_on(self) -> None:
        """What was told since the last look."""
        try:
            with self._path.open("rb") as told:
                told.seek(self._at)
                lines = told.read().split(b"\n")
        except FileNotFoundError:
            return
        for line in lines[:-1]:  # the last one is still being written, or empty
            self._at += len(line) + 1
            message = json.loads(line)
            if "reading" in message:
                reading(**message["reading"])
            else:
                self._advance(**message["progress"])

    def _advance(self, what: str, done: float, total: float | None, unit: str, note: str) -> None:
        bar = self._bars.setdefault(what, progress(what, total, unit))
        bar.advance(done - bar.done, note)


def _by_torchrun(order: dict[str, Any], folder: Path, relay: Relay) -> str:
    """Run the agent to its end; how it ended if that was no success."""
    write_json(folder / ORDER, order)
    with (folder / OUTPUT).open("wb") as output:
        agent = subprocess.Popen(
            [sys.executable, "-m", "octavo.model.distributed.entry", str(folder / ORDER)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=_environment(),
        )
    try:
        while agent.poll() is None:
            relay.pass_on()
            time.sleep(LOOK_SECONDS)
    finally:
        if agent.poll() is None:
            agent.terminate()
            try:
                agent.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                agent.kill()
                agent.wait()
    return f"torchrun ended with status {agent.returncode}" if agent.returncode else ""


def _environment() -> dict[str, str]:
    """Of the agent and the ranks: they find the same packages, and meet on this machine's own address."""
    own = {name: value for name, value in os.environ.items() if name not in ("RANK", "LOCAL_RANK", "WORLD_SIZE")}
    paths = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
    local = {} if "GLOO_SOCKET_IFNAME" in own or sys.platform != "linux" else {"GLOO_SOCKET_IFNAME": "lo"}
    return {**own, "PYTHONPATH": paths, "PYTHONUNBUFFERED": "1", **local}


def _by_ray(order: dict[str, Any], relay: Relay) -> str:
    """Run a Ray Train trainer to its end; how it ended if that was no success."""
    from octavo.spine.process.executors import executor

    with executor("ray", order["processes"]):
        import torch
        from ray.train import FailureConfig, RunConfig, ScalingConfig
        from ray.train.torch import TorchConfig, TorchTrainer

        from octavo.model.distributed.entry import PATIENCE, ray_rank

        gpu = torch.cuda.is_available()
        trainer = TorchTrainer(
            ray_rank,
            train_loop_config=order,
            torch_config=TorchConfig("cpu:gloo,cuda:nccl" if gpu else "gloo", timeout_s=int(PATIENCE.total_seconds())),
            scaling_config=ScalingConfig(num_workers=order["processes"], use_gpu=gpu),
            run_config=RunConfig(
                name="training",
                storage_path=str(Path(order["scratch"], "ranks", "ray")),
                failure_config=FailureConfig(max_failures=0),
            ),
        )
        failed: list[str] = []

        def fit() -> None:
            try:
                trainer.fit()
            except Exception as error:  # told below, with what the ranks said of it
                failed.append(f"Ray Train: {type(error).__name__}: {error}")

        working = threading.Thread(target=fit, daemon=True)
        working.start()
        while working.is_alive():
            relay.pass_on()
            working.join(LOOK_SECONDS)
    return failed[0] if failed else ""


def _failure(folder: Path, ended: str) -> OctavoError:
    """The first failure that a rank told of, or that one ended without a word."""
    told = sorted(folder.glob("failed-*.json"), key=lambda path: path.stat().st_mtime_ns)
    failures = [json.loads(path.read_bytes()) for path in told]
    for failure in failures:
        if (known := failure["known"]) is not None:
            return OctavoError(
                known["code"],
                known["error"],
                where=known["in"],
                likely=known["likely"],
                do=known["do"],
                exit_code=known["exit_code"],
            )
    said = "; ".join(f"process {one['rank']}: {one['type']}: {one['text'].splitlines()[0]}" for one in failures)
    return OctavoError(
        "T094",
        f"A process of the training ended before its time ({ended})",
        where=str(folder / OUTPUT),
        likely=said or "it was killed, by a user or by a system without memory",
        do="run again: the training goes on where it was saved last, with the same or another number of processes",
    )
