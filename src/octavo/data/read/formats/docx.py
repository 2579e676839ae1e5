"""DOCX: headings, paragraphs and tables in their order."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from typing import Any

from octavo.data.read.source import Kept, Source, kept, left
from octavo.kinds.documents import Removed


def read(source: Source) -> Iterator[Kept | Removed]:
    """The one document of a Word file: headings as in Markdown, cells of tables between bars."""
    import docx
    from lxml import etree

    try:
        with zipfile.ZipFile(source.start()) as archive:
            size = sum(member.file_size for member in archive.infolist() if member.filename.endswith(".xml"))
        if size > 4 * source.limits.largest or size > source.limits.ratio * max(source.size, 10**7):
            yield left(source, "over the size limit", f"{size:,} bytes unpacked")
            return
        document = docx.Document(source.start())
        blocks = list(_blocks(document))
        about = _about(document, blocks)
    except (zipfile.BadZipFile, etree.LxmlError, KeyError, ValueError, AttributeError, OSError, RuntimeError) as error:
        yield left(source, "damaged", f"DOCX: {type(error).__name__}: {str(error)[:200]}")
        return
    yield kept(source, "\n\n".join(blocks), **about)


def _blocks(document: Any) -> Iterator[str]:
    # the library would search the style sheet anew for each paragraph
    names = {style.style_id: style.name or "" for style in document.styles}
    listed: list[str] = []
    for block in document.iter_inner_content():
        rows = getattr(block, "rows", None)
        style = "" if rows is not None else names.get(block._p.style, "")
        if rows is None and style.startswith("List") and block.text.strip():
            listed.append(f"- {block.text.strip()}")
            continue
        if listed:
            yield "\n".join(listed)
            listed = []
        if rows is not None:
            yield _table(block)
        elif text := block.text.strip():
            match = re.match(r"(?:Heading|heading) (\d)|(Title)", style)
            yield f"{'#' * (int(match[1]) if match[1] else 1)} {text}" if match else text
    if listed:
        yield "\n".join(listed)


def _table(table: Any) -> str:
    lines = []
    for row in table.rows:
        cells: list[str] = []
        last = None
        for cell in row.cells:  # a merged cell comes once for each column it spans
            if cell._tc is not last:
                cells.append(" ".join(cell.text.split()))
            last = cell._tc
        lines.append(" | ".join(cells))
    return "\n".join(line for line in lines if line.strip(" |"))


def _about(document: Any, blocks: list[str]) -> dict[str, str]:
    properties = document.core_properties
    about = {"title": " ".join((properties.title or "").split())[:500]}
    when = properties.modified or properties.created
    if when is not None:
        about["date"] = when.date().isoformat()
    language = properties.language or ""
    if re.match(r"[A-Za-z]{2}\b", language):
        about["language"] = language[:2].lower()
    if not about["title"]:
        about["title"] = next((block.lstrip("# ") for block in blocks if block.startswith("#")), "")[:500]
    return {name: value for name, value in about.items() if value}
