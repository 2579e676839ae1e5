"""Meters: what the gateway counts and times, in a registry of its own, in the Prometheus text format."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


class Meters:
    """Counters, gauges and histograms of one gateway."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "octavo_requests", "Requests by route and status.", ("route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "octavo_request_seconds", "From request to last byte.", ("route",), buckets=SECONDS, registry=self.registry
        )
        self.first_piece = Histogram(
            "octavo_first_piece_seconds",
            "From request to the first text of an answer, waiting included.",
            buckets=SECONDS,
            registry=self.registry,
        )
        self.in_flight = Gauge("octavo_in_flight", "Requests being handled.", registry=self.registry)
        self.running = Gauge("octavo_running", "Questions being answered.", registry=self.registry)
        self.waiting = Gauge("octavo_waiting", "Questions waiting for their turn.", registry=self.registry)
        self.answered = Counter("octavo_answers", "Questions answered.", ("mode",), registry=self.registry)
        self.declined = Counter("octavo_declined", "Questions declined.", registry=self.registry)
        self.queue_refusals = Counter(
            "octavo_queue_refusals", "Questions refused because the queue was full.", registry=self.registry
        )
        self.timeouts = Counter("octavo_timeouts", "Questions that took too long.", registry=self.registry)
        self.abandoned = Counter(
            "octavo_abandoned", "Questions whose client went away before the answer.", registry=self.registry
        )

    def text(self) -> bytes:
        """All of them, as `/metrics` shows them."""
        return generate_latest(self.registry)


class Metering:
    """Middleware: counts and times every request, by the route's pattern so that labels stay few."""

    def __init__(self, app: App, meters: Meters) -> None:
        self.app, self.meters = app, meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, as ASGI wants it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, began = 499, time.perf_counter()

        async def note_status(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self.meters.in_flight.inc()
        try:
            await self.app(scope, receive, note_status)
        finally:
            route = "/static" if scope["path"].startswith("/static/") else getattr(scope.get("route"), "path", "other")
            self.meters.in_flight.dec()
            self.meters.requests.labels(route, str(status)).inc()
            self.meters.seconds.labels(route).observe(time.perf_counter() - began)
