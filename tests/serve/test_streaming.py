"""Streamed replies, parsed as a client parses server-sent events."""

import json

from octavo.spine.errors import OctavoError


def events(reply):
    assert reply.headers["content-type"].startswith("text/event-stream")
    blocks = reply.text.split("\n\n")
    assert blocks.pop() == ""
    assert all(block.startswith("data: ") for block in blocks)
    return [block.removeprefix("data: ") for block in blocks]


def chunks(reply):
    found = events(reply)
    assert found.pop() == "[DONE]"
    return [json.loads(event) for event in found]


def test_the_pieces_add_up_to_the_unstreamed_answer(client, ask):
    whole = ask(client).json()["choices"][0]["message"]
    parts = chunks(ask(client, stream=True))
    deltas = [part["choices"][0]["delta"] for part in parts]
    assert deltas[0] == {"role": "assistant", "content": "", "refusal": None}
    assert "".join(delta.get("content", "") for delta in deltas) == whole["content"]
    assert len(deltas) > 5
    assert {**deltas[-1]["octavo"], "seconds": 0} == {**whole["octavo"], "seconds": 0}


def test_all_chunks_share_one_frame_and_the_last_has_the_finish_reason(client, ask):
    parts = chunks(ask(client, stream=True))
    assert {part["object"] for part in parts} == {"chat.completion.chunk"}
    assert len({(part["id"], part["created"], part["model"]) for part in parts}) == 1
    reasons = [part["choices"][0]["finish_reason"] for part in parts]
    assert reasons[-1] == "stop"
    assert set(reasons[:-1]) == {None}


def test_usage_comes_in_a_last_chunk_without_choices_when_asked_for(client, ask):
    *parts, last = chunks(ask(client, stream=True, stream_options={"include_usage": True}))
    assert last["choices"] == []
    assert last["usage"] == {"prompt_tokens": 4, "completion_tokens": 11, "total_tokens": 15}
    assert all(part["choices"] and part["usage"] is None for part in parts)
    assert all("usage" not in part for part in chunks(ask(client, stream=True)))


def test_max_tokens_cuts_a_stream_at_the_same_place(client, ask):
    parts = chunks(ask(client, stream=True, max_tokens=3))
    deltas = [part["choices"][0]["delta"] for part in parts]
    assert "".join(delta.get("content", "") for delta in deltas) == "Return an iterator"
    assert parts[-1]["choices"][0]["finish_reason"] == "length"


def test_a_failure_on_the_way_is_an_error_event_and_not_done(client, engine, ask):
    engine.broken = OctavoError("K001", "The index is damaged")
    found = events(ask(client, stream=True))
    assert json.loads(found[-1])["error"]["code"] == "K001"
    assert "[DONE]" not in found


def test_a_refusal_before_the_stream_is_a_plain_error(client, ask):
    assert ask(client, stream=True, n=2).status_code == 400


def test_usage_is_left_out_when_there_is_nothing_to_count_with(client, engine, ask):
    engine.token_spans = lambda text: None
    assert "usage" not in ask(client).json()
    assert ask(client, max_tokens=5).json()["error"]["code"] == "no_tokenizer"
    parts = chunks(ask(client, stream=True, stream_options={"include_usage": True}))
    assert all(part["choices"] for part in parts)
