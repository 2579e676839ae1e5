"""The gateway over a real socket: what it answers, what it refuses, and how."""

import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from octavo.serve.border import Access
from octavo.serve.limits import Limits
from octavo.spine.errors import OctavoError


def until(condition, seconds=10):
    """Wait for a condition that other threads bring about."""
    import time

    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.005)


def test_an_answer_has_the_shape_of_a_chat_completion(client, ask):
    reply = ask(client).json()
    assert reply["object"] == "chat.completion"
    assert reply["id"].startswith("chatcmpl-")
    assert reply["model"] == "echo"
    assert isinstance(reply["created"], int)
    (choice,) = reply["choices"]
    assert choice["index"] == 0
    assert choice["finish_reason"] == "stop"
    assert choice["logprobs"] is None
    message = choice["message"]
    assert message["role"] == "assistant"
    assert message["refusal"] is None
    assert message["content"] == "Return an iterator of overlapping pairs taken from the input iterator."
    assert reply["usage"] == {"prompt_tokens": 4, "completion_tokens": 11, "total_tokens": 15}


def test_an_answer_carries_its_citations_and_they_are_spans_of_the_document(client, ask):
    extra = ask(client).json()["choices"][0]["message"]["octavo"]
    assert extra["declined"] is False
    assert extra["mode"] == "quote"
    (citation,) = extra["citations"]
    document = client.get(f"/api/documents/{citation['document']}").json()
    assert document["text"][citation["start"] : citation["end"]] == citation["text"]


def test_what_the_documents_do_not_hold_is_declined_with_a_reason(client, ask):
    extra = ask(client, "who won the cup?").json()["choices"][0]["message"]["octavo"]
    assert extra["declined"] is True
    assert extra["citations"] == []
    assert extra["reason"]


def test_fields_without_effect_are_accepted_and_named(client, ask):
    extra = ask(client, temperature=0.2, seed=1, user=None).json()["choices"][0]["message"]["octavo"]
    assert extra["ignored"] == ["temperature", "seed"]


def test_a_system_message_is_named_as_ignored(client):
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "pairwise"}]},
    ]
    reply = client.post("/v1/chat/completions", json={"model": "echo", "messages": messages})
    assert reply.json()["choices"][0]["message"]["octavo"]["ignored"] == ["messages[0] (system)"]


def test_max_tokens_cuts_at_a_token_and_says_length(client, ask):
    choice = ask(client, max_tokens=3).json()["choices"][0]
    assert choice["message"]["content"] == "Return an iterator"
    assert choice["finish_reason"] == "length"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"n": 2}, "n"),
        ({"n": True}, "n"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"logprobs": True}, "logprobs"),
        ({"stop": ["x"]}, "stop"),
        ({"temprature": 1}, "temprature"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"model": None}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": ["hello"]}, "messages[0]"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": "  "}]}, "messages"),
        ({"messages": [{"role": "user", "content": None}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "assistant", "content": "hello"}]}, "messages"),
        ({"messages": [{"role": "user", "content": "x" * 8001}]}, "messages"),
    ],
)
def test_what_can_not_be_done_is_refused_in_the_error_shape(quiet, ask, fields, param):
    reply = ask(quiet, **fields)
    assert reply.status_code == 400
    error = reply.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error"
    assert error["param"] == param


def test_an_unknown_field_is_told_the_nearest_one(client, ask):
    assert 'did you mean "temperature"?' in ask(client, temprature=1).json()["error"]["message"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"model": "\xff"}', b'{"model": "\\ud800"}', b"[" * 100_000, b"null", b"9" * 10_000]
)
def test_a_body_that_is_not_a_json_object_is_refused(quiet, body):
    reply = quiet.post("/v1/chat/completions", content=body, headers={"content-type": "application/json"})
    assert reply.status_code == 400
    assert reply.json()["error"]["code"] == "invalid_json"


def test_a_body_that_a_foreign_page_could_send_is_refused(client):
    body = json.dumps({"model": "echo", "messages": [{"role": "user", "content": "pairwise"}]})
    assert client.post("/v1/chat/completions", content=body, headers={"content-type": "text/plain"}).status_code == 415


def test_an_oversize_body_is_refused_declared_or_not(serve, engine, ask):
    client = serve(engine, limits=Limits(body_bytes=1000))
    assert ask(client, "x" * 2000).status_code == 413
    parts = (b" " * 500 for _ in range(10))
    reply = client.post("/v1/chat/completions", content=parts, headers={"content-type": "application/json"})
    assert reply.status_code == 413
    assert reply.json()["error"]["code"] == "request_too_large"
    assert engine.asked == 0


