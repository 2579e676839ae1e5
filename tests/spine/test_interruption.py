"""Whatever happens to a run, nothing is lost: kills, signals, two at once, a full disk, a disk that refuses."""

import os
import resource
import signal
import subprocess
import time

import machine
import pytest
from killing import artifacts_of, bytes_of, killed_at_random
from shop import KEPT, MADE, Shop


def wait_until_started(shop, stage, times=1, patience=60):
    until = time.monotonic() + patience
    while time.monotonic() < until:
        logs = list((shop.home / ".octavo" / "runs").glob("*/log.jsonl"))
        if sum(f'"event": "started", "stage": "{stage}"' in log.read_text() for log in logs) >= times:
            return
        time.sleep(0.02)
    raise AssertionError(f"{stage} was never started")


def test_killed_at_twenty_random_moments_it_ends_with_the_same_bytes(tmp_path):
    calm = Shop(tmp_path / "calm", settings="[sum_up]\nsteps = 150")
    disturbed = Shop(tmp_path / "disturbed", settings="[sum_up]\nsteps = 150\npause = 0.02")
    calm.run()
    command = disturbed.command("run", "--show", "nothing")
    hit = killed_at_random(command, kills=20, longest=0.8, seed=8, cwd=disturbed.home)
    assert hit >= 15
    assert bytes_of(disturbed.home) == bytes_of(calm.home)
    assert artifacts_of(disturbed.home) == artifacts_of(calm.home)
    assert not list((disturbed.home / ".octavo" / "tmp").iterdir())
    assert disturbed.run() == KEPT


def test_a_killed_stage_goes_on_where_it_was(tmp_path):
    shop = Shop(tmp_path, settings="[sum_up]\nsteps = 40\npause = 0.05")
    process = subprocess.Popen(shop.command("run"), cwd=shop.home, stderr=subprocess.DEVNULL)
    state = "tmp/*/scratch/state.json"
    until = time.monotonic() + 60
    while not list((shop.home / ".octavo").glob(state)) and time.monotonic() < until:
        time.sleep(0.01)
    process.kill()
    process.wait()
    shop.run()
    facts = shop.json("show", "sum_up")
    assert facts["observed"] == {"steps": 40, "resumed": 1}
    manifest = next((shop.home / ".octavo" / "recipes").glob(f"{facts['key']}/manifest.json"))
    assert '"attempts": 2' in manifest.read_text()


@pytest.mark.parametrize(
    ("sent", "status", "said"), [(signal.SIGTERM, 1, "S004  Stopped by SIGTERM"), (signal.SIGINT, 130, "stopped")]
)
def test_a_signal_ends_it_cleanly_and_it_can_go_on(tmp_path, sent, status, said):
    shop = Shop(tmp_path, settings="[sum_up]\nsteps = 400\npause = 0.05")
    process = subprocess.Popen(shop.command("run"), cwd=shop.home, stderr=subprocess.PIPE, text=True)
    wait_until_started(shop, "sum_up")
    process.send_signal(sent)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == status
    assert said in stderr
    assert "Traceback" not in stderr
    assert shop.run("--set", "sum_up.steps=3") == {"gather": "kept", "shout": "kept", "sum_up": "made"}


def test_two_simultaneous_runs_compute_once(tmp_path):
    shop = Shop(tmp_path, settings="[sum_up]\nsteps = 40\npause = 0.05")
    command = shop.command("run", "--show", "plain")
    first = subprocess.Popen(command, cwd=shop.home, stderr=subprocess.PIPE, text=True)
    wait_until_started(shop, "sum_up")
    second = subprocess.Popen(command, cwd=shop.home, stderr=subprocess.PIPE, text=True)
    said = [process.communicate(timeout=120)[1] for process in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0]
    assert f"another run (process {first.pid}) is making sum_up; waiting for it" in said[1]
    assert "3 made, 0 kept" in said[0]
    assert "0 made, 3 kept" in said[1]


def test_ten_runs_started_at_once_compute_once(tmp_path):
    shop = Shop(tmp_path)
    command = shop.command("run", "--show", "plain")
    processes = [subprocess.Popen(command, cwd=shop.home, stderr=subprocess.PIPE) for _ in range(5)]
    for process in processes:
        _, stderr = process.communicate(timeout=120)
        assert process.returncode == 0, stderr.decode()
    logs = [log.read_text() for log in (shop.home / ".octavo" / "runs").glob("*/log.jsonl")]
    assert len(logs) == 5
    assert sum(log.count('"event": "made"') for log in logs) == 3


@pytest.mark.parametrize("free", [0, 3, 9, 30, 120])
def test_a_full_disk_gives_one_message_and_loses_nothing(tmp_path, free):
    with machine.small_disk(tmp_path / "disk", kilobytes=1500) as disk:
        shop = Shop(disk.place, settings="[sum_up]\nsteps = 10")
        shop.run("--until", "gather")
        with disk.filled(free_kilobytes=free):
            done = shop.apart("run", "--set", "shout.fail=full", **disk.limits(free))
            assert done.returncode == 1, done.stderr
            assert done.stderr.count("S021") == 2, done.stderr  # the code, and where to read more
            assert "Traceback" not in done.stderr
        assert shop.run() == {"gather": "kept", "shout": "made", "sum_up": "made"}


def test_a_limit_on_file_sizes_gives_one_message_and_loses_nothing(shop):
    shop.run("--until", "gather")

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    done = shop.apart("run", "--set", "shout.fail=full", preexec_fn=limit)
    assert done.returncode == 1
    assert "S021  The disk is full" in done.stderr
    assert shop.run() == {"gather": "kept", "shout": "made", "sum_up": "made"}


@pytest.mark.parametrize("way", machine.WAYS_TO_REFUSE)
def test_a_store_that_can_not_be_written_gives_one_message_and_loses_nothing(tmp_path, way):
    shop = Shop(tmp_path)
    shop.run("--until", "gather")
    before = bytes_of(shop.home)
    with machine.read_only(shop.home / ".octavo", way) as options:
        done = shop.apart("run", **options)
        assert done.returncode == 1, done.stderr
        assert "S022  This place can't be written to" in done.stderr
        assert "Traceback" not in done.stderr
        for command in ("plan", "show", "clean", "doctor"):
            looked = shop.apart(command, **options)
            assert looked.returncode == 0, looked.stderr
        assert bytes_of(shop.home) == before
    assert shop.run() == {"gather": "kept", "shout": "made", "sum_up": "made"}


def test_a_store_that_can_not_be_begun_gives_one_message(tmp_path):
    shop = Shop(tmp_path)
    with machine.read_only(shop.home, machine.WAYS_TO_REFUSE[0]) as options:
        done = shop.apart("run", **options)
    assert done.returncode == 1
    assert "S022" in done.stderr
    assert os.listdir(shop.home) == ["project.toml"]
    assert shop.run() == MADE
