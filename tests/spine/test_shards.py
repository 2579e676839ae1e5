"""The parts of a piece of work give the same files on every executor, and an attempt that was killed goes on."""

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from octavo.spine.errors import OctavoError
from octavo.spine.progress import listening
from octavo.spine.shards import file_state, kept_scratch, over_shards


def square(number: int, target: Path) -> None:
    target.write_text(str(number * number))


def refuse(number: int, target: Path) -> None:
    raise OctavoError("D999", f"not {number}", where="here", do="nothing", exit_code=2)


def note(number: int, target: Path) -> None:
    target.write_text(str(os.getpid()))


@pytest.mark.parametrize("on", ["serial", "processes", "ray"])
def test_every_executor_writes_the_same_files_in_order(tmp_path, on):
    files = over_shards(square, range(7), tmp_path / "parts", what="square", on=on, workers=2)
    assert [int(file.read_text()) for file in files] == [n * n for n in range(7)]
    assert sorted(p.name for p in (tmp_path / "parts").iterdir()) == [f"{n:06d}" for n in range(7)]


@pytest.mark.parametrize("on", ["serial", "processes"])
def test_an_error_for_people_arrives_whole(tmp_path, on):
    with pytest.raises(OctavoError) as caught:
        over_shards(refuse, [1, 2], tmp_path, what="refuse", on=on, workers=2)
    found = caught.value
    assert (found.code, found.where, found.do, found.exit_code) == ("D999", "here", "nothing", 2)


def test_what_an_earlier_attempt_finished_is_kept(tmp_path):
    (tmp_path / "000001").write_text("kept")
    files = over_shards(square, [5, 6, 7], tmp_path, what="square", on="serial")
    assert [file.read_text() for file in files] == ["25", "kept", "49"]


def test_progress_counts_the_sizes(tmp_path):
    heard = []

    class Listener:
        def progress(self, what, done, total, unit, note):
            heard.append((what, done, total, unit))

        def reading(self, values):
            pass

    with listening(Listener()):
        over_shards(square, [1, 2], tmp_path, what="square", on="serial", sizes=[10, 30], unit="bytes")
    assert heard[-1] == ("square", 40, 40, "bytes")


def fail_halfway(out: Path, recipe: dict) -> Path:
    try:
        with kept_scratch(out, recipe) as scratch:
            (scratch / "half").touch()
            raise RuntimeError
    except RuntimeError:
        return scratch


def test_the_scratch_stays_after_a_failure_and_goes_after_success(tmp_path):
    out = tmp_path / "out.jsonl"
    fail_halfway(out, {"a": 1})
    with kept_scratch(out, {"a": 1}) as again:
        assert (again / "half").exists()
    assert list(tmp_path.iterdir()) == []


def test_another_recipe_begins_anew(tmp_path):
    out = tmp_path / "out.jsonl"
    scratch = fail_halfway(out, {"a": 1})
    with kept_scratch(out, {"a": 2}) as other:
        assert not (other / "half").exists()
        assert not scratch.exists()


def take_turns(out: Path, log: Path) -> None:
    with kept_scratch(out, {}):
        with log.open("a") as lines:
            lines.write("in\n")
        time.sleep(0.1)
        with log.open("a") as lines:
            lines.write("out\n")


def test_two_processes_with_one_output_take_turns(tmp_path):
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=take_turns, args=(tmp_path / "out", tmp_path / "log")) for _ in range(3)]
    for other in others:
        other.start()
    for other in others:
        other.join()
        assert other.exitcode == 0
    assert (tmp_path / "log").read_text().split() == ["in", "out"] * 3


def test_a_killed_attempt_goes_on(tmp_path):
    program = tmp_path / "slow.py"
    program.write_text(
        textwrap.dedent("""
        import sys, time
        from pathlib import Path
        from octavo.spine.shards import kept_scratch, over_shards
        def slow(number, target):
            time.sleep(0.2)
            target.write_text(str(number))
        if __name__ == "__main__":
            with kept_scratch(Path(sys.argv[1]), {}) as scratch:
                files = over_shards(slow, range(6), scratch, what="slow", on="serial")
                Path(sys.argv[1]).write_text(" ".join(f.read_text() for f in files))
        """)
    )
    out = tmp_path / "out"
    process = subprocess.Popen([sys.executable, str(program), str(out)])
    while not list(tmp_path.glob(".out.work/*/000001")):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = {p: p.stat().st_mtime_ns for p in tmp_path.glob(".out.work/*/00000[01]")}
    again = subprocess.Popen([sys.executable, str(program), str(out)])
    while not list(tmp_path.glob(".out.work/*/000003")):
        time.sleep(0.01)
    assert {p: p.stat().st_mtime_ns for p in before} == before
    assert again.wait() == 0
    assert out.read_text() == "0 1 2 3 4 5"


def test_the_state_of_a_file_changes_with_it(tmp_path):
    path = tmp_path / "a"
    path.write_text("1")
    state = file_state(path)
    path.write_text("22")
    assert file_state(path) != state
