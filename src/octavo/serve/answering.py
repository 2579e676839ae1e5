"""Answering: one question from the queue through the engine to a reply, whole or streamed, within its time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator
from typing import Any

from octavo.kinds.answer import Answer
from octavo.serve.completions import DONE, ApiError, Reply, Request, details, event
from octavo.serve.engine import Engine
from octavo.serve.limits import Busy, Limits, Turnstile
from octavo.serve.meters import Meters
from octavo.spine.errors import OctavoError

_log = logging.getLogger("octavo.serve")


class Clock:
    """When a request came and by when it must be done."""

    def __init__(self, seconds: float) -> None:
        self.began = time.perf_counter()
        self.deadline = asyncio.get_running_loop().time() + seconds

    def seconds(self) -> float:
        """Since the request came."""
        return time.perf_counter() - self.began


class Answering:
    """Takes questions through the turnstile and gives replies in OpenAI's shapes."""

    def __init__(self, engine: Engine, turnstile: Turnstile, meters: Meters) -> None:
        self.engine, self.turnstile, self.meters = engine, turnstile, meters
        self.limits: Limits = turnstile.limits

    def check(self, asked: Request) -> None:
        """Refuse what can be known to be refused before queueing."""
        if len(asked.question) > self.limits.question_characters:
            raise ApiError(
                400,
                f"The question is longer than {self.limits.question_characters:,} characters",
                param="messages",
                code="context_length_exceeded",
            )
        if asked.max_tokens is not None and self.engine.token_spans("") is None:
            raise ApiError(
                400, "max_tokens needs a tokenizer, and this project has none", param="max_tokens", code="no_tokenizer"
            )

    async def enter(self, clock: Clock) -> None:
        """Wait for a place; 429 when the queue is full, 504 when the wait takes the whole time."""
        try:
            async with asyncio.timeout_at(clock.deadline):
                await self.turnstile.enter()
        except Busy as busy:
            self.meters.queue_refusals.inc()
            raise ApiError(
                429,
                f"The queue is full: {busy.ahead} questions are ahead. Try again in about {busy.retry_after} s",
                "requests",
                code="rate_limit_exceeded",
                headers={"retry-after": str(busy.retry_after), "x-octavo-ahead": str(busy.ahead)},
            ) from None
        except TimeoutError:
            raise self._too_late() from None

    def start(self, asked: Request, clock: Clock) -> AsyncGenerator[str | Answer, None]:
        """Set the engine going from a place that was entered; its pieces, or an `ApiError` when it fails or is late."""
        return self._timed(self.turnstile.drive(lambda: self.engine.stream(asked.question, asked.history)), clock)

    async def _timed(
        self, pieces: AsyncGenerator[str | Answer, None], clock: Clock
    ) -> AsyncGenerator[str | Answer, None]:
        first = True
        async with contextlib.aclosing(pieces):
            while True:
                try:
                    async with asyncio.timeout_at(clock.deadline):
                        piece = await anext(pieces)
                except StopAsyncIteration:
                    return
                except TimeoutError:
                    raise self._too_late() from None
                except OctavoError as error:
                    raise ApiError(503, f"{error.code} {error.what}", "server_error", code=error.code) from None
                except Exception:
                    _log.exception("the engine failed at a question")
                    raise ApiError(500, "The engine failed; the server's log says why", "server_error") from None
                if first:
                    self.meters.first_piece.observe(clock.seconds())
                    first = False
                if isinstance(piece, Answer):
                    self._count(piece)
                yield piece

    def _too_late(self) -> ApiError:
        self.meters.timeouts.inc()
        return ApiError(504, f"There was no answer within {self.limits.seconds:g} s", "server_error", code="timeout")

    def _count(self, answer: Answer) -> None:
        self.meters.answered.labels(answer.mode).inc()
        if answer.declined:
            self.meters.declined.inc()

    async def whole(self, asked: Request, reply: Reply, pieces: AsyncGenerator[str | Answer, None]) -> dict[str, Any]:
        """The reply as one `chat.completion`."""
        text, answer = "", None
        async with contextlib.aclosing(pieces):
            async for piece in pieces:
                if isinstance(piece, Answer):
                    answer = piece
                else:
                    text += piece
        assert answer is not None, "an engine's stream ends with the Answer"
        text, finish = self._shortened(text, asked)
        usage = await asyncio.to_thread(self._usage, asked, text)
        return reply.whole(text, finish, details(answer, asked), usage)

    async def events(
        self, asked: Request, reply: Reply, pieces: AsyncGenerator[str | Answer, None]
    ) -> AsyncGenerator[bytes, None]:
        """The reply as server-sent events; a failure on the way is an event with `error`, and no [DONE] follows."""
        text, sent, finish, over = "", 0, "stop", False
        try:
            async with contextlib.aclosing(pieces):
                yield reply.chunk({"role": "assistant", "content": "", "refusal": None})
                async for piece in pieces:
                    if isinstance(piece, Answer):
                        yield reply.chunk({"octavo": details(piece, asked)}, finish)
                    elif finish == "stop":
                        text, finish = self._shortened(text + piece, asked)
                        yield reply.chunk({"content": text[sent:]})
                        sent = len(text)
            if asked.include_usage and (usage := await asyncio.to_thread(self._usage, asked, text)):
                yield reply.usage_chunk(usage)
            over = True
            yield DONE
        except ApiError as error:
            over = True
            yield event(error.as_json())
        finally:
            if not over:
                self.meters.abandoned.inc()

    def _shortened(self, text: str, asked: Request) -> tuple[str, str]:
        """The text within `max_tokens`, and the finish reason."""
        if asked.max_tokens is None:
            return text, "stop"
        spans = self.engine.token_spans(text) or []
        if len(spans) <= asked.max_tokens:
            return text, "stop"
        return text[: spans[asked.max_tokens - 1][1]], "length"

    def _usage(self, asked: Request, text: str) -> dict[str, int] | None:
        """Tokens of what was sent and what is answered, counted with the project's tokenizer; None without one."""
        prompt, completion = self.engine.token_spans(asked.prompt()), self.engine.token_spans(text)
        if prompt is None or completion is None:
            return None
        counts = {"prompt_tokens": len(prompt), "completion_tokens": len(completion)}
        return {**counts, "total_tokens": sum(counts.values())}