def test_an_unknown_model_is_not_found_and_models_lists_the_one_there_is(client, ask):
    reply = ask(client, model="gpt-9")
    assert reply.status_code == 404
    assert reply.json()["error"]["code"] == "model_not_found"
    (card,) = client.get("/v1/models").json()["data"]
    assert card == {"id": "echo", "object": "model", "created": 1_700_000_000, "owned_by": "octavo"}
    assert client.get("/v1/models/echo").json() == card
    assert client.get("/v1/models/gpt-9").status_code == 404


def test_an_unknown_address_and_a_wrong_method_keep_the_error_shape(client):
    assert client.get("/v2/nothing").json()["error"]["code"] == "not_found"
    reply = client.get("/v1/chat/completions")
    assert reply.status_code == 405
    assert reply.json()["error"]["code"] == "wrong_method"
    assert "POST" in reply.headers["allow"]


def test_documents_are_found_by_ids_with_slashes_and_spaces(client):
    assert client.get("/api/documents/guide%2Fset%20up.md").json()["title"] == "Set up"
    assert client.get("/api/documents/no.such").json()["error"]["code"] == "document_not_found"
    assert client.get("/api/documents/../../../etc/passwd").status_code == 404


def test_a_document_that_can_not_be_read_says_why(client, engine):
    engine.broken = OctavoError("K001", "the index is gone")
    reply = client.get("/api/documents/page.evil")
    assert reply.status_code == 503
    assert reply.json()["error"]["code"] == "K001"


def test_ready_means_that_the_index_answers(client, engine):
    assert client.get("/healthz").json() == {"status": "ready", "model": "echo"}
    engine.broken = OctavoError("K001", "the index is gone")
    reply = client.get("/healthz")
    assert reply.status_code == 503
    assert "the index is gone" in reply.json()["reason"]


def test_a_failing_engine_is_reported_without_its_insides(client, engine, ask, caplog):
    engine.broken = ValueError("secret path /home/me")
    reply = ask(client)
    assert reply.status_code == 500
    assert reply.json()["error"]["type"] == "server_error"
    assert "secret" not in reply.text
    engine.broken = OctavoError("K001", "The index is damaged")
    reply = ask(client)
    assert reply.status_code == 503
    assert reply.json()["error"]["code"] == "K001"
    engine.broken = None
    assert ask(client).status_code == 200


def test_a_host_that_is_not_this_machine_is_refused(client, ask):
    for host in ("evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.evil.example", ""):
        reply = client.get("/api/documents/page.evil", headers={"host": host})
        assert reply.status_code == 421, host
        assert reply.json()["error"]["code"] == "wrong_host"
    for host in ("localhost", "LOCALHOST:99", "127.0.0.1:8384", "[::1]:8384"):
        assert client.get("/healthz", headers={"host": host}).status_code == 200


def test_a_key_is_asked_for_everywhere_but_the_page_and_health(serve, engine, ask):
    client = serve(engine, access=Access(keys=("one", "two")))
    for path in ("/v1/models", "/metrics", "/api/documents/page.evil", "/nothing"):
        reply = client.get(path)
        assert reply.status_code == 401, path
        assert reply.headers["www-authenticate"] == "Bearer"
    assert ask(client).json()["error"]["code"] == "invalid_api_key"
    assert client.get("/").status_code == client.get("/healthz").status_code == 200
    for key, status in (("one", 200), ("on", 401), ("x", 401), ("onee", 401)):
        assert client.get("/v1/models", headers={"authorization": f"Bearer {key}"}).status_code == status
    assert client.get("/v1/models", headers=[(b"authorization", b"bearer two")]).status_code == 200
    assert client.get("/v1/models", headers=[(b"authorization", "Bearer schlüssel".encode())]).status_code == 401


def test_every_reply_has_the_protecting_headers(client, ask):
    replies = [client.get(path) for path in ("/", "/static/chat.js", "/v1/models", "/nothing", "/healthz", "/metrics")]
    replies += [ask(client), ask(client, n=2), client.get("/", headers={"host": "evil.example"})]
    for reply in replies:
        assert "default-src 'self'" in reply.headers["content-security-policy"]
        assert "unsafe" not in reply.headers["content-security-policy"]
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in reply.headers
        assert "server" not in reply.headers or reply.headers["server"] == "uvicorn"


