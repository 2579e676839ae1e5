"""The big model of `entity_alignment` against an endpoint of this machine: the same pairs, paid in tokens."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from octavo.challenges.catalogue import challenge
from octavo.challenges.entity_alignment import ground as grounds
from octavo.challenges.entity_alignment.measure import MEASURES, MOST_MONEY
from octavo.challenges.entity_alignment.responses import big_model

FOUND = challenge("entity_alignment")
PROBE = sorted(FOUND.probe(), key=lambda row: row["id"])


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    return grounds.tiny(None, tmp_path_factory.mktemp("big"), 0)


@pytest.fixture
def endpoint(monkeypatch):
    """Says yes when both records name the same version; tells its tokens while `usage` is set."""
    asked, usage = [], {"usage": {"prompt_tokens": 100, "completion_tokens": 10}}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            first, _, second = body["messages"][1]["content"].partition("Record B:")
            asked.append((first, second))
            versions = [set(part.replace(",", " ").split()) for part in (first, second)]
            same = any(word[0].isdigit() and "." in word for word in versions[0] & versions[1])
            text = json.dumps({"same": same, "confidence": 0.9})
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"choices": [{"message": {"content": text}}], **usage}).encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv(big_model.ENDPOINT, f"http://127.0.0.1:{server.server_port}/v1#big")
    monkeypatch.setenv(big_model.PRICE, "2,10")
    yield asked, usage
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_judges_the_same_candidates_and_its_price_is_that_of_its_tokens(endpoint, ground):
    asked, _ = endpoint
    predictions = list(big_model.respond(ground, PROBE, 0))
    assert len(asked) == len(ground.ready.candidates.left)
    assert any(one.output.linked for one in predictions)
    money = MEASURES["millionths of money"].statistic(MEASURES["millionths of money"].table(ground, PROBE, predictions))
    paid = len(asked) * (100 * 2 + 10 * 10)
    assert money == pytest.approx(paid * 1000 / len(PROBE))
    assert MEASURES["R@1"].statistic(MEASURES["R@1"].table(ground, PROBE, predictions)) > 0.2


def test_tokens_that_nobody_counted_are_not_free(endpoint, ground):
    _, usage = endpoint
    usage.clear()
    predictions = list(big_model.respond(ground, PROBE, 0))
    assert (
        MEASURES["millionths of money"].statistic(MEASURES["millionths of money"].table(ground, PROBE, predictions))
        == MOST_MONEY
    )
