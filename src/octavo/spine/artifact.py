"""Artifact: a folder named by the digest of what it holds (sorted relative names and bytes)."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from octavo.spine.disk import sync_folder, walk
from octavo.spine.errors import OctavoError

MOST_FILES = 100_000
"""Folders with more files are refused: small rows belong together in one file."""


class FileEntry(NamedTuple):
    """Size in bytes and SHA-256 of one file."""

    size: int
    sha256: str


Files = Mapping[str, FileEntry]
"""Relative name with `/` → what the file holds."""


@dataclass(frozen=True)
class Artifact:
    """A stored folder: its digest, kind, place and files."""

    digest: str
    kind: str
    folder: Path
    files: Files

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(entry.size for entry in self.files.values())


def names_in(folder: Path) -> list[str]:
    """Relative names of the files in `folder`, sorted; links and special files are refused (S008)."""
    names = []
    for entry in walk(folder):
        mode = entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISREG(mode):
            names.append(Path(entry.path).relative_to(folder).as_posix())
        elif not stat.S_ISDIR(mode):
            raise OctavoError(
                "S008",
                "An artifact may hold plain files only",
                where=entry.path,
                likely="the stage wrote a link or a special file",
                do="write a copy of the file instead",
            )
        if len(names) > MOST_FILES:
            raise OctavoError(
                "S008",
                f"An artifact may hold {MOST_FILES:,} files at most",
                where=str(folder),
                do="write many small records into few JSON Lines or Parquet files",
            )
    return sorted(names)


def hash_file(path: Path, *, sync: bool = False) -> FileEntry:
    """Size and SHA-256 of a file; with `sync` its bytes are on the disk before this returns."""
    with path.open("rb") as data:
        sha256 = hashlib.file_digest(data, "sha256").hexdigest()
        size = os.fstat(data.fileno()).st_size
        if sync:
            os.fsync(data.fileno())
    return FileEntry(size, sha256)


def files_in(folder: Path, *, sync: bool = False) -> dict[str, FileEntry]:
    """The files of `folder` with their digests; with `sync` they and their folders are made durable."""
    files = {name: hash_file(folder / name, sync=sync) for name in names_in(folder)}
    if sync:
        for below in {(folder / name).parent for name in files} | {folder}:
            sync_folder(below)
    return files


def digest_of(files: Files) -> str:
    """The artifact's name: SHA-256 over the sorted names, sizes and digests; empty folders do not count."""
    content = hashlib.sha256(b"octavo artifact 1\n")
    for name in sorted(files):
        raw = os.fsencode(name)
        content.update(b"%d:%s %d %s\n" % (len(raw), raw, files[name].size, files[name].sha256.encode()))
    return content.hexdigest()


def digest_folder(folder: Path) -> str:
    """The digest that `folder` would have as an artifact."""
    return digest_of(files_in(folder))


def stamp(path: Path) -> list[int]:
    """What changes when a file is touched: size, times of change (ns) and inode."""
    info = path.lstat()
    return [info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino]
