"""Address: where the server listens, whether only this machine reaches it, and what to open in a browser."""

from __future__ import annotations

import errno
import ipaddress
import socket
from typing import Any

from octavo.spine.errors import WRONG_USE, OctavoError


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
