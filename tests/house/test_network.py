"""The network is cut in the tests and in the processes they start."""

import socket
import subprocess
import sys

import pytest


def test_connecting_anywhere_but_loopback_is_refused():
    with pytest.raises(RuntimeError, match="without a network"), socket.socket() as sock:
        sock.connect(("192.0.2.1", 80))
    with pytest.raises(RuntimeError, match="without a network"):
        socket.getaddrinfo("example.org", 80)


def test_loopback_works():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        accepted, address = server.accept()
        with accepted:
            assert address == client.getsockname()


def test_a_started_process_is_cut_off_too():
    code = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "without a network" in done.stderr
