"""Gateway: the web server in front of an engine: OpenAI-compatible chat completions, documents, health and metrics."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from octavo.serve import completions
from octavo.serve.answering import Answering, Clock
from octavo.serve.border import Access, Border
from octavo.serve.completions import ApiError, Reply
from octavo.serve.engine import Engine
from octavo.serve.limits import Limits, Turnstile
from octavo.serve.meters import CONTENT_TYPE, Metering, Meters
from octavo.serve.page import chat_page

T = TypeVar("T")
_HEALTH_SECONDS = 5.0


class Gone(Exception):
    """The client went away before its answer was ready."""


def create_app(
    engine: Engine, *, limits: Limits | None = None, access: Access | None = None, command: str = "octavo ask"
) -> FastAPI:
    """The application that answers with `engine`; `command` is the command line the chat page shows as its twin."""
    limits, access = limits or Limits(), access or Access()
    turnstile, meters = Turnstile(limits), Meters()
    aside = ThreadPoolExecutor(2, thread_name_prefix="octavo-aside")

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        turnstile.close()
        aside.shutdown(wait=False, cancel_futures=True)

    app = FastAPI(title="Octavo", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.add_middleware(Border, access=access)
    app.add_middleware(Metering, meters=meters)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    app.add_exception_handler(HTTPException, _as_api_error)
    _add_completions(app, engine, Answering(engine, turnstile, meters))
    _add_documents(app, engine, aside, bool(access.keys), command)

    @app.get("/healthz")
    async def health() -> Response:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_HEALTH_SECONDS):
                await loop.run_in_executor(aside, engine.check)
        except Exception as error:  # whatever keeps the index from answering, the server is not ready
            reason = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no answer in time'}"
            return Json({"status": "not ready", "reason": reason}, 503)
        return Json({"status": "ready", "model": engine.name})

    @app.get("/metrics")
    async def metrics() -> Response:
        meters.running.set(turnstile.running)
        meters.waiting.set(turnstile.waiting)
        return Response(meters.text(), headers={"content-type": CONTENT_TYPE})

    return app


class Json(JSONResponse):
    """JSON that a damaged character in a document can't break."""

    def render(self, content: Any) -> bytes:
        """UTF-8; a lone surrogate becomes a question mark."""
        return json.dumps(content, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")


async def _as_api_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    says = {404: ("There is nothing at this address", "not_found"), 405: ("Not with this method", "wrong_method")}
    message, code = says.get(error.status_code, (str(error.detail), "refused"))
    return Json(ApiError(error.status_code, message, code=code).as_json(), error.status_code, headers=error.headers)


def _add_documents(app: FastAPI, engine: Engine, aside: ThreadPoolExecutor, needs_key: bool, command: str) -> None:
    @app.get("/")
    async def page() -> Response:
        return HTMLResponse(chat_page(model=engine.name, needs_key=needs_key, command=command))

    @app.get("/api/documents/{document_id:path}")
    async def document(document_id: str) -> Response:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(aside, engine.document, document_id)
        if found is None:
            raise ApiError(404, "There is no such document", param="id", code="document_not_found")
        return Json(asdict(found))


def _add_completions(app: FastAPI, engine: Engine, answering: Answering) -> None:
    def card() -> dict[str, Any]:
        return {"id": engine.name, "object": "model", "created": engine.created, "owned_by": "octavo"}

    @app.get("/v1/models")
    async def models() -> Response:
        return Json({"object": "list", "data": [card()]})

    @app.get("/v1/models/{model:path}")
    async def model(model: str) -> Response:
        _check_model(model, engine)
        return Json(card())

    @app.post("/v1/chat/completions")
    async def complete(request: Request) -> Response:
        clock = Clock(answering.limits.seconds)
        try:
            limits = answering.limits
            asked = completions.read_request(await _body(request, limits.body_bytes, limits.seconds))
            _check_model(asked.model, engine)
            answering.check(asked)
            reply = Reply(engine.name, include_usage=asked.include_usage)
            await _unless_gone(request, answering.enter(clock))
            pieces = answering.start(asked, clock)
            if asked.stream:
                return StreamingResponse(
                    answering.events(asked, reply, pieces),
                    media_type="text/event-stream",
                    headers={"x-accel-buffering": "no"},
                )
            return Json(await _unless_gone(request, answering.whole(asked, reply, pieces)))
        except Gone:
            answering.meters.abandoned.inc()
            return Response(status_code=499)


def _check_model(model: str, engine: Engine) -> None:
    if model != engine.name:
        raise ApiError(
            404,
            f"The model `{model[:100]}` does not exist; this server has `{engine.name}`",
            param="model",
            code="model_not_found",
        )


async def _body(request: Request, most: int, seconds: float) -> bytes:
    """The request's body, refused as soon as it is known to be too large."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        # a page elsewhere can post text/plain to this address without asking; JSON it can't
        raise ApiError(415, "Send the request as application/json", param="Content-Type", code="wrong_content_type")
    too_large = ApiError(413, f"The request is larger than {most:,} bytes", code="request_too_large")
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise too_large
    parts, size = [], 0
    try:
        async with asyncio.timeout(seconds):
            async for part in request.stream():
                size += len(part)
                if size > most:
                    raise too_large
                parts.append(part)
    except TimeoutError:
        raise ApiError(408, "The request did not arrive in time", code="timeout") from None
    except ClientDisconnect:
        raise Gone from None
    return b"".join(parts)


async def _unless_gone(request: Request, work: Awaitable[T]) -> T:
    """The result of `work`, which is cancelled when the client hangs up."""

    async def hung_up() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    working, watching = asyncio.ensure_future(work), asyncio.ensure_future(hung_up())
    try:
        await asyncio.wait((working, watching), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise Gone
        return working.result()
    finally:
        for task in (working, watching):
            task.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)
