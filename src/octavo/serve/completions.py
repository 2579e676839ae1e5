"""Completions: the request and reply shapes of OpenAI's chat completions, as far as an answer from documents has them.

What can't be done is refused with a reason; what has no effect on such an answer (temperature and the like) is
accepted, because most clients always send it, and named in the reply's `octavo.ignored`.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from octavo.kinds.answer import Answer
from octavo.kinds.dialogues import Message
from octavo.spine.errors import nearest


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NO_EFFECT = _words(
    "temperature top_p seed user metadata store presence_penalty frequency_penalty service_tier safety_identifier "
    "parallel_tool_calls prompt_cache_key prompt_cache_retention reasoning_effort verbosity"
)
NEUTRAL: dict[str, tuple[Any, ...]] = {
    "n": (None, 1),
    "stop": (None, [], ""),
    "tools": (None, []),
    "tool_choice": (None, "none", "auto"),
    "functions": (None, []),
    "function_call": (None, "none", "auto"),
    "response_format": (None, {"type": "text"}),
    "logprobs": (None, False),
    "top_logprobs": (None, 0),
    "logit_bias": (None, {}),
    "modalities": (None, ["text"]),
    "audio": (None,),
    "prediction": (None,),
    "web_search_options": (None,),
}
"""Fields that would change what comes back, and the values that ask for nothing."""
USED = _words("model messages stream stream_options max_tokens max_completion_tokens")
FIELDS = sorted(USED | NO_EFFECT | NEUTRAL.keys())
ROLES = ("system", "developer", "user", "assistant")


class ApiError(Exception):
    """A refusal in OpenAI's error shape."""

    def __init__(
        self,
        status: int,
        message: str,
        kind: str = "invalid_request_error",
        *,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.kind, self.param, self.code = status, message, kind, param, code
        self.headers = dict(headers or {})

    def as_json(self) -> dict[str, Any]:
        """`{"error": {"message", "type", "param", "code"}}`."""
        error = {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}
        return {"error": error}


@dataclass(frozen=True)
class Request:
    """A checked request: the last turn is the question, the turns before it the history."""

    model: str
    question: str
    history: tuple[Message, ...]
    stream: bool
    include_usage: bool
    max_tokens: int | None
    ignored: tuple[str, ...]

    def prompt(self) -> str:
        """All that the client sent as text, for counting."""
        return "\n".join([*(message.content for message in self.history), self.question])


def read_request(body: bytes) -> Request:
    """Check a request body; every mistake is an `ApiError` with status 400 that names the field."""
    try:
        given = from_json(body)
    except ValueError as error:
        raise ApiError(400, f"The body is not valid JSON: {error}", code="invalid_json") from None
    if not isinstance(given, dict):
        raise ApiError(400, "The body must be a JSON object", code="invalid_json")
    for field, value in given.items():
        if field not in FIELDS:
            hint = nearest(field, FIELDS)
            raise ApiError(
                400, f"Unrecognized request argument: {field[:100]}{hint}", param=field[:100], code="unknown_parameter"
            )
        if field in NEUTRAL and not any(value == ok and type(value) is type(ok) for ok in NEUTRAL[field]):
            raise ApiError(
                400,
                f"{field} is not supported here: leave it out",
                param=field,
                code="unsupported_parameter" if field != "n" else "unsupported_value",
            )
    messages, ignored = _messages(given.get("messages"))
    ignored += [field for field in given if field in NO_EFFECT and given[field] is not None]
    options = _typed(given, "stream_options", dict) or {}
    if options and not given.get("stream"):
        raise ApiError(400, "stream_options needs stream: true", param="stream_options", code="invalid_value")
    return Request(
        model=_typed(given, "model", str, needed=True),
        question=messages[-1].content,
        history=tuple(messages[:-1]),
        stream=_typed(given, "stream", bool) or False,
        include_usage=options.get("include_usage") is True,
        max_tokens=_most_tokens(given),
        ignored=tuple(ignored),
    )


def _typed(given: dict[str, Any], field: str, wanted: type, *, needed: bool = False) -> Any:
    value = given.get(field)
    if value is None and not needed:
        return None
    if not isinstance(value, wanted):
        raise ApiError(
            400,
            f"{field} must be a {wanted.__name__}" + ("" if field in given else "; it is missing"),
            param=field,
            code="invalid_type" if field in given else "missing_required_parameter",
        )
    return value


def _most_tokens(given: dict[str, Any]) -> int | None:
    limits = []
    for field in ("max_tokens", "max_completion_tokens"):
        value = given.get(field)
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ApiError(400, f"{field} must be a whole number from 1", param=field, code="invalid_value")
        limits.append(value)
    return min(limits, default=None)


def _messages(given: Any) -> tuple[list[Message], list[str]]:
    """The turns, and the names of those that have no effect (instructions to a model that isn't asked to write)."""
    if not isinstance(given, list) or not given:
        raise ApiError(400, "messages must be a list with at least one message", param="messages", code="invalid_type")
    turns: list[Message] = []
    ignored: list[str] = []
    for number, message in enumerate(given):
        where = f"messages[{number}]"
        if not isinstance(message, dict):
            raise ApiError(400, f"{where} must be an object", param=where, code="invalid_type")
        role = message.get("role")
        if role not in ROLES:
            raise ApiError(
                400, f"{where}.role must be one of: {', '.join(ROLES)}", param=f"{where}.role", code="invalid_value"
            )
        for field in ("tool_calls", "function_call", "audio"):
            if message.get(field):
                raise ApiError(
                    400, f"{field} is not supported here", param=f"{where}.{field}", code="unsupported_parameter"
                )
        text = _text(message.get("content"), f"{where}.content")
        if role in ("user", "assistant"):
            turns.append(Message(role, text))
        else:
            ignored.append(f"{where} ({role})")
    if not turns or given[-1]["role"] != "user" or not turns[-1].content.strip():
        raise ApiError(400, "The last message must be the user's question", param="messages", code="invalid_value")
    return turns, ignored


def _text(content: Any, where: str) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise ApiError(400, f"{where} must be text or a list of text parts", param=where, code="invalid_type")
    texts = []
    for number, part in enumerate(content):
        if not isinstance(part, dict) or part.get("type") != "text" or not isinstance(part.get("text"), str):
            raise ApiError(
                400, "Only text parts are supported here", param=f"{where}[{number}]", code="unsupported_content"
            )
        texts.append(part["text"])
    return "\n".join(texts)


def details(answer: Answer, request: Request) -> dict[str, Any]:
    """The field `octavo`: what OpenAI's shape has no place for."""
    row = answer.as_json()
    names = ("declined", "reason", "citations", "confidence", "mode", "seconds")
    extra: dict[str, Any] = {name: row[name] for name in names}
    if answer.question != request.question:
        extra["understood_as"] = answer.question
    if request.ignored:
        extra["ignored"] = list(request.ignored)
    return extra


class Reply:
    """The frame that one reply's JSON shares: its id, time and model."""

    def __init__(self, model: str, *, include_usage: bool = False) -> None:
        self._usage_follows = {"usage": None} if include_usage else {}
        self.frame = {"id": f"chatcmpl-{secrets.token_hex(12)}", "created": int(time.time()), "model": model}

    def whole(self, text: str, finish: str, extra: dict[str, Any], usage: dict[str, int] | None) -> dict[str, Any]:
        """A `chat.completion`; `usage` is left out when there is no tokenizer to count with."""
        message: dict[str, Any] = {
            "role": "assistant",
            "content": text,
            "refusal": None,
            "annotations": [],
            "octavo": extra,
        }
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
        reply = {**self.frame, "object": "chat.completion", "choices": [choice], "system_fingerprint": None}
        return {**reply, "usage": usage} if usage else reply

    def chunk(self, delta: dict[str, Any], finish: str | None = None) -> bytes:
        """One `chat.completion.chunk` as a server-sent event."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return self._event([choice], **self._usage_follows)

    def usage_chunk(self, usage: dict[str, int]) -> bytes:
        """The last chunk, without choices, that `stream_options.include_usage` asks for."""
        return self._event([], usage=usage)

    def _event(self, choices: list[dict[str, Any]], **more: Any) -> bytes:
        return event(
            {**self.frame, "object": "chat.completion.chunk", "system_fingerprint": None, "choices": choices, **more}
        )


def event(data: dict[str, Any]) -> bytes:
    """`data` as one server-sent event."""
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n".encode("utf-8", "replace")


DONE = b"data: [DONE]\n\n"
