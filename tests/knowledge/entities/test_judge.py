"""What models say of pairs: the small one by likelihood, the big one through an endpoint that may answer anything."""

import json
import math
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octavo.knowledge.entities.judge import Likelihood, judged, open_judge
from octavo.knowledge.entities.judges.endpoint import KEY, Endpoint, verdict
from octavo.knowledge.entities.judges.pairs import shown
from octavo.knowledge.entities.record import Record
from octavo.model.reading.place import checkpoint_named
from octavo.spine.errors import OctavoError

FERRY = Record("a", "The ferry to Norvik leaks oil from its second engine.", ("norvik ferry",), {"fixed": ("1.4.2",)})
SAME = Record("b", "Oil leaks from the second engine of the Norvik ferry.", ("norvik ferry",), {"fixed": ("1.4.2",)})
OTHER = Record("c", "A library in Tarvo lends out books about bees and cheese.", ("tarvo library",), {})
EMPTY = Record("d", "", (), {})


@pytest.fixture(scope="module")
def small():
    return Likelihood(checkpoint_named("seed"), tokens=32)


def test_the_small_judge_finds_the_same_thing_likelier_than_another(small):
    same, other = small.probabilities([(FERRY, SAME), (FERRY, OTHER)])
    assert 0 <= other < same <= 1


def test_a_record_with_nothing_to_read_cannot_be_judged(small):
    before = small.spent.undecided
    assert all(map(math.isnan, small.probabilities([(FERRY, EMPTY), (EMPTY, FERRY)])))
    assert small.spent.undecided == before + 2


def test_how_pairs_are_cut_into_batches_changes_nothing(small):
    left, right = [FERRY, OTHER, EMPTY], [SAME, OTHER, FERRY]
    pairs = SimpleNamespace(left=np.repeat(np.arange(3), 3), right=np.tile(np.arange(3), 3))
    whole, single = (judged(pairs, left, right, small, at_once=n) for n in (9, 1))
    np.testing.assert_allclose(whole, single, atol=2e-5)
    assert np.isnan(whole[6:]).all()
    assert not np.isnan(whole[:6]).any()


def test_what_a_judge_reads_names_the_record_but_never_its_id():
    text = shown(FERRY, 200)
    assert "norvik ferry" in text
    assert "1.4.2" in text
    assert not text.startswith("a")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"same": true, "confidence": 0.9}', 0.9),
        ('Sure! ```json\n{"same": false, "confidence": 0.75}\n```', 0.25),
        ('{"thought": "x"} {"same": true}', 1.0),
        ('{"same": "probably"}', None),
        ('{"same": true, "confidence": 7}', None),
        ('{"same": true, "confidence": NaN}', None),
        ('{"same": true, "confidence": true}', None),
        ('{"same": tru', None),
        ("yes", None),
        ("{" * 30_000, None),
        ("", None),
    ],
)
def test_only_what_was_asked_for_is_a_decision(text, expected):
    found = verdict(text)
    assert math.isnan(found) if expected is None else found == pytest.approx(expected)


@given(st.text(alphabet='{}[]":,same truefalsconidence01.9\\n', max_size=60) | st.text(max_size=40))
@settings(max_examples=150, deadline=None)
def test_no_text_breaks_the_reading_of_an_answer(text):
    found = verdict(text)
    assert math.isnan(found) or 0 <= found <= 1


class Server:
    """An endpoint of this machine that answers what it is told to, in turn."""

    def __init__(self, answers):
        self.answers, self.asked, self.busy, self.most = list(answers), [], 0, 0
        lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                with lock:
                    server.busy += 1
                    server.most = max(server.most, server.busy)
                    body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                    server.asked.append((self.path, self.headers.get("Authorization"), body))
                    status, content = server.answers.pop(0) if server.answers else (200, told('{"same": true}'))
                    server.busy -= 1
                self.send_response(status)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"

    def __enter__(self):
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


def told(text, usage=True):
    answer = {"choices": [{"message": {"content": text}}]}
    return json.dumps(answer | ({"usage": {"prompt_tokens": 50, "completion_tokens": 9}} if usage else {})).encode()


def test_an_endpoint_is_asked_with_its_model_and_key_and_its_tokens_are_counted(monkeypatch):
    monkeypatch.setenv(KEY, "secret")
    answers = [(200, told('{"same": true, "confidence": 0.8}')), (200, told('{"same": false}', usage=False))]
    with Server(answers) as server:
        judge = open_judge(f"endpoint:{server.url}#big")
        judge.concurrency = 1
        assert judge.probabilities([(FERRY, SAME), (FERRY, OTHER)]) == [0.8, 0.0]
    path, key, body = server.asked[0]
    assert (path, key, body["model"]) == ("/v1/chat/completions", "Bearer secret", "big")
    assert FERRY.text in body["messages"][1]["content"]
    spent = judge.spent
    assert (spent.calls, spent.tokens_in, spent.tokens_out, spent.uncounted) == (2, 50, 9, 1)


def test_malformed_answers_are_no_decisions_and_are_counted():
    broken = [b"<html>", b"[]", b'{"choices": []}', b"\xff\xfe", told("I cannot say")]
    with Server([(200, one) for one in broken]) as server:
        judge = Endpoint(server.url, "big")
        found = judge.probabilities([(FERRY, SAME)] * 6)
    assert sum(map(math.isnan, found)) == judge.spent.undecided == 5
    assert server.most <= judge.concurrency


def test_what_fails_for_a_while_is_asked_again():
    with Server([(503, b""), (429, b"")]) as server:
        judge = Endpoint(server.url, "big", attempts=3)
        assert judge.probabilities([(FERRY, SAME)]) == [1.0]
    assert judge.spent.calls == 3


def test_an_endpoint_that_refuses_or_is_not_there_is_said_so():
    with Server([(401, b"")]) as server, pytest.raises(OctavoError) as refused:
        Endpoint(server.url, "big").probabilities([(FERRY, SAME)])
    assert refused.value.code == "K061"
    with pytest.raises(OctavoError) as gone:
        Endpoint("http://127.0.0.1:9/v1", "big", attempts=1).probabilities([(FERRY, SAME)])
    assert gone.value.code == "K062"


@pytest.mark.parametrize("name", ["", "endpoint:", "endpoint:http://127.0.0.1/v1", "endpoint:mine#big"])
def test_a_judge_that_is_named_wrongly_is_wrong_use(name):
    with pytest.raises(OctavoError) as wrong:
        open_judge(name)
    assert (wrong.value.code, wrong.value.exit_code) == ("K060", 2)
