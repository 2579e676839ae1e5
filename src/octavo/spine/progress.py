"""Progress and readings: how a stage tells how far it is and what it measured, without knowing who listens."""

from __future__ import annotations

import contextvars
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Listener(Protocol):
    """Who shows progress and keeps readings: the run's log, a terminal, or nobody."""

    def progress(self, what: str, done: float, total: float | None, unit: str, note: str) -> None:
        """`done` of `total` units are done (None: nobody knows how many there are)."""

    def reading(self, values: dict[str, float | int | str]) -> None:
        """Something was measured."""


_listener: contextvars.ContextVar[Listener | None] = contextvars.ContextVar("octavo_listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Let `listener` hear all progress and readings in the block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


class Progress:
    """A count towards an optional total; tells the listener at most ten times a second."""

    def __init__(self, what: str, total: float | None, unit: str) -> None:
        self.what, self.total, self.unit = what, total, unit
        self.done: float = 0
        self._told = 0.0

    def advance(self, by: float = 1, note: str = "") -> None:
        """Count `by` more; `note` is shown beside the bar."""
        self.done += by
        now = time.monotonic()
        if now - self._told >= 0.1 or (self.total is not None and self.done >= self.total):
            self._told = now
            if (listener := _listener.get()) is not None:
                listener.progress(self.what, self.done, self.total, self.unit, note)


def progress(what: str, total: float | None = None, unit: str = "") -> Progress:
    """Begin to count something that may take more than two seconds: `bar = progress("parse", 1200, "files")`."""
    return Progress(what, total, unit)


def reading(**values: float | int | str) -> None:
    """Record something measured now (loss, tokens per second, memory); it goes to the run's readings, never into
    an artifact, so that timings do not change an artifact's digest."""
    if (listener := _listener.get()) is not None:
        listener.reading(values)
