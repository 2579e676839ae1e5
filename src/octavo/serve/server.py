"""Server: binds the port, says so, serves an application until it is told to stop, and lets answers finish."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import logging
import signal
import socket
from collections.abc import Callable
from typing import Any

import uvicorn

from octavo.spine.errors import WRONG_USE, OctavoError

DRAIN_SECONDS = 20


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; raises when the port is taken or the address is not of this machine."""
    family, address = _resolved(host.strip("[]"), port)
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise OctavoError(
                "V002",
                f"Port {port} is taken",
                where=f"{host}:{port}",
                likely="another octavo serve is running",
                do=f"stop it, or choose another: octavo serve --port {port + 1 if port < 65535 else 8384}",
            ) from None
        if error.errno == errno.EADDRNOTAVAIL:
            raise _not_here(host) from None
        raise
    return listening


def _resolved(host: str, port: int) -> tuple[socket.AddressFamily, Any]:
    """Family and socket address of a host; only a name is looked up."""
    try:
        version = ipaddress.ip_address(host).version
        return (socket.AF_INET, (host, port)) if version == 4 else (socket.AF_INET6, (host, port))
    except ValueError:
        pass
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        raise _not_here(host) from None
    return family, address


def _not_here(host: str) -> OctavoError:
    return OctavoError(
        "V003", f'"{host}" is not an address of this machine', do="--host 127.0.0.1", exit_code=WRONG_USE
    )


def address_of(listening: socket.socket) -> str:
    """The address to open in a browser."""
    host, port = listening.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 (compared, not bound)
        host = "127.0.0.1"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


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
