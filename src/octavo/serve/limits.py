"""Limits: how much the gateway takes on at once, and the queue that says no instead of growing."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from octavo.kinds.answer import Answer

_END = object()


@dataclass(frozen=True)
class Limits:
    """What one gateway accepts; beyond it, requests are refused at once and told when to come back."""

    running: int = 2
    """Questions answered at the same time, each in a thread."""
    waiting: int = 32
    """Questions that may wait for their turn; the next one gets 429."""
    seconds: float = 60.0
    """Longest time from the arrival of a question to the end of its answer, waiting included."""
    body_bytes: int = 1 << 20
    question_characters: int = 8_000


class Busy(Exception):
    """The queue is full. `ahead` questions come first; `retry_after` is an estimate in whole seconds."""

    def __init__(self, ahead: int, retry_after: int) -> None:
        super().__init__(f"{ahead} questions are ahead")
        self.ahead, self.retry_after = ahead, retry_after


class Turnstile:
    """Lets `limits.running` questions through at a time, in order, and at most `limits.waiting` wait.

    A place is given back when the thread ends, not when the client goes: a thread can't be killed, and what still
    computes still counts. The thread stops at the next piece once nobody listens.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.running = self.waiting = 0
        self._places = asyncio.Semaphore(limits.running)
        self._threads = ThreadPoolExecutor(limits.running, thread_name_prefix="octavo-answer")
        self._mean_seconds = 0.5

    async def enter(self) -> None:
        """Wait for a place; raises `Busy` at once when too many wait already."""
        if self._places.locked():
            if self.waiting >= self.limits.waiting:
                ahead = self.running + self.waiting
                seconds = math.ceil(ahead * self._mean_seconds / self.limits.running)
                raise Busy(ahead, max(1, min(seconds, int(self.limits.seconds))))
            self.waiting += 1
            try:
                await self._places.acquire()
            finally:
                self.waiting -= 1
        else:
            await self._places.acquire()
        self.running += 1

    def leave(self) -> None:
        """Give a place back that was entered but not used by `drive`."""
        self.running -= 1
        self._places.release()

    def drive(self, make: Callable[[], Iterator[str | Answer]]) -> AsyncGenerator[str | Answer, None]:
        """Run the iterator in a thread from a place that was entered; its pieces, as they come.

        The thread starts now; the place is given back by the thread's end, whatever happens to the reader.
        """
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[object] = asyncio.Queue()
        unheard = threading.Event()
        began = time.monotonic()

        def tell(piece: object) -> None:
            loop.call_soon_threadsafe(pieces.put_nowait, piece)

        def work() -> None:
            try:
                for piece in make():
                    if unheard.is_set():
                        break
                    tell(piece)
                tell(_END)
            except Exception as error:  # crosses the thread and is raised again where the answer is awaited
                tell(error)
            finally:
                loop.call_soon_threadsafe(self._ended, time.monotonic() - began)

        self._threads.submit(work)
        return _listen(pieces, unheard)

    def _ended(self, seconds: float) -> None:
        self._mean_seconds += 0.2 * (seconds - self._mean_seconds)
        self.leave()

    def close(self) -> None:
        """Take no more work; threads that still run end with their answer."""
        self._threads.shutdown(wait=False, cancel_futures=True)


async def _listen(pieces: asyncio.Queue[object], unheard: threading.Event) -> AsyncGenerator[str | Answer, None]:
    try:
        while True:
            piece = await pieces.get()
            if piece is _END:
                return
            if isinstance(piece, Exception):
                raise piece
            assert isinstance(piece, str | Answer), f"an engine streamed a {type(piece).__name__}"
            yield piece
    finally:
        unheard.set()
