"""Executors give the results of shards in their order, in this process or in others, and say what is missing."""

import os
import signal
import subprocess
import sys
import time
from operator import truediv
from pathlib import Path

import pytest
from killing import descendants

from octavo.spine.errors import OctavoError
from octavo.spine.process.executors import executor


@pytest.mark.parametrize("name", ["serial", "processes"])
def test_results_come_in_the_order_of_the_shards(name):
    with executor(name, workers=2) as shards:
        assert list(shards.map(pow, range(20), [2] * 20)) == [n * n for n in range(20)]


@pytest.mark.parametrize("name", ["serial", "processes"])
def test_a_failure_reaches_who_asks_for_the_result(name):
    with executor(name, workers=2) as shards, pytest.raises(ZeroDivisionError):
        shards.submit(truediv, 1, 0).result()


def test_an_unknown_executor_is_refused_with_the_nearest():
    with pytest.raises(OctavoError, match='did you mean "processes"') as caught:
        executor("process")
    assert (caught.value.code, caught.value.exit_code) == ("P022", 2)


def test_ray_says_what_to_install_when_it_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(OctavoError, match="ray is not installed") as caught:
        executor("ray")
    assert "octavo[ray]" in caught.value.do


def test_workers_end_with_the_process_that_wants_their_results(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "import time\nfrom octavo.spine.process.executors import executor\n"
        "if __name__ == '__main__':\n"
        "    shards = executor('processes', 2)\n"
        "    list(shards.map(abs, range(8)))\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    workers = descendants(process.pid)
    assert len(workers) >= 2
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    until = time.monotonic() + 20
    while time.monotonic() < until and any(Path(f"/proc/{pid}").exists() for pid in workers):
        time.sleep(0.05)
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]
