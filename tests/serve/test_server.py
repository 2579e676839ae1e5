"""The server process: its port, its address, and how it ends."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from octavo.serve.address import bind, is_loopback
from octavo.spine.errors import OctavoError

PROGRAM = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("parts", sys.argv[1])
parts = importlib.util.module_from_spec(spec)
spec.loader.exec_module(parts)
from octavo.serve import server
from octavo.serve.address import address_of, bind
engine = parts.EchoEngine()
engine.gate.clear()
import threading
threading.Timer(1.0, engine.gate.set).start()
with bind("127.0.0.1", 0) as listening:
    server.run(parts.create_app(engine), listening, ready=lambda: print(address_of(listening), flush=True))
print("ended", flush=True)
"""


def test_a_taken_port_is_said_with_what_to_do():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(OctavoError, match=f"Port {port} is taken") as caught:
            bind("127.0.0.1", port)
    assert caught.value.code == "V002"
    assert "--port" in caught.value.do


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(OctavoError) as caught:
        bind("192.0.2.1", 0)
    assert caught.value.code == "V003"


@pytest.mark.parametrize(
    ("host", "only_here"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("localhost", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.0.2", False),
        ("localhost.evil.example", False),
    ],
)
def test_only_loopback_addresses_count_as_this_machine(host, only_here):
    assert is_loopback(host) is only_here


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_being_told_to_stop_lets_the_running_answer_end(how):
    parts = Path(__file__).parent / "conftest.py"
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(parts)], stdout=subprocess.PIPE, text=True, env={**os.environ}
    )
    with process:
        address = process.stdout.readline().strip()
        body = {"model": "echo", "messages": [{"role": "user", "content": "pairwise"}], "stream": True}
        with httpx.stream("POST", f"{address}v1/chat/completions", json=body, timeout=20) as reply:
            lines = reply.iter_lines()
            next(lines)
            process.send_signal(how)
            rest = list(lines)
        assert rest[-2:] == ["data: [DONE]", ""]
        assert process.stdout.read() == "ended\n"
        assert process.wait(10) == 0
