"""Sniff: what a file is, by its first bytes and then by its structure; its name only chooses between kinds of text."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from dataclasses import dataclass
from typing import IO

from octavo.data.read.encoding import by_mark

HEAD = 65_536
LONGEST_LINE = 64 * 2**20

_MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"PAR1", "parquet"),
    (b"WARC/", "warc"),
)
_FOREIGN = (
    (b"\x89PNG", "PNG image"),
    (b"\xff\xd8\xff", "JPEG image"),
    (b"GIF8", "GIF image"),
    (b"II*\0", "TIFF image"),
    (b"MM\0*", "TIFF image"),
    (b"RIFF", "RIFF sound, image or film"),
    (b"OggS", "Ogg sound or film"),
    (b"ID3", "MP3 sound"),
    (b"fLaC", "FLAC sound"),
    (b"\x7fELF", "program"),
    (b"\xca\xfe\xba\xbe", "program"),
    (b"SQLite format 3\0", "SQLite database"),
    (b"\xd0\xcf\x11\xe0", "old Office file"),
    (b"7z\xbc\xaf\x27\x1c", "7z archive"),
    (b"Rar!\x1a\x07", "RAR archive"),
    (b"{\\rtf", "RTF"),
    (b"%!PS", "PostScript"),
    (b"ARROW1", "Arrow file"),
    (b"ORC", "ORC file"),
    (b"Obj\x01", "Avro file"),
    (b"\x93NUMPY", "NumPy array"),
    (b"\x00asm", "program"),
)
TEXT_SUFFIXES = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".rst": "rst",
    ".txt": "text",
    ".text": "text",
    "": "text",
}
_CONTROLS = bytes(set(range(32)) - {9, 10, 12, 13, 27} | {127})


@dataclass(frozen=True)
class Sniffed:
    """What a file is: `kind` is the name of a reader, or empty with the reason why there is none."""

    kind: str
    reason: str = ""
    detail: str = ""
    delimiter: str = ""
    """Of a table."""


READ_SUFFIXES = (
    *(".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".html", ".htm", ".pdf", ".docx", ".parquet"),
    *(".warc", ".zip", ".gz", ".zst", ".bz2", ".xz"),
)
"""Of formats that are read: an empty file of such a name is empty, not unknown."""


def sniff(handle: IO[bytes], suffix: str) -> Sniffed:
    """What the seekable file holds; `suffix` (lower case, with its dot) only breaks a tie between kinds of text."""
    handle.seek(0)
    head = handle.read(HEAD)
    if not head:
        # nothing is known of what an empty file should have held but what its name says
        known = suffix in TEXT_SUFFIXES or suffix in READ_SUFFIXES
        return Sniffed("", "empty") if known else Sniffed("", "unsupported type", f"empty {suffix}")
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return Sniffed(kind)
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _zip_kind(handle)
    for magic, name in _FOREIGN:
        if head.startswith(magic):
            return Sniffed("", "unsupported type", name)
    if b"%PDF-" in head[:1024]:
        return Sniffed("pdf")
    if head[257:262] == b"ustar":
        return Sniffed("", "unsupported type", "tar archive")
    return _text_kind(handle, head, suffix)


def _zip_kind(handle: IO[bytes]) -> Sniffed:
    handle.seek(0)
    try:
        with zipfile.ZipFile(handle) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        return Sniffed("", "damaged", f"zip: {error}")
    if "word/document.xml" in names:
        return Sniffed("docx")
    for part, name in (("xl/workbook.xml", "Excel workbook"), ("ppt/presentation.xml", "PowerPoint file")):
        if part in names:
            return Sniffed("", "unsupported type", name)
    if "mimetype" in names and ("content.xml" in names or "META-INF/container.xml" in names):
        return Sniffed("", "unsupported type", "OpenDocument or e-book")
    return Sniffed("zip")


def _text_kind(handle: IO[bytes], head: bytes, suffix: str) -> Sniffed:
    mark = by_mark(head)
    if mark and not mark.startswith("utf-8"):
        text = head[: len(head) // 4 * 4].decode(mark, "replace").lstrip("\ufeff")
    else:
        if b"\0" in head[:8192]:
            return Sniffed("", "binary", "NUL bytes")
        if len(head) - len(head.translate(None, _CONTROLS)) > len(head) // 50:
            return Sniffed("", "binary", "control characters")
        text = head.decode("utf-8-sig", "replace")
    whole = len(head) < HEAD
    start = text.lstrip()
    if start[:1] in ("{", "["):
        found = _json_kind(handle, start, whole and not mark)
        if found:
            return Sniffed(found)
    if _is_html(start):
        return Sniffed("html")
    if start.startswith("<?xml"):
        return Sniffed("", "unsupported type", "XML")
    if delimiter := table_delimiter(text if whole else text.rpartition("\n")[0]):
        return Sniffed("csv", delimiter=delimiter)
    return Sniffed(TEXT_SUFFIXES[suffix] if suffix in TEXT_SUFFIXES and suffix else _flavour(text))


def _json_kind(handle: IO[bytes], start: str, whole: bool) -> str:
    """`jsonl` when the first line is a JSON object and more follows in kind, `json` for one document, else empty."""
    first, border, _ = start.partition("\n")
    if not border and not whole:
        handle.seek(0)
        first = handle.readline(LONGEST_LINE).decode("utf-8-sig", "replace").strip()
    if start[0] == "{":
        try:
            if isinstance(json.loads(first), dict):
                return "jsonl"
        except (ValueError, RecursionError):
            pass
    # one document over many lines: its first tokens are those of JSON
    opening = re.match(r'(?:\[\s*)?\{\s*"(?:[^"\\]|\\.)*"\s*:', start) or re.match(r'\[\s*[\[\]"\d]', start)
    if opening is None:
        return ""
    if whole:
        try:
            json.loads(start)
        except (ValueError, RecursionError):
            return "jsonl" if start[0] == "{" and '"text"' in first else ""
    elif start[0] == "[" and not start[1:].lstrip().startswith("{"):
        return ""
    return "json"


_COMMENT = re.compile(r"\A(?:\s*<!--.*?-->|\s*<\?xml[^>]*\?>)*\s*", re.DOTALL)
_DOCUMENT = re.compile(r"<(?:!doctype\s+html|html|head|body)[\s>]", re.I)
_CLOSING = re.compile(r"</(p|div|span|table|tr|td|ul|ol|li|h[1-6]|a|section|article|script|style|b|i|em|strong)>", re.I)
_MARKS = re.compile(
    r"^(?: {0,3}#{1,6} |```|~~~|[-*+] \S|\d+\. \S|> |={3,}$|-{3,}$)|\]\(\S{1,300}\)|^\.\. ", re.MULTILINE
)


def _is_html(start: str) -> bool:
    if not start.startswith("<"):
        return False
    body = start[_COMMENT.match(start).end() :]  # type: ignore[union-attr]
    if _DOCUMENT.match(body):
        return True
    if not re.match(r"<[a-z][a-z0-9]*[\s>/]", body, re.I) or start.startswith("<?xml"):
        return False
    # a fragment: tags throughout, and nothing that only Markdown means
    return len(_CLOSING.findall(body)) >= 2 and not _MARKS.search(body)


def _flavour(text: str) -> str:
    """Markdown, reStructuredText or plain text, for a file whose name does not say."""
    if re.search(r"^\.\. [\w-]+::|^:[\w-]+: ", text, re.MULTILINE):
        return "rst"
    markdown = re.findall(r"^ {0,3}#{1,6} \S|^```|\[[^\[\]\n]{1,300}\]\([^)\s]{1,300}\)", text, re.MULTILINE)
    return "markdown" if len(markdown) >= 2 or text.startswith("# ") else "text"


_NUMBER = re.compile(r"[-+]?[\d.,]*\d%?\Z")


def table_delimiter(text: str) -> str:
    """What separates the cells when the text is a table with one record a row; empty when it is no table."""
    lines = text.lstrip("\ufeff").splitlines(keepends=True)[:400]
    if len(lines) < 2:
        return ""
    best, columns = "", 1
    for delimiter in (one for one in (",", "\t", ";", "|") if _in_most(one, lines)):
        rows = table_rows("".join(lines), delimiter)[: -1 if len(lines) == 400 else None]
        if len(rows) >= 2 and len(rows[0]) > columns and _is_table(rows, delimiter):
            best, columns = delimiter, len(rows[0])
    return best


def _in_most(delimiter: str, lines: list[str]) -> bool:
    """Whether it is worth to look closer: the first line has it, and so have many."""
    return delimiter in lines[0] and 10 * sum(delimiter in line for line in lines) >= len(lines)


def table_rows(text: str, delimiter: str) -> list[list[str]]:
    """The rows of a table that have cells; a quotation mark that is never closed ends the list."""
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if row and any(cell.strip() for cell in row):
                rows.append(row)
    except csv.Error:
        return rows
    return rows


def is_header(rows: list[list[str]]) -> bool:
    """Whether the first row names the columns: short, different names, no numbers."""
    cells = [cell.strip() for cell in rows[0]]
    named = all(cell and len(cell) <= 40 and not _NUMBER.match(cell) and not cell.endswith((".", "!", "?"))
                for cell in cells)  # fmt: skip
    if not named or len({cell.lower() for cell in cells}) < len(cells):
        return False
    if all(re.fullmatch(r"[A-Za-z_][\w .-]*", cell) and cell == cell.lower() for cell in cells):
        return True
    for at, cell in enumerate(cells):
        column = [row[at].strip() for row in rows[1:] if len(row) > at]
        if column and (all(_NUMBER.match(one) for one in column) or min(map(len, column)) > 2 * len(cell) + 10):
            return True
    return all(len(cell.split()) <= 3 for cell in cells)


def _is_table(rows: list[list[str]], delimiter: str) -> bool:
    width = len(rows[0])
    if width < 2 or sum(len(row) == width for row in rows) < 0.95 * len(rows):
        return False
    if delimiter == "|" and any(re.fullmatch(r"\s*:?-{2,}:?\s*", cell) for row in rows[:3] for cell in row):
        return False  # a table of Markdown, in its text
    cells = [cell for row in rows for cell in row[1:]]
    spaced = sum(cell.startswith(" ") for cell in cells) / len(cells)
    numbers = any(all(_NUMBER.match(row[at].strip()) for row in rows[1:] if len(row) > at) for at in range(width))
    header = is_header(rows)
    if len(rows) == 2 and not header:
        return False
    # in prose a space follows a comma; in a table that would take numbers and names of columns to believe
    return (header or numbers) if spaced < 0.5 else (header and numbers)
