"""Archive: the members of a zip archive, each read by what it is; what is dangerous or hidden is listed, not read."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from tempfile import SpooledTemporaryFile

from octavo.data.read.formats.packed import IN_MEMORY, SMALL, unpack
from octavo.data.read.licences import FILE_NAME, licence_text
from octavo.data.read.source import Kept, Source, left
from octavo.kinds.documents import Removed

Reader = Callable[[Source], Iterator[Kept | Removed]]


def read(source: Source, inner: Reader) -> Iterator[Kept | Removed]:
    """What `inner` reads in the members, in order of their names."""
    if source.depth >= source.limits.depth:
        yield left(source, "packed too deeply", f"more than {source.limits.depth} times")
        return
    try:
        archive = zipfile.ZipFile(source.start())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        yield left(source, "damaged", f"zip: {error}")
        return
    with archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) > source.limits.entries:
            yield left(source, "too many members", f"{len(members):,}")
            return
        total = sum(member.file_size for member in members)
        if total > source.limits.unpacked or (total > SMALL and total > source.limits.ratio * source.size):
            yield left(source, "suspicious packing", f"{total:,} bytes out of {source.size:,}")
            return
        if not members:
            yield left(source, "empty", "no members")
        licences = _licences(archive, members)
        seen: set[str] = set()
        for member in sorted(members, key=lambda one: (one.filename, one.header_offset)):
            yield from _member(source, archive, member, inner, licences, seen)
            source.watch.beat()


def _member(
    source: Source,
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    inner: Reader,
    licences: dict[str, str],
    seen: set[str],
) -> Iterator[Kept | Removed]:
    shown = member.filename.encode("utf-8", "backslashreplace").decode()
    path = PurePosixPath(shown)
    name = f"{source.name}/{shown}"
    reason, detail = _refused(member, path)
    if not reason and name in seen:
        reason, detail = "a second member of this name", ""
    seen.add(name)
    if reason:
        yield left(source, reason, detail, name=name)
        return
    with SpooledTemporaryFile(IN_MEMORY) as spool:
        try:
            opened = archive.open(member)
        except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError) as error:
            yield left(source, "damaged", str(error)[:200], name=name)
            return
        with opened:
            why = unpack(source, opened, spool, max(member.compress_size, 1))
        if why:
            yield left(source, *why, name=name)
            return
        size = spool.tell()
        spool.seek(0)
        licence = next((licences[str(up)] for up in path.parents if str(up) in licences), source.licence)
        yield from inner(source.inner(name, spool, size, licence=licence))  # type: ignore[arg-type]


def _refused(member: zipfile.ZipInfo, path: PurePosixPath) -> tuple[str, str]:
    if path.is_absolute() or ".." in path.parts or "\\" in member.filename or ":" in member.filename[:3]:
        return "path out of the archive", ""
    if any(part.startswith(".") for part in path.parts) or path.parts[:1] == ("__MACOSX",):
        return "hidden file", ""
    if member.flag_bits & 1:
        return "encrypted", "it asks for a password"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "link", ""
    return "", ""


def _licences(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> dict[str, str]:
    """Folder of the archive → licence that a file in it states."""
    found: dict[str, str] = {}
    for member in members:
        path = PurePosixPath(member.filename)
        if not FILE_NAME.match(path.name) or member.file_size > 200_000 or member.flag_bits & 1:
            continue
        try:
            text = archive.read(member).decode("utf-8", "replace")
        except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError, EOFError):
            continue  # it is listed as damaged when its turn comes
        if name := licence_text(text):
            found.setdefault(str(path.parent), name)
    return found
