"""Markup: the few pieces of HTML that all sections of the report are made of; what they are given is escaped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape

from octavo.evaluate.charts import Amount

MOST_BARS = 12


def section(place: str, title: str, inside: str) -> str:
    """A section with the heading that the menu leads to."""
    return f'<h2 id="{place}">{escape(title)}</h2>{inside}'


def card(title: str, inside: str) -> str:
    """A framed part of a section."""
    return f'<section class="card"><h3>{escape(title)}</h3>{inside}</section>'


def grid(cards: Iterable[str]) -> str:
    """Cards side by side where there is room; empty ones are left out."""
    return f'<div class="grid">{"".join(one for one in cards if one)}</div>'


def packed(cards: Iterable[str]) -> str:
    """Cards of very different heights in columns, one below the other without gaps."""
    return f'<div class="packed">{"".join(one for one in cards if one)}</div>'


def tiles(pairs: Iterable[tuple[str, str]]) -> str:
    """Numbers at a glance, each with what it is."""
    boxes = "".join(f'<div class="tile"><b>{escape(b)}</b><span>{escape(s)}</span></div>' for b, s in pairs)
    return f'<div class="tiles">{boxes}</div>'


def note(text: str) -> str:
    """A sentence in small print."""
    return f'<p class="note">{escape(text)}</p>'


def listed(sentences: Sequence[str]) -> str:
    """Sentences as a list; nothing when there are none."""
    return "<ul>" + "".join(f"<li>{escape(one)}</li>" for one in sentences) + "</ul>" if sentences else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Sequence[int] = ()) -> str:
    """A plain table that can be scrolled by itself; `numbers` are the columns that stand right."""
    kinds = [' class="n"' if at in numbers else "" for at in range(len(head))]
    top = "".join(f'<th scope="col"{kind}>{escape(name)}</th>' for name, kind in zip(head, kinds, strict=True))
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td{kind}>{escape(cell)}</td>" for cell, kind in zip(row[1:], kinds[1:], strict=True))
        + "</tr>"
        for row in rows
    )
    return f'<div class="wide" tabindex="0"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def codes(names: Iterable[str]) -> str:
    """Names in the type of programs, long ones cut."""
    return ", ".join(f"<code>{escape(cut(str(name), 90))}</code>" for name in names)


def bars(counts: Mapping[str, float], written: Callable[[float], str]) -> list[Amount]:
    """The largest of some amounts as bars with the number `written` at each, and the others as one more."""
    names = list(counts)
    rows = [Amount(name, counts[name], written(counts[name])) for name in names[:MOST_BARS]]
    if rest := names[MOST_BARS:]:
        left = sum(counts[name] for name in rest)
        rows.append(Amount(f"{len(rest)} others", left, written(left), "muted"))
    return rows


def cut(text: str, longest: int) -> str:
    """A text of at most so many characters."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60):02d} s"


def memory(size: float) -> str:
    """Bytes of memory."""
    return f"{size / 2**30:.2f} GiB" if size >= 2**30 else f"{size / 2**20:.0f} MiB"


def text_size(size: float) -> str:
    """Bytes of text."""
    for unit, power in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= power:
            return f"{size / power:.1f} {unit}"
    return f"{size:.0f} bytes"
