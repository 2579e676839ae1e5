"""Folder: every file below a folder, read as what it is; what can't or must not be read is listed."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from octavo.data.read.guarded import Errand, Guard
from octavo.data.read.licences import FILE_NAME, licence_text
from octavo.data.read.source import Limits
from octavo.kinds.documents import Document, Removed, document_from_row
from octavo.spine.errors import WRONG_USE, OctavoError
from octavo.spine.progress import progress


@dataclass(frozen=True)
class Found:
    """A file below the folder: its path there with `/`, and why it is not to be read (empty: it is)."""

    relative: str
    path: Path
    size: int
    changed: int
    reason: str = ""
    detail: str = ""


def walk(folder: Path, largest: int) -> list[Found]:
    """Every file below `folder` in order of path. Links are followed only to files inside the folder that are not
    reached otherwise; folders behind links are not entered, so that no loop is possible."""
    if not folder.exists():
        raise OctavoError(
            "D002",
            "The folder of documents does not exist",
            where=str(folder),
            likely="it was moved, or the path is relative to another folder",
            do="correct docs in the table [collect] of project.toml",
            exit_code=WRONG_USE,
        )
    if not folder.is_dir():
        raise OctavoError(
            "D003",
            "docs must be a folder, but this is a file",
            where=str(folder),
            do="give the folder that the file lies in",
            exit_code=WRONG_USE,
        )
    found = sorted(_entries(folder, largest), key=lambda one: one.relative)
    return _without_repeated_targets(found, folder.resolve())


def _entries(folder: Path, largest: int) -> Iterator[Found]:
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        try:
            entries = list(os.scandir(current))
        except OSError as error:
            yield Found(_relative(current, folder), current, 0, 0, "cannot be read", error.strerror or "")
            continue
        for entry in entries:
            path = Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith("."):
                    waiting.append(path)
                else:
                    yield Found(_relative(path, folder), path, 0, 0, "hidden folder")
            else:
                yield _entry(entry, path, folder, largest)


def _relative(path: Path, folder: Path) -> str:
    """Below the folder, with `/`; bytes of a name that are not UTF-8 are shown as `\\xNN`."""
    text = path.relative_to(folder).as_posix()
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _entry(entry: os.DirEntry[str], path: Path, folder: Path, largest: int) -> Found:
    relative = _relative(path, folder)
    try:
        status = entry.stat()
    except OSError as error:
        is_link = entry.is_symlink()
        return Found(relative, path, 0, 0, "broken link or loop" if is_link else "cannot be read", error.strerror or "")
    size, changed = status.st_size, status.st_mtime_ns
    if stat.S_ISDIR(status.st_mode):
        return Found(relative, path, 0, 0, "link to a folder")
    if not stat.S_ISREG(status.st_mode):
        return Found(relative, path, 0, 0, "not a regular file")
    if entry.name.startswith("."):
        return Found(relative, path, size, changed, "hidden file")
    if size > largest:
        return Found(relative, path, size, changed, "over the size limit", f"{size:,} bytes")
    return Found(relative, path, size, changed)


def _without_repeated_targets(found: list[Found], root: Path) -> list[Found]:
    real = {str(one.path.resolve()) for one in found if not one.path.is_symlink()}
    kept = []
    for one in found:
        if one.path.is_symlink() and not one.reason:
            target = one.path.resolve()
            if not target.is_relative_to(root):
                one = Found(one.relative, one.path, one.size, one.changed, "link out of the folder")
            elif str(target) in real:
                one = Found(one.relative, one.path, one.size, one.changed, "link to a file listed elsewhere")
            else:
                real.add(str(target))
        kept.append(one)
    return kept


def folder_sources(folder: Path, largest: int) -> dict[str, str]:
    """File → digest of its size and time of change, for all that is in the folder; no file is opened."""
    sources = {}
    for one in walk(folder, largest):
        key = f"{one.size} {one.changed} {one.reason}"
        sources[one.relative] = hashlib.sha256(key.encode()).hexdigest()[:32]
    return sources


def read_folder(folder: Path, largest: int) -> tuple[list[Document], list[Removed]]:
    """The documents in order of path, and all that was left out, held in memory."""
    documents, removed = read_found(walk(folder, largest))
    if not documents:
        raise nothing(folder, len(removed), sorted({row.reason for row in removed}))
    return documents, removed


def nothing(folder: Path, left_out: int, reasons: list[str]) -> OctavoError:
    """What to say of a folder without a document."""
    return OctavoError(
        "D004",
        f"The folder holds no document that can be read ({left_out} files were left out)",
        where=str(folder),
        likely=f"reasons: {', '.join(reasons)}" if reasons else "it is empty",
        do="put documents there: text, Markdown, HTML, PDF, DOCX, CSV, JSON Lines, Parquet, WARC, packed or not",
    )


def read_found(found: list[Found]) -> tuple[list[Document], list[Removed]]:
    """Read what `walk` found; a file that has become unreadable since is listed."""
    documents: list[Document] = []
    removed: list[Removed] = []
    bar = progress("read documents", len(found), "files")
    with Guard(Limits(), "documents") as guard:
        for errand in errands_of(found):
            for line in guard.read(errand):
                if line[:1] == b"K":
                    documents.append(document_from_row(json.loads(line[17:])))
                else:
                    row = json.loads(line[1:])
                    removed.append(Removed(**{**row, "document": document_from_row(row["document"])}))
            bar.advance()
    return documents, removed


def errands_of(found: list[Found], prefix: str = "") -> list[Errand]:
    """What is to be read of what `walk` found, each with the licence and the domain of the folder it lies in."""
    licences = _licences(found)
    errands = []
    for one in found:
        folders = one.relative.split("/")[:-1]
        ups = ("/".join(folders[:end]) for end in range(len(folders), -1, -1))
        licence = next((licences[up] for up in ups if up in licences), "")
        domain = folders[0] if folders else ""
        errands.append(Errand(prefix + one.relative, one.path, one.size, licence, domain, one.reason, one.detail))
    return errands


def _licences(found: list[Found]) -> dict[str, str]:
    """Folder → the licence that a file in it states, for itself and what is below it."""
    licences: dict[str, str] = {}
    for one in found:
        if one.reason or one.size > 200_000 or not FILE_NAME.match(one.path.name):
            continue
        try:
            text = one.path.read_text("utf-8", "replace")
        except OSError:
            continue  # it is listed when its turn comes
        if name := licence_text(text):
            licences.setdefault(one.relative.rpartition("/")[0], name)
    return licences
