"""Clean deletes what nothing reaches, after saying so, and never what a run, a pin or the plan needs."""

import subprocess

import pytest
from killing import bytes_of
from shop import KEPT
from test_interruption import wait_until_started


def objects(shop):
    return len(list((shop.home / ".octavo" / "objects").iterdir()))


@pytest.fixture
def cluttered(made):
    """Three runs: the default one, one with other words, the default one again."""
    made.run("--set", "gather.words=other words")
    made.run()
    return made


def test_nothing_is_deleted_before_it_is_told_to(cluttered):
    before = objects(cluttered)
    done = cluttered.octavo("clean", "--keep", "1")
    assert done.returncode == 0
    assert "artifacts" in done.stdout
    assert "octavo clean --yes deletes it" in done.stderr
    assert objects(cluttered) == before == 6


def test_only_what_the_latest_runs_reach_stays(cluttered):
    content = bytes_of(cluttered.home)
    found = cluttered.json("clean", "--keep", "1", "--yes")
    assert (len(found["objects"]), len(found["recipes"]), len(found["runs"])) == (3, 3, 2)
    assert objects(cluttered) == 3
    assert bytes_of(cluttered.home) == content
    assert cluttered.run() == KEPT


def test_more_runs_reach_more(cluttered):
    assert cluttered.json("clean", "--keep", "2")["objects"] == []


def test_a_pinned_run_stays_until_it_is_unpinned(cluttered):
    cluttered.run("--set", "gather.words=other words")
    cluttered.octavo("clean", "--pin", "other")
    cluttered.run()
    assert cluttered.json("clean", "--keep", "1", "--yes")["objects"] == []
    assert cluttered.octavo("clean", "--unpin", "othr").returncode == 2
    assert len(cluttered.json("clean", "--keep", "1", "--unpin", "other")["objects"]) == 3
    assert cluttered.octavo("clean", "--pin", "a/b").returncode == 2


def test_what_the_current_plan_keeps_stays_even_if_no_late_run_reached_it(cluttered):
    cluttered.run("--set", "gather.words=other words")
    assert cluttered.json("clean", "--keep", "1")["objects"] == []


def test_leftovers_of_a_stage_go_unless_the_next_run_goes_on_from_them(made):
    left = made.home / ".octavo" / "tmp" / "0" / "scratch"
    left.mkdir(parents=True)
    (left / "state").write_text("x" * 1000)
    assert made.json("clean")["unfinished"] == ["0"]
    made.octavo("run", "--set", "shout.fail=raise")
    assert made.json("clean", "--yes")["unfinished"] == ["0"]
    assert len(list((made.home / ".octavo" / "tmp").iterdir())) == 1


def test_a_store_in_use_is_not_cleaned(made):
    process = subprocess.Popen(
        made.command("run", "--set", "sum_up.steps=400", "--set", "sum_up.pause=0.05"),
        cwd=made.home,
        stderr=subprocess.DEVNULL,
    )
    wait_until_started(made, "sum_up", times=2)
    done = made.octavo("clean", "--yes")
    process.kill()
    process.wait()
    assert done.returncode == 1
    assert "S007  A run is going on in this project" in done.stderr