def test_metrics_count_what_happened_by_route(client, ask):
    ask(client)
    ask(client, "who won the cup?")
    ask(client, n=2)
    client.get("/some/random/path")
    text = client.get("/metrics").text
    assert 'octavo_requests_total{route="/v1/chat/completions",status="200"} 2.0' in text
    assert 'octavo_requests_total{route="/v1/chat/completions",status="400"} 1.0' in text
    assert 'octavo_requests_total{route="other",status="404"} 1.0' in text
    assert "octavo_declined_total 1.0" in text
    assert "octavo_first_piece_seconds_count 2.0" in text
    assert "octavo_in_flight 1.0" in text
    assert "random" not in text


def test_two_gateways_in_one_process_count_apart(serve, engine, ask):
    one, two = serve(engine), serve(engine)
    ask(one)
    assert "octavo_answers_total{" not in two.get("/metrics").text


def test_fifty_at_once_are_answered_in_bounds_or_refused_with_a_time_to_come_back(serve, engine, ask):
    client = serve(engine, limits=Limits(running=2, waiting=8))
    engine.gate.clear()
    with ThreadPoolExecutor(50) as threads:
        replies = [threads.submit(ask, client) for _ in range(50)]
        until(lambda: sum(reply.done() for reply in replies) == 40)
        engine.gate.set()
        replies = [reply.result() for reply in replies]
    refused = [reply for reply in replies if reply.status_code == 429]
    assert sorted({reply.status_code for reply in replies}) == [200, 429]
    assert len(refused) == 40
    assert engine.most_at_once == 2
    for reply in refused:
        assert int(reply.headers["retry-after"]) >= 1
        assert reply.headers["x-octavo-ahead"] == "10"
        assert reply.json()["error"]["code"] == "rate_limit_exceeded"
    text = client.get("/metrics").text
    assert "octavo_queue_refusals_total 40.0" in text
    assert "octavo_running 0.0" in text
    assert "octavo_waiting 0.0" in text
    assert ask(client).status_code == 200


def test_health_answers_while_the_queue_is_full(serve, engine, ask):
    client = serve(engine, limits=Limits(running=1, waiting=1))
    engine.gate.clear()
    with ThreadPoolExecutor(2) as threads:
        replies = [threads.submit(ask, client) for _ in range(2)]
        until(lambda: "octavo_waiting 1.0" in client.get("/metrics").text)
        assert ask(client).status_code == 429
        assert client.get("/healthz").status_code == 200
        engine.gate.set()
        assert [reply.result().status_code for reply in replies] == [200, 200]


def test_a_late_answer_is_a_timeout_and_its_place_comes_back_when_the_thread_ends(serve, engine, ask):
    client = serve(engine, limits=Limits(running=1, waiting=1, seconds=0.2))
    engine.gate.clear()
    assert ask(client).json()["error"]["code"] == "timeout"
    assert ask(client).status_code == 504, "the thread still runs, so the next one waits and is late too"
    assert engine.asked == 1
    engine.gate.set()
    until(lambda: engine.at_once == 0)
    assert ask(client).status_code == 200
    assert "octavo_timeouts_total 2.0" in client.get("/metrics").text


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_goes_away_stops_the_engine(client, engine, ask, stream):
    engine.gate.clear()
    body = {"model": "echo", "messages": [{"role": "user", "content": "pairwise"}], "stream": stream}
    if stream:
        with client.stream("POST", "/v1/chat/completions", json=body) as reply:
            next(reply.iter_lines())
    else:
        with pytest.raises(httpx.ReadTimeout):
            client.post("/v1/chat/completions", json=body, timeout=0.3)
    until(lambda: "octavo_abandoned_total 1.0" in client.get("/metrics").text)
    engine.gate.set()
    until(lambda: engine.at_once == 0)
    assert "octavo_answers_total{" not in client.get("/metrics").text
    assert ask(client).status_code == 200


def test_waiting_ends_when_the_client_goes_away(serve, engine, ask):
    client = serve(engine, limits=Limits(running=1, waiting=1))
    engine.gate.clear()
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(ask, client)
        until(lambda: engine.at_once == 1)
        with pytest.raises(httpx.ReadTimeout):
            client.post(
                "/v1/chat/completions",
                json={"model": "echo", "messages": [{"role": "user", "content": "pairwise"}]},
                timeout=0.2,
            )
        until(lambda: "octavo_waiting 0.0" in client.get("/metrics").text)
        engine.gate.set()
        assert first.result().status_code == 200
    assert engine.asked == 1
