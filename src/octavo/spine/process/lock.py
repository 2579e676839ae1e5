"""Lock: one process at a time makes a recipe; a second one waits and then finds it kept."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from octavo.spine.errors import OctavoError


@contextmanager
def held(path: Path, *, waiting: Callable[[str], None]) -> Iterator[int]:
    """Hold the lock file `path` in the block; `waiting(who)` is called once if another process has it.

    Gives the lock's file descriptor: a child process that inherits it keeps the lock even if this process is killed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting(os.pread(handle, 100, 0).decode("ascii", "replace").strip() or "another process")
            fcntl.flock(handle, fcntl.LOCK_EX)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"process {os.getpid()}\n".encode("ascii"), 0)
        yield handle
    finally:
        os.close(handle)


@contextmanager
def shared(path: Path) -> Iterator[None]:
    """Hold `path` together with other runs, so that cleaning waits until they are done."""
    with _flock(path, fcntl.LOCK_SH):
        yield


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold `path` alone, or refuse (S007) while a run is going on."""
    with _flock(path, fcntl.LOCK_EX | fcntl.LOCK_NB):
        yield


def is_free(path: Path) -> bool:
    """Whether nobody holds the lock file `path` now; writes nothing."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True


@contextmanager
def _flock(path: Path, operation: int) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, operation)
        except BlockingIOError:
            raise OctavoError(
                "S007",
                "A run is going on in this project",
                where=str(path.parent),
                do="wait for its end, then try again",
            ) from None
        yield
    finally:
        os.close(handle)
