"""WARC: the pages of a web archive, each read by what it is, with its address, its date and its charset."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

from octavo.data.read.source import Kept, Source, left
from octavo.kinds.documents import Removed

Reader = Callable[[Source], Iterator[Kept | Removed]]


def read(source: Source, inner: Reader) -> Iterator[Kept | Removed]:
    """The documents of the responses, resources and conversions; `inner` reads one of them."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    wanted = WarcRecordType.response | WarcRecordType.resource | WarcRecordType.conversion
    number = 0
    try:
        records = ArchiveIterator(source.start(), record_types=wanted, parse_http=True, auto_decode="all")
        for record in records:
            number += 1
            yield from _record(source, record, number, inner)
            source.watch.beat()
    except (OSError, ValueError, EOFError, RuntimeError) as error:
        yield left(source, "damaged", f"WARC: {str(error)[:200]}", name=f"{source.name}:{number + 1}", row=number + 1)
        return
    if not number:
        yield left(source, "empty", "no pages")


def _record(source: Source, record: Any, number: int, inner: Reader) -> Iterator[Kept | Removed]:
    address = record.headers.get("WARC-Target-URI", "").strip("<>")
    name = f"{source.name}:{number}"
    date = record.headers.get("WARC-Date", "")
    charset = ""
    if record.http_headers is not None:
        charset = record.http_charset or ""
        status = record.http_headers.status_code
        if status is not None and status >= 300:
            yield left(source, "not a page", f"HTTP status {status}", name=name, row=number)
            return
    body = record.reader.read(source.limits.largest + 1)
    file = source.file or source.name
    about = {"address": address, "date": date, "charset": charset, "row": number, "file": file}
    place = source.inner(name, io.BytesIO(body), len(body), **about)
    if len(body) > source.limits.largest:
        yield left(place, "over the size limit")
        return
    if not body:
        yield left(place, "empty")
        return
    yield from inner(place)
