"""Table: CSV and its kin; one document for each row when a column holds text, else the table as one document."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from itertools import chain, islice
from tempfile import SpooledTemporaryFile
from typing import IO

from octavo.data.read.encoding import SAMPLE, Decoded, by_mark, decode, guess
from octavo.data.read.fields import SAMPLED, fields_of, from_row
from octavo.data.read.formats import plain
from octavo.data.read.sniff import is_header
from octavo.data.read.source import Kept, Row, Source, left
from octavo.kinds.documents import Removed


class Counted:
    """Lines of a file for `csv.reader`, decoded one by one; knows how many bytes it has handed out."""

    def __init__(self, handle: IO[bytes], encoding: str, longest: int) -> None:
        self._handle, self._encoding, self._longest = handle, encoding, longest
        self.bytes = 0
        self.broken = 0

    def __iter__(self) -> Counted:
        return self

    def __next__(self) -> str:
        line = self._handle.readline(self._longest)
        if not line:
            raise StopIteration
        self.bytes += len(line)
        try:
            text = line.decode(self._encoding)
        except UnicodeDecodeError:
            text = line.decode(self._encoding, "replace")
            self.broken += max(1, text.count("\ufffd"))
        return text.replace("\0", "")


def read(source: Source, delimiter: str) -> Iterator[Kept | Removed]:
    """The documents of a table whose cells `delimiter` separates."""
    handle, encoding, exact = _readable(source)
    if not encoding:
        yield from plain.read(source, "text")  # which says what is wrong with the encoding
        return
    csv.field_size_limit(min(source.limits.largest, 2**31 - 1))
    lines = Counted(handle, encoding, source.limits.largest)
    rows = _rows(csv.reader(lines, delimiter=delimiter), lines)
    first = list(islice(rows, SAMPLED))
    cells = [row for row, _, _, _ in first if row]
    header = len(cells) > 0 and is_header(cells)
    names = [cell.strip() for cell in cells[0]] if header else []
    names = names or [f"column{at}" for at in range(1, 1 + max(map(len, cells), default=0))]
    named = [_named(names, row) for row in (cells[1:] if header else cells)]
    fields = fields_of(named)
    if not fields.text:
        if source.size > source.limits.largest:
            yield left(source, "over the size limit", f"a table without a column of text, {source.size:,} bytes")
        else:
            yield from plain.read(source, "text")
        return
    first_notes = fields.note if encoding in ("utf-8", "utf-8-sig") else (*fields.note, f"encoding: {encoding}")
    for number, (row, span, broken, why) in enumerate(chain(first, rows), 1):
        place = f"{source.name}:{number}"
        if why:
            yield left(source, "broken row", why, name=place, row=number)
        elif row and not (header and number == 1):
            notes = first_notes
            if len(row) != len(names):
                notes = (*notes, f"{len(row)} cells under {len(names)} columns")
            if broken:
                notes = (*notes, f"broken bytes: {broken}")
            yield from_row(source, _named(names, row), number, fields, span=span if exact else None, notes=notes)
            first_notes = ()


Found = tuple[list[str], tuple[int, int], int, str]


def _rows(reader: Iterator[list[str]], lines: Counted) -> Iterator[Found]:
    """The rows with their bytes, how much of each is broken, and why one could not be read."""
    while True:
        start, broken = lines.bytes, lines.broken
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield [], (start, lines.bytes), 0, str(error)
            continue
        yield row, (start, lines.bytes), lines.broken - broken, ""


def _named(names: list[str], row: list[str]) -> Row:
    found: Row = dict(zip(names, row, strict=False))
    if len(row) > len(names):
        found["more_cells"] = row[len(names) :]
    return found


def _readable(source: Source) -> tuple[IO[bytes], str, bool]:
    """A handle whose lines can be told apart as bytes, its encoding (empty: unsure), and whether it is the source's
    own, so that places in it are places in the source."""
    handle = source.start()
    sample = handle.read(16 * SAMPLE)
    mark = by_mark(sample)
    handle.seek(0)
    if mark and not mark.startswith("utf-8"):
        return _as_utf8(source, mark), "utf-8", False
    if mark:
        return handle, mark, True
    decoded: Decoded | None = decode(sample.rpartition(b"\n")[0] or sample, source.charset)
    if decoded is not None and decoded.encoding == "utf-8":
        return handle, "utf-8", True
    name, sure = guess(sample)
    return handle, name if sure else "", True


def _as_utf8(source: Source, encoding: str) -> IO[bytes]:
    spool: IO[bytes] = SpooledTemporaryFile(2**24)  # type: ignore[assignment]  # noqa: SIM115
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    handle = source.start()
    while block := handle.read(2**20):
        spool.write(decoder.decode(block).encode("utf-8", "replace"))
        source.watch.beat()
    spool.write(decoder.decode(b"", True).encode("utf-8", "replace"))
    spool.seek(0)
    return spool
