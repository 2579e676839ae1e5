"""Folder: the text files below a folder as documents; everything else in it is listed with the reason."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from octavo.data.texts import tidy
from octavo.kinds.documents import Document, Removed
from octavo.spine.errors import WRONG_USE, OctavoError
from octavo.spine.progress import progress

SUFFIXES = (".md", ".markdown", ".txt", ".text", ".rst")
_PLAIN_NAMES = re.compile(
    r"(readme|changelog|changes|history|news|contributing|authors|todo|notice|licen[cs]e)\Z", re.I
)
_SAMPLE = 8192


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
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES and not (suffix == "" and _PLAIN_NAMES.match(entry.name)):
        return Found(relative, path, size, changed, "unsupported type", suffix or "no suffix")
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
    """The documents in order of path, and all that was left out."""
    documents, removed = read_found(walk(folder, largest))
    if not documents:
        reasons = sorted({row.reason for row in removed})
        raise OctavoError(
            "D004",
            f"The folder holds no document that can be read ({len(removed)} files were left out)",
            where=str(folder),
            likely=f"reasons: {', '.join(reasons)}" if reasons else "it is empty",
            do=f"put text files there ({' '.join(SUFFIXES)})",
        )
    return documents, removed


def read_found(found: list[Found]) -> tuple[list[Document], list[Removed]]:
    """Read what `walk` found; a file that has become unreadable since is listed."""
    documents: list[Document] = []
    removed: list[Removed] = []
    bar = progress("read documents", len(found), "files")
    for one in found:
        result = _read(one)
        if isinstance(result, Document):
            documents.append(result)
        else:
            stand_in = Document(one.relative, "", "file", file=one.relative)
            removed.append(Removed(stand_in, *result))
        bar.advance()
    return documents, removed


def _read(one: Found) -> Document | tuple[str, str]:
    if one.reason:
        return one.reason, one.detail
    try:
        raw = one.path.read_bytes()
    except OSError as error:
        return "cannot be read", error.strerror or type(error).__name__
    if b"\0" in raw[:_SAMPLE]:
        return "binary", "NUL bytes"
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return "broken UTF-8", f"byte {error.start}"
    text = tidy(text)
    if not text.strip():
        return "empty", ""
    return Document(one.relative, text, "file", title=heading(text, one.path.suffix.lower()), file=one.relative)


_MARKDOWN = re.compile(r"^ {0,3}#{1,6}[ \t]+(.+?)[ \t]*#*$", re.MULTILINE)
_UNDERLINED = re.compile(r"^(?:([=\-~^\"'`*+#:.<>_])\1*\n)? ?(\S[^\n]*)\n([=\-~^\"'`*+#:.<>_])\3{2,}$", re.MULTILINE)
_FENCE = re.compile(r"^(```|~~~).*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)


def heading(text: str, suffix: str) -> str:
    """The first heading of a Markdown or reStructuredText document; of plain text, its first line if it is short."""
    head = text[:20_000]
    candidates = []
    if suffix in (".md", ".markdown", ""):
        plain = _FENCE.sub(lambda block: "\n" * block[0].count("\n"), head)
        if (match := _MARKDOWN.search(plain)) is not None:
            candidates.append((match.start(), match[1]))
        head = plain
    if suffix != ".txt" and (match := _UNDERLINED.search(head)) is not None and match[2].strip() != "---":
        candidates.append((match.start(), match[2]))
    if candidates:
        return min(candidates)[1].strip()
    first = text.lstrip().split("\n", 1)[0].strip()
    return first if len(first) <= 80 and suffix in (".txt", ".text", "") else ""
