"""Speed: how the time to encode grows with the text, for the texts that are worst for a tokenizer."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from octavo.spine.progress import progress
from octavo.tokenizer.audit.open import Examined

SIZES = (10_000, 31_623, 100_000, 316_228, 1_000_000)
STEEP = 1.3
"""Exponent from which growth counts as more than linear. Log-linear growth, and a cache that a long text outgrows,
stay below it; ordinary words are timed beside and must grow slower by `MARGIN`."""
MARGIN = 0.2
ORDINARY = "words"
BUDGET = 6.0
"""Seconds that one text may take; a next size that would take longer is not tried, and that is said."""
LEAST = 0.002
"""Seconds below which a time says nothing about growth."""


@dataclass(frozen=True)
class Growth:
    """One sort of text: seconds by size, and the exponent of size in seconds ~ size ** exponent."""

    name: str
    seconds: dict[int, float]
    exponent: float | None
    """From the sizes that took long enough to be timed; None when none did."""
    stopped_before: int | None
    """The size that was not tried because it would have taken too long."""
    megabytes_per_second: float

    steep: bool
    """Whether a long text of this sort can hold a server up."""

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def worst_texts() -> dict[str, Callable[[int], str]]:
    """Name → a text of about that many bytes."""
    return {
        ORDINARY: lambda n: " ".join(
            random.Random(1).choices(("the", "and", "house", "walking", "Überraschung", "x1"), k=n // 4)  # noqa: S311
        )[:n],
        "a repeated": lambda n: "a" * n,
        "ab repeated": lambda n: ("ab" * n)[:n],
        "spaces": lambda n: " " * (n - 1) + "x",
        "line breaks": lambda n: "\n" * n,
        "one digit": lambda n: "7" * n,
        "punctuation": lambda n: ("=-" * n)[:n],
        "emoji joined": lambda n: "👩‍👧" * (n // 11),
        "letters at random": lambda n: "".join(random.Random(0).choices("etaoinshrdlu", k=n)),  # noqa: S311
    }


def time_growth(examined: Examined, *, sizes: tuple[int, ...] = SIZES, budget: float = BUDGET) -> list[Growth]:
    """Encode each sort of text at growing sizes: process time, the best of up to three."""
    texts = worst_texts()
    bar = progress("encode long texts", len(texts) * len(sizes), "texts")
    found: list[Growth] = []
    usual = 1.0
    for name, make in texts.items():
        seconds: dict[int, float] = {}
        stopped = None
        for size in sizes:
            bar.advance(1, note=name)
            if stopped is None and _expected(seconds, size) > budget:
                stopped = size
            if stopped is None:
                seconds[size] = _best(examined, make(size))
        last = max(seconds)
        speed = len(make(last).encode()) / 1e6 / max(seconds[last], 1e-9)
        power = exponent(seconds)
        if name == ORDINARY:
            usual = power or 1.0
        limit = max(STEEP, usual + MARGIN)
        steep = stopped is not None or (power is not None and power > limit and _last_slope(seconds) > limit)
        found.append(Growth(name, seconds, power, stopped, speed, steep))
    return found


def _best(examined: Examined, text: str) -> float:
    best = math.inf
    for _ in range(3):
        began = time.process_time()
        examined.encode_all([text])
        best = min(best, time.process_time() - began)
        if best > 1.0:
            break
    return best


def _expected(seconds: dict[int, float], size: int) -> float:
    """What the next size may take if growth goes on as between the last two, at least linear."""
    if not seconds:
        return 0.0
    *before, last = sorted(seconds)
    power = max(1.0, _slope(seconds, before[-1], last)) if before and seconds[last] > LEAST else 1.0
    return seconds[last] * (size / last) ** power


def _slope(seconds: dict[int, float], small: int, large: int) -> float:
    return math.log(max(seconds[large], 1e-9) / max(seconds[small], 1e-9)) / math.log(large / small)


def _last_slope(seconds: dict[int, float]) -> float:
    return _slope(seconds, *sorted(seconds)[-2:])


def exponent(seconds: dict[int, float]) -> float | None:
    """Slope of log seconds over log size by least squares, of the three largest sizes whose time can be trusted."""
    points = [(math.log(size), math.log(spent)) for size, spent in sorted(seconds.items()) if spent >= LEAST][-3:]
    if len(points) < 2:
        return None
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread


def protection(growths: list[Growth]) -> str:
    """What to do where some text is encoded in more than linear time; nothing where none is."""
    steep = [growth.name for growth in growths if growth.steep]
    if not steep:
        return ""
    return (
        f"encoding time grows faster than the text ({', '.join(steep)}): cut runs without a space into pieces "
        "of at most 1,000 characters before encoding, and limit the length of what a stranger may send"
    )
