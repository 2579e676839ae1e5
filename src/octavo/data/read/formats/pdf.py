"""PDF: the text layer page by page, with the place where each page begins."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

from octavo.data.read.source import Kept, Source, kept, left
from octavo.data.texts import tidy
from octavo.kinds.documents import Removed


def read(source: Source) -> Iterator[Kept | Removed]:
    """The one document of a PDF; `pages` beside it says at which character each page begins."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(source.start(), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            yield left(source, "encrypted", "it asks for a password")
            return
        pages, broken = _pages(reader)
        about = _about(reader)
    except (PyPdfError, ValueError, KeyError, IndexError, TypeError, AttributeError, OSError, RecursionError) as error:
        if type(error).__name__ == "DependencyError":
            yield left(source, "encrypted", "by a method that needs a further library")
            return
        # what a damaged file makes the library stumble over is as varied as damage
        yield left(source, "damaged", f"PDF: {type(error).__name__}: {str(error)[:200]}")
        return
    text, starts = _joined(pages)
    if not text.strip():
        what = "scanned: no text layer" if not broken else "no page could be read"
        yield left(source, what, f"{len(pages)} pages")
        return
    notes = []
    if empty := sum(not page.strip() for page in pages) - broken:
        notes.append(f"pages without text: {empty} of {len(pages)}")
    if broken:
        notes.append(f"pages that could not be read: {broken} of {len(pages)}")
    if holes := text.count("\ufffd"):
        notes.append(f"characters without a meaning: {holes}")
    yield kept(source, text, notes=tuple(notes), rest={"pages": starts}, **about)


def _pages(reader: Any) -> tuple[list[str], int]:
    pages: list[str] = []
    broken = 0
    for page in reader.pages:
        try:
            pages.append(tidy(page.extract_text() or ""))
        except (MemoryError, KeyboardInterrupt):
            raise
        except Exception:  # one page that the library stumbles over must not cost the others; it is counted
            pages.append("")
            broken += 1
    return pages, broken


def _joined(pages: list[str]) -> tuple[str, list[int]]:
    """The text, tidy already, and the character at which each page begins."""
    text, starts = "", []
    parts: list[str] = []
    length = 0
    for page in pages:
        body = page.strip()
        if body and length:
            parts.append("\n\n")
            length += 2
        starts.append(length)
        parts.append(body)
        length += len(body)
    text = "".join(parts)
    return text, starts


def _about(reader: Any) -> dict[str, str]:
    about = {}
    info = reader.metadata or {}
    title = info.get("/Title")
    if isinstance(title, str) and title.strip():
        about["title"] = " ".join(title.split())[:500]
    created = info.get("/CreationDate")
    if isinstance(created, str) and (match := re.match(r"D:(\d{4})(\d{2})(\d{2})", created)):
        about["date"] = "-".join(match.groups())
    language = reader.trailer.get("/Root", {}).get("/Lang")
    if isinstance(language, str) and re.match(r"[A-Za-z]{2}\b", language):
        about["language"] = language[:2].lower()
    return about
