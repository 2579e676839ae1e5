"""Border: what every request must pass before a route sees it (Host, key), and the headers every reply carries."""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from octavo.serve.completions import ApiError
from octavo.serve.meters import App, Receive, Scope, Send
from octavo.spine.errors import OctavoError

LOOPBACK = ("localhost", "127.0.0.1", "::1")
HEADERS = {
    "content-security-policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_OPEN_PATHS = ("/", "/healthz")
_log = logging.getLogger("octavo.serve")


@dataclass(frozen=True)
class Access:
    """Who may ask. `keys` empty: whoever reaches the port. `hosts` empty: any Host header; on a loopback address it
    must be the loopback names, or a page elsewhere could reach the port by pointing its own name at 127.0.0.1."""

    keys: tuple[str, ...] = ()
    hosts: tuple[str, ...] = LOOPBACK


class Border:
    """Middleware: refuses a foreign Host and a missing key, adds the headers, and turns a crash into a plain 500."""

    def __init__(self, app: App, access: Access) -> None:
        self.app, self.access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, as ASGI wants it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def with_headers(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                own = {name.lower() for name, _ in message["headers"]}
                extra = [(k.encode(), v.encode()) for k, v in HEADERS.items() if k.encode() not in own]
                if b"cache-control" not in own:
                    extra.append((b"cache-control", b"no-store"))
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        try:
            self._let_in(scope)
            await self.app(scope, receive, with_headers)
        except ApiError as error:
            await _reply(with_headers, error)
        except OctavoError as error:
            if started:
                raise
            await _reply(with_headers, ApiError(503, f"{error.code} {error.what}", "server_error", code=error.code))
        except Exception:
            _log.exception("%s %s failed", scope["method"], scope["path"])
            if started:
                raise
            await _reply(with_headers, ApiError(500, "The server failed; its log says why", "server_error"))

    def _let_in(self, scope: Scope) -> None:
        headers = dict(scope["headers"])
        host = _host_name(headers.get(b"host", b"").decode("latin-1"))
        if self.access.hosts and host not in self.access.hosts:
            raise ApiError(421, f'This server is not called "{host[:100]}"', code="wrong_host", param="Host")
        path = scope["path"]
        if self.access.keys and path not in _OPEN_PATHS and not path.startswith("/static/"):
            scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
            fits = [hmac.compare_digest(given.strip(), key.encode()) for key in self.access.keys]
            if scheme.lower() != b"bearer" or not any(fits):
                raise ApiError(
                    401,
                    "A correct API key is needed: send it as `Authorization: Bearer KEY`",
                    code="invalid_api_key",
                    headers={"www-authenticate": "Bearer"},
                )


def _host_name(host: str) -> str:
    """The name in a Host header, without its port and brackets, in lower case."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


async def _reply(send: Send, error: ApiError) -> None:
    body = json.dumps(error.as_json(), ensure_ascii=False).encode("utf-8", "replace")
    headers = {"content-type": "application/json", "content-length": str(len(body)), **error.headers}
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": error.status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
