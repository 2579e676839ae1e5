"""Entry: what a launcher starts. Without a rank it is the agent that runs torchrun; with one it is a rank.

The order is a file: the stage's module, its settings and inputs, and the folder in which the stage works. A rank calls
the module's `training(settings, inputs, scratch, ranks)` and runs it to its end; what was learnt is its saved state.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
from datetime import timedelta
from pathlib import Path
from typing import Any

from octavo.model.machine import usable_cores, wait_asleep
from octavo.spine.disk import known_failure, write_json
from octavo.spine.errors import OctavoError
from octavo.spine.process.child import die_with
from octavo.spine.progress import listening

PATIENCE = timedelta(minutes=10)
"""How long a rank waits for another before it takes it for lost."""
TOLD = "told.jsonl"
ORDER = "order.json"
TELL_SECONDS = 0.5
AGENT = "OCTAVO_AGENT"


class Told:
    """Writes progress and readings of the first rank to a file that the launcher follows."""

    def __init__(self, path: Path) -> None:
        self._out = path.open("a", encoding="ascii", buffering=1)
        self._last = 0.0

    def progress(self, what: str, done: float, total: float | None, unit: str, note: str) -> None:
        """How far something is, not more often than somebody can read."""
        now = time.monotonic()
        if now - self._last >= TELL_SECONDS or done == total:
            self._last = now
            self._tell("progress", {"what": what, "done": done, "total": total, "unit": unit, "note": note})

    def reading(self, values: dict[str, float | int | str]) -> None:
        """Something measured."""
        self._tell("reading", {n: v if isinstance(v, int | str) else float(v) for n, v in values.items()})

    def _tell(self, what: str, values: dict[str, Any]) -> None:
        self._out.write(json.dumps({what: values}) + "\n")


def carry_out(order: dict[str, Any], rank: int, count: int, place: int, neighbours: int) -> None:
    """Train as rank `rank` of `count`, the one at `place` of `neighbours` on its machine; the group has begun."""
    from octavo.model.distributed.ranks import Ranks

    folder = Path(order["scratch"]) / "ranks"
    try:
        module = importlib.import_module(order["module"])
        settings = getattr(module, order["settings_class"]).model_validate_json(order["settings"])
        inputs = {slot: Path(path) for slot, path in order["inputs"].items()}
        ranks = Ranks(rank, count, order["sharding"], max(1, usable_cores() // neighbours))
        if rank == 0:
            with listening(Told(folder / TOLD)):
                module.training(settings, inputs, Path(order["scratch"]), ranks).run()
        else:
            module.training(settings, inputs, Path(order["scratch"]), ranks).run()
    except Exception as error:  # the border of the process: every failure is told to the launcher, none passes
        known = known_failure(error)
        facts = {"rank": rank, "type": type(error).__name__, "text": str(error), "traceback": traceback.format_exc()}
        facts["known"] = known.as_json() if isinstance(known, OctavoError) else None
        write_json(folder / f"failed-{rank}.json", facts)
        raise


def join() -> None:
    """Begin the process group that torchrun's environment describes."""
    import torch
    import torch.distributed as dist

    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    # Numbers that decide something are on the processor, weights may be on a GPU.
    dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo", timeout=PATIENCE)


def ray_rank(order: dict[str, Any]) -> None:
    """A rank that Ray Train started; Ray has begun the process group."""
    import ray.train

    wait_asleep()
    here = ray.train.get_context()
    carry_out(order, here.get_world_rank(), here.get_world_size(), here.get_local_rank(), here.get_local_world_size())


def main() -> None:
    """Be the agent or a rank."""
    path = Path(sys.argv[1])
    order = json.loads(path.read_bytes())
    if "LOCAL_RANK" not in os.environ:
        die_with(order["parent"])
        os.environ[AGENT] = str(os.getpid())
        from torch.distributed.run import main as torchrun

        local = ["--standalone", "--local-addr=127.0.0.1", f"--nproc-per-node={order['processes']}"]
        torchrun([*local, "--max-restarts=0", "--module", "octavo.model.distributed.entry", str(path)])
        return
    die_with(int(os.environ[AGENT]))
    wait_asleep()
    join()
    import torch.distributed as dist

    numbers = (int(os.environ[n]) for n in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"))
    carry_out(order, *numbers)
    dist.destroy_process_group()
    sys.stdout.flush()
    sys.stderr.flush()
    # All is saved. Threads of gloo that outlive their group abort about every sixth ordinary end of a sharded rank.
    os._exit(0)


if __name__ == "__main__":
    main()
