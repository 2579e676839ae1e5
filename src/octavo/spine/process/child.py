"""Child: the fresh process in which one stage runs, so that its memory is its own and its crash is no one else's.

Started as `python -m octavo.spine.process.child ORDER`; it tells how far it is on the pipe that the
order names, one JSON document a line, and ends with `{"done": …}` or `{"failed": …}`.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import math
import os
import shutil
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from octavo.spine.disk import known_failure
from octavo.spine.errors import OctavoError
from octavo.spine.progress import listening
from octavo.spine.settings import Settings

PR_SET_PDEATHSIG = 1

FULL_DISK = 65_536
"""Bytes left on a disk below which an unexplained failure is taken for a full disk."""


class Pipe:
    """Tells the parent about progress and readings."""

    def __init__(self, handle: int) -> None:
        os.set_inheritable(handle, False)
        self._out = open(handle, "w", encoding="ascii", buffering=1)  # noqa: SIM115  # lives as long as the process

    def tell(self, message: dict[str, Any]) -> None:
        """Send one message."""
        self._out.write(json.dumps(message) + "\n")

    def progress(self, what: str, done: float, total: float | None, unit: str, note: str) -> None:
        """How far something is."""
        self.tell({"progress": {"what": what, "done": done, "total": total, "unit": unit, "note": note}})

    def reading(self, values: dict[str, float | int | str]) -> None:
        """Something measured."""
        self.tell({"reading": {name: _plain(value) for name, value in values.items()}})


def die_with(parent: int) -> None:
    """Have the system kill this process when its parent dies: an orphan would write on beside a new run."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def workers_die_with_their_stage() -> None:
    """Have the system kill forked workers too when this process is killed, which otherwise wait for ever.

    The system watches the thread that forked, so only forks of the main thread, which ends with the process, count.
    """
    forked_by_main: list[bool] = [False]

    def before() -> None:
        forked_by_main[0] = threading.current_thread() is threading.main_thread()

    def after() -> None:
        if forked_by_main[0]:
            ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    os.register_at_fork(before=before, after_in_child=after)


def main() -> None:
    """Carry out the order in the file that the command line names."""
    order = json.loads(Path(sys.argv[1]).read_bytes())
    die_with(order["parent"])
    workers_die_with_their_stage()
    os.set_inheritable(order["lock"], False)  # inherited to keep the lock; programs that the stage starts must not
    pipe = Pipe(order["pipe"])
    sys.path[:] = order["sys_path"]
    os.chdir(order["folder"])
    out = Path(order["out"])
    try:
        settings = _settings(order)
        inputs = {slot: Path(folder) for slot, folder in order["inputs"].items()}
        function = importlib.import_module(order["module"]).run
        with listening(pipe):
            function(settings, inputs, out, Path(order["scratch"]))
        pipe.tell({"done": {"peak_memory": _peak_memory()}})
    except Exception as error:  # the border of the process: every failure is told to the parent, none passes
        pipe.tell({"failed": _explain(error, out)})
        sys.exit(1)


def _settings(order: dict[str, Any]) -> Settings:
    owner: Any = importlib.import_module(order["settings_module"])
    for name in order["settings_class"].split("."):
        owner = getattr(owner, name)
    settings: Settings = owner.model_validate_json(order["settings"])
    return settings


def _explain(error: Exception, out: Path) -> dict[str, Any]:
    known = known_failure(error)
    if known is None and shutil.disk_usage(out.parent).free < FULL_DISK:
        known = known_failure(OSError(28, "No space left on device", str(out.parent)))
    facts: dict[str, Any] = {"traceback": traceback.format_exc(), "type": type(error).__name__, "text": str(error)}
    if isinstance(known, OctavoError):
        facts["known"] = known.as_json()
    return facts


def _plain(value: Any) -> float | int | str:
    """A value that JSON can hold: a scalar of numpy or torch as a number, what is not finite in words."""
    if isinstance(value, bool | int | str):
        return value
    number = float(value)
    return number if math.isfinite(number) else str(number)


def _peak_memory() -> int:
    """Most bytes that this process held; ru_maxrss would count the parent's memory at the time of the fork too."""
    for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


if __name__ == "__main__":
    main()
