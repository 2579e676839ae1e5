"""Charts: bars with intervals, lines, amounts and a funnel, as inline SVG that needs no script and no other file.

Each is drawn 400 units wide with text of 12, so that it can be read on a telephone and grows on a desk. Colours come
from the page (CSS variables, light and dark); a difference is never told by colour alone. Each has a title and a
description for who listens instead of looking.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from zlib import crc32

WIDTH = 400
DASHES = ("", "6 3", "2 3", "8 3 2 3")


@dataclass(frozen=True)
class Line:
    """A named row of points; drawn in the page's colour `--line1` … `--line4`, each with a dash of its own."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Level:
    """A horizontal reference: what a baseline reaches."""

    name: str
    value: float


@dataclass(frozen=True)
class Amount:
    """A labelled bar; `text` is what is written at its end."""

    label: str
    value: float
    text: str
    tone: str = "accent"
    """accent, muted, good or bad."""


@dataclass(frozen=True)
class Range:
    """A labelled value with its interval; `text` is what is written at its end."""

    label: str
    value: float
    low: float
    high: float
    text: str


def short(value: float) -> str:
    """A number as people read it: 0.034, 12.5, 1,234, 56 k, 1.2 M."""
    size = abs(value)
    if size >= 1e6:
        return f"{value / 1e6:.3g} M"
    if size >= 1e4:
        return f"{value / 1e3:.3g} k"
    if size >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def ticks(low: float, high: float, wanted: int = 4) -> list[float]:
    """Round values between `low` and `high`, about `wanted` of them."""
    if high <= low:
        return [low]
    rough = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 10) + 0.0 for i in range(first, last + 1)]


def lines(
    title: str,
    series: Sequence[Line],
    *,
    x: str,
    y: str,
    levels: Sequence[Level] = (),
    y_range: tuple[float, float] | None = None,
    x_range: tuple[float, float] | None = None,
) -> str:
    """A line chart with axes, reference levels and a legend below."""
    xs = [point[0] for line in series for point in line.points]
    ys = [point[1] for line in series for point in line.points] + [level.value for level in levels]
    assert xs, "a line chart needs a point"
    x0, x1 = x_range or (min(xs), max(xs))
    y0, y1 = y_range or _padded(min(ys), max(ys))
    x1 = x1 if x1 > x0 else x0 + 1
    left, right, top, bottom = 46, WIDTH - 12, 22, 206
    names = len(series) + len(levels)

    def across(value: float) -> float:
        return round(left + (value - x0) / (x1 - x0) * (right - left), 1)

    def down(value: float) -> float:
        return round(bottom - (value - y0) / (y1 - y0) * (bottom - top), 1)

    body = [f'<text class="axis" x="2" y="12">{escape(y)}</text>']
    for value in ticks(y0, y1):
        body.append(f'<line class="grid" x1="{left}" x2="{right}" y1="{down(value)}" y2="{down(value)}"/>')
        body.append(f'<text class="tick" x="{left - 5}" y="{down(value) + 4}" text-anchor="end">{short(value)}</text>')
    for value in ticks(x0, x1):
        body.append(
            f'<text class="tick" x="{across(value)}" y="{bottom + 16}" text-anchor="middle">{short(value)}</text>'
        )
    body.append(f'<text class="axis" x="{right}" y="{bottom + 32}" text-anchor="end">{escape(x)}</text>')
    legend = bottom + 52
    for i, level in enumerate(levels):
        body.append(f'<line class="level" x1="{left}" x2="{right}" y1="{down(level.value)}" y2="{down(level.value)}"/>')
        body += _legend(legend + 18 * i, 'class="level"', f"{level.name}: {short(level.value)}")
    for i, line in enumerate(series):
        place = " ".join(f"{across(a)},{down(b)}" for a, b in line.points)
        style = f'class="line line{i % 4 + 1}" stroke-dasharray="{DASHES[i % 4]}"'
        body.append(f'<polyline {style} points="{place}"/>')
        if len(line.points) == 1:
            at = line.points[0]
            body.append(f'<circle class="dot line{i % 4 + 1}" cx="{across(at[0])}" cy="{down(at[1])}" r="3"/>')
        last = line.points[-1]
        body += _legend(legend + 18 * (len(levels) + i), style, f"{line.name} (ends at {short(last[1])})")
    said = "; ".join(
        [f"{line.name} from {short(line.points[0][1])} to {short(line.points[-1][1])}" for line in series]
        + [f"{level.name} {short(level.value)}" for level in levels]
    )
    return _svg(title, f"{y} over {x}: {said}.", legend + 18 * names - 8, body)


