"""Machines that refuse: a small disk and a place that can't be written, by whatever means this system allows."""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PR_CAPBSET_DROP = 24
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2


def _mount(*arguments: str) -> bool:
    try:
        return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def _can_mount() -> bool:
    with tempfile.TemporaryDirectory() as place:
        if not _mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", place):
            return False
        subprocess.run(["umount", place], check=True)
        return True


CAN_MOUNT = _can_mount()
WAYS_TO_REFUSE = ["permissions", *(["mount"] if CAN_MOUNT else [])]


class SmallDisk:
    """A place with little space: a disk in memory where mounting is allowed, a limit on file sizes elsewhere."""

    def __init__(self, place: Path) -> None:
        self.place = place

    @contextmanager
    def filled(self, free_kilobytes: int) -> Iterator[None]:
        """Leave that much space free in the block."""
        if not CAN_MOUNT:
            yield
            return
        filler = self.place / "filler"
        space = os.statvfs(self.place)
        filler.write_bytes(bytes(max(0, space.f_bavail * space.f_frsize - free_kilobytes * 1024)))
        try:
            yield
        finally:
            filler.unlink()

    def limits(self, free_kilobytes: int) -> dict[str, Any]:
        """Options for `subprocess.run` that make the space as small where nothing could be mounted."""
        if CAN_MOUNT:
            return {}
        size = free_kilobytes * 1024
        return {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))}


@contextmanager
def small_disk(place: Path, kilobytes: int) -> Iterator[SmallDisk]:
    """A disk of that size at `place`."""
    place.mkdir()
    if CAN_MOUNT:
        assert _mount("-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(place))
    try:
        yield SmallDisk(place)
    finally:
        if CAN_MOUNT:
            subprocess.run(["umount", "-l", str(place)], check=True)


@contextmanager
def read_only(place: Path, way: str) -> Iterator[dict[str, Any]]:
    """Forbid writing in and below `place`; gives options for `subprocess.run` that make it true for root as well."""
    if way == "mount":
        assert _mount("--bind", str(place), str(place))
        assert _mount("-o", "remount,ro,bind", str(place))
        try:
            yield {}
        finally:
            subprocess.run(["umount", "-l", str(place)], check=True)
        return
    modes = {path: path.stat().st_mode for path in [place, *place.rglob("*")]}
    for path, mode in modes.items():
        path.chmod(mode & ~0o222)
    try:
        yield {"preexec_fn": _obey_permissions}
    finally:
        for path, mode in modes.items():
            path.chmod(mode)


def _obey_permissions() -> None:
    """Give up root's right to pass over permissions, from the next program on; nothing to give up for others."""
    libc = ctypes.CDLL(None)
    for right in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        libc.prctl(PR_CAPBSET_DROP, right)
