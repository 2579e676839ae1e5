"""Attempt: one start of a stage in a process of its own, from the order to what it cost."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from octavo.spine.disk import known_failure, read_side_table, remove, write_durably, write_side_table
from octavo.spine.errors import OctavoError
from octavo.spine.plan import Planned, Planner
from octavo.spine.progress import Listener
from octavo.spine.record import Record
from octavo.spine.stage import CLOCK
from octavo.spine.store import Manifest

BEAT = 0.5
"""Seconds between two looks at the memory of the stage's processes."""

SPENT = 5.0
"""Seconds between two notes of the time spent, which a kill may lose."""


@dataclass
class Cost:
    """What a stage cost: all attempts together, the killed ones included."""

    seconds: float = 0.0
    attempts: int = 1
    peak_memory: int = 0
    observed: dict[str, float | int | str] = field(default_factory=dict)


class Attempt:
    """One try at a recipe, in `tmp/<key>`; `scratch` in there survives until the stage is done."""

    def __init__(
        self,
        planner: Planner,
        planned: Planned,
        made: Mapping[str, Manifest],
        record: Record,
        listener: Listener,
    ) -> None:
        assert planned.recipe is not None
        self.planner, self.planned, self.made = planner, planned, made
        self.record, self.listener = record, listener
        self.folder = planner.store.tmp / planned.recipe.key
        self.out = self.folder / "out"
        self._spent_file = self.folder / "spent.json"
        self._failure: dict[str, Any] | None = None
        self._finished = False

    def run(self, lock: int) -> Cost:
        """Start the stage and wait for its end; the child keeps `lock` should this process be killed."""
        remove(self.out)
        (self.folder / "scratch").mkdir(parents=True, exist_ok=True)
        self.out.mkdir()
        earlier = read_side_table(self._spent_file)
        cost = Cost(earlier.get("seconds", 0.0), earlier.get("attempts", 0) + 1)
        self._note(cost)
        before, began = cost.seconds, time.monotonic()
        try:
            with self._process(lock) as (process, messages):
                noted = began
                for _ in self._follow(process, messages, cost):
                    cost.seconds = before + time.monotonic() - began
                    if time.monotonic() - noted > SPENT:
                        noted = time.monotonic()
                        self._note(cost)
        except BaseException:
            self._note(cost)
            raise
        cost.seconds = before + time.monotonic() - began
        if not self._finished:
            self._note(cost)
            remove(self.out)  # gives its space back; a new attempt starts with an empty folder anyway
            self._fail(process.returncode)
        return cost

    def _note(self, cost: Cost) -> None:
        write_side_table(self._spent_file, {"seconds": cost.seconds, "attempts": cost.attempts})

    @contextmanager
    def _process(self, lock: int) -> Iterator[tuple[subprocess.Popen[bytes], BinaryIO]]:
        reading, writing = os.pipe()
        order = self.folder / "order.json"
        with open(reading, "rb", buffering=0) as messages:
            try:
                write_durably(order, json.dumps(self._order(lock, writing)).encode("ascii"))
                process = subprocess.Popen(
                    [sys.executable, "-m", "octavo.spine.process.child", str(order)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    pass_fds=(lock, writing),
                    env={**os.environ, "PYTHONHASHSEED": "0", "PYTHONUNBUFFERED": "1", "PYTHONPATH": _python_path()},
                    start_new_session=True,
                )
            finally:
                os.close(writing)
            with process:
                try:
                    yield process, messages
                finally:
                    if process.poll() is None:
                        process.kill()

    def _order(self, lock: int, pipe: int) -> dict[str, Any]:
        planned = self.planned
        settings = type(planned.settings)
        store = self.planner.store
        inputs = {slot: str(store.object(self.made[name].artifact)) for slot, name in planned.step.inputs.items()}
        for slot, kind in planned.step.stage.inputs.items():
            if kind == CLOCK:
                write_durably(self.folder / "clock" / "clock.json", self.planner.clock(planned.step, self.made))
                inputs[slot] = str(self.folder / "clock")
        return {
            "parent": os.getpid(),
            "lock": lock,
            "pipe": pipe,
            "sys_path": [entry or os.getcwd() for entry in sys.path],
            "folder": str(self.planner.project.folder),
            "module": planned.step.stage.module,
            "settings": json.dumps(planned.settings.as_json()),
            "settings_module": settings.__module__,
            "settings_class": settings.__qualname__,
            "inputs": inputs,
            "out": str(self.out),
            "scratch": str(self.folder / "scratch"),
        }

    def _follow(self, process: subprocess.Popen[bytes], messages: BinaryIO, cost: Cost) -> Iterator[None]:
        """Pass on what the child says until it ends; yields at every beat."""
        assert process.stdout is not None
        lines = {"message": b"", "output": b""}
        with selectors.DefaultSelector() as selector:
            selector.register(messages, selectors.EVENT_READ, "message")
            selector.register(process.stdout, selectors.EVENT_READ, "output")
            looked = 0.0
            while True:
                ended = process.poll() is not None
                ready = selector.select(0 if ended else BEAT)
                for key, _ in ready:
                    data = os.read(key.fd, 65536)
                    if not data:
                        selector.unregister(key.fileobj)
                    *whole, lines[key.data] = (lines[key.data] + data).split(b"\n")
                    for line in whole:
                        self._hear(key.data, line, cost)
                if time.monotonic() - looked >= BEAT:
                    looked = time.monotonic()
                    cost.peak_memory = max(cost.peak_memory, _memory_of(process.pid))
                yield
                if ended and not ready:
                    break
                if not selector.get_map():
                    process.wait()
        if lines["output"]:  # the last words of a process that crashed need not end a line
            self._hear("output", lines["output"], cost)

    def _hear(self, what: str, line: bytes, cost: Cost) -> None:
        stage = self.planned.step.name
        if what == "output":
            self.record.log("output", stage=stage, text=line.decode("utf-8", "replace"))
            return
        message = json.loads(line)
        if "progress" in message:
            self.listener.progress(**message["progress"])
        elif "reading" in message:
            cost.observed.update(message["reading"])
            self.record.reading(stage, message["reading"])
            self.listener.reading(message["reading"])
        elif "failed" in message:
            self._failure = message["failed"]
        elif "done" in message:
            self._finished = True
            cost.peak_memory = max(cost.peak_memory, message["done"]["peak_memory"])

    def _fail(self, status: int) -> None:
        stage = self.planned.step.name
        if self._failure is None:
            if status < 0:
                raise OctavoError(
                    "S003",
                    f'The stage "{stage}" was killed by signal {-status}',
                    where=str(self.record.log_file),
                    likely="the system ran out of memory" if status == -9 else "a crash in compiled code",
                    do="run again: it goes on where it stopped",
                )
            self._failure = {"type": "exit", "text": f"exit status {status}", "traceback": ""}
        known = self._failure.pop("known", None)
        self._keep_traceback(stage, self._failure)
        if known is not None:
            where = known["in"] or f'stage "{stage}"'
            raise OctavoError(
                known["code"],
                known["error"],
                where=where,
                likely=known["likely"],
                do=known["do"],
                exit_code=known["exit_code"],
            )
        raise OctavoError(
            "S002",
            f'The stage "{stage}" failed: {self._failure["type"]}: {self._failure["text"]}',
            where=str(self.record.log_file),
            likely="a defect in the stage, or input that it does not expect",
            do="the log holds the traceback; please report it",
        )

    def _keep_traceback(self, stage: str, facts: Mapping[str, Any]) -> None:
        try:
            self.record.log("failed", stage=stage, **facts)
        except OSError as error:
            if known_failure(error) is None:  # a full disk is what is being told anyway
                raise


def _python_path() -> str:
    """Where the child finds `octavo` itself before it takes over this process's `sys.path`."""
    import octavo

    places = [str(Path(place).parent) for place in octavo.__path__]
    return os.pathsep.join([*places, *filter(None, [os.environ.get("PYTHONPATH")])])


def _memory_of(pid: int) -> int:
    """Bytes held now by a process and its descendants; pages that they share count once a process."""
    total, todo = 0, [pid]
    while todo:
        process = Path("/proc", str(todo.pop()))
        try:
            total += int((process / "statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
            for task in (process / "task").iterdir():
                todo += [int(child) for child in (task / "children").read_text(encoding="ascii").split()]
        except (OSError, IndexError, ValueError):  # it ended while we looked
            continue
    return total
