"""Server: serves an application until it is told to stop, and lets the answers that run then end."""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
from collections.abc import Callable
from typing import Any

import uvicorn

DRAIN_SECONDS = 20


def run(app: Any, listening: socket.socket, *, ready: Callable[[], None] | None = None) -> None:
    """Serve until SIGTERM or SIGINT; then take no more connections and let running answers end (20 s at most)."""
    logging.getLogger("octavo.serve").setLevel(logging.INFO)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        timeout_keep_alive=10,
        h11_max_incomplete_event_size=64 * 1024,
        ws="none",
    )
    server = _Announcing(config, ready)
    with _stop_signals_end_quietly():
        server.run(sockets=[listening])


class _Announcing(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self._ready is not None:
            self._ready()


@contextlib.contextmanager
def _stop_signals_end_quietly() -> Any:
    """uvicorn raises the signal that stopped it once more after the drain; being told to stop is not a failure."""
    old = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
