"""Packed: what was packed by gzip, zstd, bzip2 or xz, unpacked aside under limits and read as what it is."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from octavo.data.read.source import Kept, Source, left
from octavo.kinds.documents import Removed

Reader = Callable[[Source], Iterator[Kept | Removed]]
IN_MEMORY = 16 * 2**20
SMALL = 10_000_000
"""Bytes up to which no ratio is suspicious: a few blank pages pack a thousand times."""


def read(source: Source, kind: str, inner: Reader) -> Iterator[Kept | Removed]:
    """What `inner` reads in the unpacked file; it keeps the name of the packed one."""
    if source.depth >= source.limits.depth:
        yield left(source, "packed too deeply", f"more than {source.limits.depth} times")
        return
    with SpooledTemporaryFile(IN_MEMORY) as spool:
        why = unpack(source, _opened(source, kind), spool, source.size)
        if why:
            yield left(source, *why)
            return
        size = spool.tell()
        spool.seek(0)
        yield from inner(source.inner(source.name, spool, size))  # type: ignore[arg-type]


def unpack(source: Source, packed: IO[bytes], spool: Any, packed_size: int) -> tuple[str, str] | None:
    """Copy `packed` to `spool`; the reason why it was not done, if any. Stops at a limit, before the disk is full."""
    limits, total = source.limits, 0
    try:
        while block := packed.read(2**20):
            total += len(block)
            if total > limits.unpacked:
                return "over the size limit", f"more than {limits.unpacked:,} bytes unpacked"
            if total > SMALL and total > limits.ratio * packed_size:
                return "suspicious packing", f"more than {limits.ratio} times its packed size"
            spool.write(block)
            source.watch.beat()
    except Exception as error:  # zstandard's class of errors can't be named without the library
        damage = (EOFError, OSError, ValueError, RuntimeError, NotImplementedError, zlib.error, lzma.LZMAError)
        if not isinstance(error, damage) and type(error).__name__ not in ("ZstdError", "BadZipFile"):
            raise
        return "damaged", f"{str(error) or type(error).__name__}"[:200]
    return None


def _opened(source: Source, kind: str) -> IO[bytes]:
    handle = source.start()
    if kind == "gzip":
        return gzip.GzipFile(fileobj=handle, mode="rb")  # type: ignore[return-value]
    if kind == "bzip2":
        return bz2.BZ2File(handle)
    if kind == "xz":
        return lzma.LZMAFile(handle)
    import zstandard

    assert kind == "zstd", kind
    opened: IO[bytes] = zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(handle, read_across_frames=True)
    return opened
