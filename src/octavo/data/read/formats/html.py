"""HTML: the main content of a page with its title, language, date and licence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from octavo.data.read.encoding import decode
from octavo.data.read.fields import iso_date
from octavo.data.read.formats.plain import unsure
from octavo.data.read.licences import licence_line, spdx
from octavo.data.read.source import Kept, Source, kept, left
from octavo.kinds.documents import Removed

_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)|<\?xml[^>]{0,100}encoding=[\"']([\w.-]+)", re.I
)
_DATES = (
    "article:published_time",
    "datepublished",
    "dc.date.issued",
    "dcterms.issued",
    "dc.date",
    "dcterms.date",
    "date",
    "pubdate",
    "publish_date",
    "og:published_time",
    "last-modified",
)
DEEPEST = 2_000
"""Elements inside of each other; pages deeper than that are attacks on parsers."""


def read(source: Source) -> Iterator[Kept | Removed]:
    """The one document of a page."""
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.html import HTMLTree

    raw = source.whole()
    match = _CHARSET.search(raw[:4096])
    declared = source.charset or ((match[1] or match[2]).decode("ascii") if match else "")
    decoded = decode(raw, declared)
    if (unread := unsure(source, decoded)) is not None:
        yield unread
        return
    markup = decoded.text.replace("\0", "")
    if _depth(markup) > DEEPEST:
        yield left(source, "nested too deeply", f"more than {DEEPEST:,} elements inside of each other")
        return
    tree = HTMLTree.parse(markup)
    text = extract_plain_text(tree, preserve_formatting=True, main_content=True, alt_texts=False)
    if len(text) < 250:
        # the heuristics for main content find nothing in a page without them; such a page is all content
        whole = extract_plain_text(tree, preserve_formatting=True, main_content=False, alt_texts=False)
        text = whole if len(text) < 0.5 * len(whole) else text
    about = _about(tree)
    if licence := spdx_line(markup):
        about["licence"] = licence
    yield kept(source, text, notes=decoded.notes, **about)


def spdx_line(markup: str) -> str:
    """The licence that a comment at the head of the page states."""
    return licence_line(markup)


_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)[^<>]*?(/?)>")
_VOID = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
        "p",
        "li",
        "td",
        "tr",
        "th",
        "dt",
        "dd",
        "option",
    ]
)


def _depth(markup: str) -> int:
    """How deep elements nest at most, roughly: without those that close themselves."""
    deepest = depth = 0
    for closing, name, alone in _TAG.findall(markup):
        if alone or name.lower() in _VOID:
            continue
        depth = max(0, depth - 1) if closing else depth + 1
        deepest = max(deepest, depth)
    return deepest


def _about(tree: Any) -> dict[str, Any]:
    about: dict[str, Any] = {"title": " ".join((tree.title or "").split())[:500]}
    root = tree.document.query_selector("html")
    language = (root.getattr("lang") or root.getattr("xml:lang") or "") if root is not None else ""
    about["language"] = re.split(r"[-_]", language.strip().lower())[0][:8]
    metas: dict[str, str] = {}
    for meta in tree.document.query_selector_all("meta"):
        name = meta.getattr("property") or meta.getattr("name") or meta.getattr("itemprop") or ""
        metas.setdefault(name.lower(), meta.getattr("content") or "")
    about["date"] = next((found for name in _DATES if (found := iso_date(metas.get(name, "")))), "")
    if not about["date"]:
        time = tree.document.query_selector("time[datetime]")
        about["date"] = iso_date(time.getattr("datetime")) if time is not None else ""
    about["licence"] = _licence(tree, metas)
    return {name: value for name, value in about.items() if value}


def _licence(tree: Any, metas: dict[str, str]) -> str:
    for link in tree.document.query_selector_all("a[rel~=license], link[rel~=license]"):
        if found := spdx(link.getattr("href") or ""):
            return found
    named = (metas.get(name, "") for name in ("license", "licence", "dc.rights", "dcterms.license", "dcterms.rights"))
    return next((found for value in named if (found := spdx(value))), "")
