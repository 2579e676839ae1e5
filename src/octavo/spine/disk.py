"""Disk: writing that survives a power cut, and what the operating system's refusals mean to a user."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from octavo.spine.errors import OctavoError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""No space, no quota, or the limit on the size of a file."""
REFUSED = (errno.EROFS, errno.EACCES, errno.EPERM)

EXTRAS = {
    "torch": "train",
    "faiss": "knowledge",
    "fastapi": "serve",
    "uvicorn": "serve",
    "prometheus_client": "serve",
    "httpx": "knowledge",
    "bitsandbytes": "adapt",
    "gguf": "adapt",
    "peft": "adapt",
    "transformers": "adapt",
    "charset_normalizer": "documents",
    "docx": "documents",
    "fastwarc": "documents",
    "lingua": "documents",
    "phonenumbers": "documents",
    "pyarrow": "documents",
    "pypdf": "documents",
    "resiliparse": "documents",
    "zstandard": "documents",
}
"""Module that may be missing → the extra that installs it."""


def known_failure(error: BaseException) -> OctavoError | None:
    """The message for what a machine may refuse (disk, permissions, memory, a missing extra); None when only a
    developer can explain it."""
    if isinstance(error, OctavoError):
        return error
    if isinstance(error, ModuleNotFoundError) and error.name in EXTRAS:
        extra = EXTRAS[error.name]
        return OctavoError("P005", f"{error.name} is not installed", do=f"pip install 'octavo[{extra}]'")
    if isinstance(error, MemoryError):
        return OctavoError("S020", "There is not enough memory", do="close other programs or choose a smaller size")
    number = error.errno if isinstance(error, OSError) else _errno_in_words(error)
    where = str(getattr(error, "filename", None) or "")
    if number in FULL:
        return OctavoError(
            "S021",
            "The disk is full",
            where=where,
            do="free some space (octavo clean helps), then run the same command again: what was made so far is kept",
        )
    if number in REFUSED:
        return OctavoError(
            "S022",
            "This place can't be written to",
            where=where,
            do="choose another --project, or change its permissions",
        )
    return None


def _errno_in_words(error: BaseException) -> int | None:
    """The errno behind an exception of a library that is not an `OSError` (SQLite, safetensors)."""
    names = {"SQLITE_FULL": errno.ENOSPC, "SQLITE_READONLY": errno.EROFS}
    if (named := names.get(str(getattr(error, "sqlite_errorname", "")))) is not None:
        return named
    return errno.ENOSPC if os.strerror(errno.ENOSPC) in str(error) else None


def sync_folder(folder: Path) -> None:
    """Make the names inside `folder` durable (a rename is lost in a power cut until its folder is synced)."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_durably(path: Path, data: bytes) -> None:
    """Replace `path` by `data`, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        partial.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise
    sync_folder(path.parent)


def write_json(path: Path, value: Any) -> None:
    """Replace `path` by `value` as JSON, whole or not at all."""
    write_durably(path, (json.dumps(value, indent=1, sort_keys=True) + "\n").encode("ascii"))


def write_side_table(path: Path, value: Any) -> None:
    """Write what can be rebuilt (a cache); a disk that is full or read-only only costs the time to rebuild it."""
    try:
        write_json(path, value)
    except OSError as error:
        if error.errno not in FULL + REFUSED:
            raise


def read_side_table(path: Path) -> dict[str, Any]:
    """What `write_side_table` wrote; empty when it is missing or damaged, since it can be rebuilt."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def walk(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Every entry below `folder`, folders before what they hold; links are not followed."""
    with os.scandir(folder) as entries:
        for entry in entries:
            yield entry
            if entry.is_dir(follow_symlinks=False):
                yield from walk(Path(entry.path))


def make_read_only(folder: Path) -> None:
    """Take away the right to write from `folder` and all it holds."""
    for entry in walk(folder):
        os.chmod(entry.path, 0o555 if entry.is_dir(follow_symlinks=False) else 0o444)
    folder.chmod(0o555)


def remove(path: Path) -> None:
    """Delete a file or folder, read-only or not; a missing one is fine."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(mode):
        path.unlink()
        return
    path.chmod(0o755)
    for entry in walk(path):
        if entry.is_dir(follow_symlinks=False):
            Path(entry.path).chmod(0o755)
    shutil.rmtree(path)


def size_of(path: Path) -> int:
    """Bytes of the files below `path`."""
    if not path.is_dir():
        return path.lstat().st_size if path.exists() else 0
    return sum(e.stat(follow_symlinks=False).st_size for e in walk(path) if not e.is_dir(follow_symlinks=False))
