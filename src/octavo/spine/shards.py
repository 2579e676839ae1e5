"""Shards: one function over many parts of the work, on any executor, resumable part by part, with the same bytes."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from octavo import __version__
from octavo.spine import disk
from octavo.spine.process.executors import executor
from octavo.spine.process.lock import held
from octavo.spine.progress import progress

Task = TypeVar("Task")


def over_shards(
    work: Callable[[Task, Path], None],
    tasks: Sequence[Task],
    folder: Path,
    *,
    what: str,
    on: str = "processes",
    workers: int = 0,
    sizes: Sequence[float] | None = None,
    unit: str = "parts",
) -> list[Path]:
    """Let `work(task, target)` write one file for each task; the files in the order of the tasks.

    `work` must be a function of a module (it may run in another process or on another machine with the same disk) and
    write the same bytes whoever runs it. Files that an earlier, killed attempt finished are kept: `folder` belongs to
    this one use. `sizes` are how much each task counts for in the progress. A single missing part runs in this process.
    """
    folder.mkdir(parents=True, exist_ok=True)
    targets = [folder / f"{at:06d}" for at in range(len(tasks))]
    counts = list(sizes) if sizes is not None else [1.0] * len(tasks)
    bar = progress(what, sum(counts), unit)
    missing = []
    for at, target in enumerate(targets):
        if target.exists():
            bar.advance(counts[at])
        else:
            missing.append(at)
    count = workers or len(os.sched_getaffinity(0))
    if not missing:
        return targets
    with _pool("serial" if len(missing) == 1 and on == "processes" else on, count) as pool:
        waiting: dict[Future[None], int] = {}
        todo = iter(missing)
        try:
            while True:
                # a few more than there are workers: enough to keep them busy, little to hold in memory
                for at in islice(todo, 2 * count - len(waiting)):
                    waiting[pool.submit(_whole, work, tasks[at], targets[at])] = at
                if not waiting:
                    return targets
                for done in wait(waiting, return_when=FIRST_COMPLETED).done:
                    at = waiting.pop(done)
                    done.result()
                    bar.advance(counts[at])
        finally:
            for future in waiting:
                future.cancel()


_shared: ContextVar[tuple[str, int, Executor] | None] = ContextVar("octavo_pool", default=None)


@contextmanager
def one_pool(on: str = "processes", workers: int = 0) -> Iterator[None]:
    """Let all `over_shards` in the block that ask for this executor share one, so that its processes, or its Ray
    cluster, begin once for a work of many steps."""
    count = workers or len(os.sched_getaffinity(0))
    with executor(on, count) as pool:
        token = _shared.set((on, count, pool))
        try:
            yield
        finally:
            _shared.reset(token)


def _pool(on: str, count: int) -> AbstractContextManager[Executor]:
    shared = _shared.get()
    return nullcontext(shared[2]) if shared is not None and shared[:2] == (on, count) else executor(on, count)


def _whole(work: Callable[[Task, Path], None], task: Task, target: Path) -> None:
    """Do the work aside and put it in place when it is whole, so that a file that exists is a finished one."""
    partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
    work(task, partial)
    os.replace(partial, target)


@contextmanager
def kept_scratch(out: Path | None, recipe: Mapping[str, Any]) -> Iterator[Path]:
    """A folder beside `out` that survives a kill, so that the same command goes on; it is deleted when the block ends
    well. `recipe` is all that decides the result, given as JSON values: with another one the work begins anew.

    Two processes that make the same `out` take turns. Without an `out` it is a passing folder.
    """
    if out is None:
        with tempfile.TemporaryDirectory(prefix="octavo-") as passing:
            yield Path(passing)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    place, lock = out.parent / f".{out.name}.work", out.parent / f".{out.name}.lock"
    key = hashlib.sha256(json.dumps([__version__, recipe], sort_keys=True).encode()).hexdigest()[:40]
    with _turn(lock):
        scratch = place / key
        for other in place.iterdir() if place.is_dir() else ():
            if other != scratch:
                disk.remove(other)
        scratch.mkdir(parents=True, exist_ok=True)
        yield scratch
        disk.remove(place)
        lock.unlink()


@contextmanager
def _turn(lock: Path) -> Iterator[None]:
    """Hold a lock file that whoever holds it may delete: only the file that has the name now counts."""
    while True:
        with held(lock, waiting=lambda who: None) as handle:
            try:
                current = os.path.samestat(os.fstat(handle), lock.stat())
            except FileNotFoundError:
                current = False
            if current:
                yield
                return


def file_state(path: Path) -> dict[str, Any]:
    """What tells cheaply whether a file, or all in a folder, is still the same, for the recipe of `kept_scratch`."""
    about = path.stat()
    if path.is_dir():
        inside = sorted((entry.path, entry.stat(follow_symlinks=False)) for entry in disk.walk(path))
        told = json.dumps([(name, one.st_size, one.st_mtime_ns) for name, one in inside])
        return {"path": str(path.resolve()), "inside": hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()}
    return {"path": str(path.resolve()), "size": about.st_size, "changed": about.st_mtime_ns}
