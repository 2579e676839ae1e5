"""Plain: text, Markdown and reStructuredText as they are written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from octavo.data.read.encoding import LEAST, SAMPLE, Decoded, decode
from octavo.data.read.licences import licence_line
from octavo.data.read.source import Kept, Source, kept, left
from octavo.data.texts import heading
from octavo.kinds.documents import Document, Removed

_SUFFIX = {"markdown": ".md", "rst": ".rst", "text": ".txt"}


def read(source: Source, kind: str) -> Iterator[Kept | Removed]:
    """The one document of a text file; `kind` is markdown, rst or text."""
    decoded = decode(source.whole(), source.charset)
    if (unread := unsure(source, decoded)) is not None:
        yield unread
        return
    suffix = PurePosixPath(source.name).suffix.lower()
    if suffix not in (".md", ".markdown", ".rst", ".txt", ".text", ""):
        suffix = _SUFFIX[kind]
    one = kept(source, decoded.text, notes=decoded.notes, licence=licence_line(decoded.text))
    if isinstance(one, Kept):
        document = one.document
        one = Kept(Document(**{**vars(document), "title": heading(document.text, suffix)}))
    yield one


def unsure(source: Source, decoded: Decoded) -> Removed | None:
    """The removal of a text whose encoding can't be told; the text as guessed goes with it."""
    if decoded.sure:
        return None
    raw = source.whole()
    beyond = sum(byte > 127 for byte in raw[:SAMPLE])
    if not decoded.text or beyond < LEAST:
        try:
            raw.decode()
        except UnicodeDecodeError as error:
            return left(source, "broken UTF-8", f"byte {error.start}; {decoded.why}")
    removed = left(source, "encoding guessed", decoded.why)
    guessed = kept(source, decoded.text)
    return Removed(guessed.document, removed.reason, removed.detail)