def amounts(title: str, rows: Sequence[Amount], *, what: str, largest: float | None = None) -> str:
    """Horizontal bars, label and text above each; `largest` fills the width (default: the largest value)."""
    largest = largest or max((row.value for row in rows), default=0) or 1
    body = []
    for i, row in enumerate(rows):
        top = i * 36
        length = round(row.value / largest * WIDTH, 1)
        body.append(f'<text class="label" x="0" y="{top + 13}">{escape(_cut(row.label, 40))}</text>')
        body.append(f'<text class="value" x="{WIDTH}" y="{top + 13}" text-anchor="end">{escape(row.text)}</text>')
        body.append(f'<rect class="track" x="0" y="{top + 19}" width="{WIDTH}" height="9" rx="2"/>')
        if length:
            body.append(f'<rect class="{row.tone}" x="0" y="{top + 19}" width="{max(length, 1.5)}" height="9" rx="2"/>')
    said = "; ".join(f"{row.label}: {row.text}" for row in rows)
    return _svg(title, f"{what}: {said}.", len(rows) * 36, body)


def ranges(title: str, rows: Sequence[Range], *, what: str, mark: float | None = None) -> str:
    """Values on one scale from 0, each a dot in the band of its interval; a tick at `mark` in every row."""
    largest = max([row.high for row in rows] + [mark or 0.0], default=0) or 1

    def across(value: float) -> float:
        return round(4 + min(max(value / largest, 0), 1) * (WIDTH - 8), 1)

    body = []
    for i, row in enumerate(rows):
        top = i * 36
        length = max(across(row.high) - across(row.low), 2)
        body.append(f'<text class="label" x="0" y="{top + 13}">{escape(_cut(row.label, 40))}</text>')
        body.append(f'<text class="value" x="{WIDTH}" y="{top + 13}" text-anchor="end">{escape(row.text)}</text>')
        body.append(f'<line class="scale" x1="4" x2="{WIDTH - 4}" y1="{top + 24}" y2="{top + 24}"/>')
        body.append(f'<rect class="band" x="{across(row.low)}" y="{top + 20}" width="{length:.1f}" height="8" rx="2"/>')
        if mark is not None:
            body.append(f'<path class="baseline-tick" d="M{across(mark)} {top + 18}v12"/>')
        body.append(f'<circle class="value-dot" cx="{across(row.value)}" cy="{top + 24}" r="4"/>')
    said = "; ".join(f"{row.label}: {row.text}" for row in rows)
    marked = "" if mark is None else f" The tick is at {short(mark)}."
    return _svg(title, f"{what}: {said}.{marked}", len(rows) * 36, body)


def funnel(title: str, rows: Sequence[Amount]) -> str:
    """Centred bars that narrow from step to step."""
    largest = max((row.value for row in rows), default=0) or 1
    body = []
    for i, row in enumerate(rows):
        top = i * 40
        length = max(round(row.value / largest * WIDTH, 1), 2)
        body.append(f'<text class="label" x="0" y="{top + 13}">{escape(_cut(row.label, 42))}</text>')
        body.append(f'<text class="value" x="{WIDTH}" y="{top + 13}" text-anchor="end">{escape(row.text)}</text>')
        start = round((WIDTH - length) / 2, 1)
        body.append(f'<rect class="{row.tone}" x="{start}" y="{top + 19}" width="{length}" height="13" rx="2"/>')
    said = "; then ".join(f"{row.label}: {row.text}" for row in rows)
    return _svg(title, f"{said}.", len(rows) * 40, body)


def interval_bar(
    *, title: str, value: float, low: float, high: float, baseline: float | None, domain: tuple[float, float]
) -> str:
    """One number on its scale: a band for the interval, a dot for the value, a tick for the baseline."""
    width, height = 160, 22

    def across(number: float) -> float:
        share = (number - domain[0]) / ((domain[1] - domain[0]) or 1)
        return round(5 + min(max(share, 0), 1) * (width - 10), 1)

    length = max(across(high) - across(low), 2)
    body = [
        f'<line class="scale" x1="5" x2="{width - 5}" y1="11" y2="11"/>',
        f'<rect class="band" x="{across(low)}" y="6" width="{length:.1f}" height="10" rx="2"/>',
        f'<circle class="value-dot" cx="{across(value)}" cy="11" r="4"/>',
    ]
    said = f"{short(value)}, from {short(low)} to {short(high)}"
    if baseline is not None:
        body.append(f'<path class="baseline-tick" d="M{across(baseline)} 1v20"/>')
        said += f", baseline {short(baseline)}"
    return _svg(title, f"{said}, on a scale from {short(domain[0])} to {short(domain[1])}.", height, body, width)


def _padded(low: float, high: float) -> tuple[float, float]:
    room = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    return (0.0 if 0 <= low < (high - low) * 0.5 else low - room), high + room


def _legend(y: float, style: str, text: str) -> list[str]:
    return [
        f'<line {style} x1="4" x2="38" y1="{y - 4}" y2="{y - 4}"/>',
        f'<text class="label" x="46" y="{y}">{escape(_cut(text, 52))}</text>',
    ]


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _svg(title: str, description: str, height: float, body: Sequence[str], width: int = WIDTH) -> str:
    drawn = "".join(body)
    number = f"c{crc32(f'{title}{description}{drawn}'.encode()):08x}"  # the same page has the same bytes each time
    return (
        f'<svg viewBox="0 0 {width} {height:g}" role="img" aria-labelledby="{number}t {number}d">'
        f'<title id="{number}t">{escape(title)}</title><desc id="{number}d">{escape(description)}</desc>'
        f"{drawn}</svg>"
    )
