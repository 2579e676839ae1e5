"""A run keeps what is made, makes what changed, and says why."""

import json

import pytest
from killing import artifacts_of
from shop import KEPT, MADE, Shop


def test_a_second_run_keeps_everything(shop):
    assert shop.apart("run").returncode == 0
    assert shop.run() == KEPT


def test_a_comment_and_a_docstring_change_nothing(made):
    made.edit("workshop/letters.py", "# capitals can be heard from afar", "# or so they say\n")
    made.edit("workshop/shout.py", "Write the documents in capitals.", "Write them all.")
    assert made.run() == KEPT


def test_a_changed_helper_runs_again_what_uses_it_and_nothing_else(made):
    made.edit("workshop/letters.py", "text.upper()", "text.upper() + '…'")
    made.edit("workshop/unused.py", "42", "43")
    assert made.plan()["shout"] == ("run", ["code: workshop.letters changed"])
    assert made.run() == {"gather": "kept", "shout": "made", "sum_up": "made"}


def test_reverting_a_change_keeps_again(made):
    made.edit("workshop/letters.py", "text.upper()", "text.lower()")
    assert made.run() == {"gather": "kept", "shout": "made", "sum_up": "made"}
    made.edit("workshop/letters.py", "text.lower()", "text.upper()")
    assert made.run() == KEPT


def test_an_unchanged_output_keeps_what_is_below_it(shop):
    shop.run("--set", "shout.deaf=true")
    stages = shop.json("run", "--set", "shout.deaf=true", "--set", "gather.words=other words")["stages"]
    assert [stage["action"] for stage in stages] == ["made", "made", "kept"]
    assert [stage["same_output"] for stage in stages] == [False, True, False]


def test_a_setting_is_the_reason_with_its_old_and_new_value(made):
    plan = made.plan("--set", "shout.mark=?")
    assert plan == {
        "gather": ("kept", []),
        "shout": ("run", ['settings.mark: "!" → "?"']),
        "sum_up": ("waits", ["waits for shout"]),
    }


def test_a_changed_file_outside_the_store_is_the_reason(shop):
    (shop.home / "lines.txt").write_text("four\nfive\n")
    shop.write('[gather]\ndocs = "lines.txt"')
    shop.run()
    assert b"FIVE" in shop.content("shout")
    (shop.home / "lines.txt").write_text("four\nsix\n")
    assert shop.plan()["gather"] == ("run", ["source lines.txt changed"])
    assert shop.run() == MADE
    assert shop.plan()["gather"] == ("kept", [])


def test_a_relative_path_is_meant_from_the_project_wherever_one_stands(shop, tmp_path):
    (shop.home / "lines.txt").write_text("four\n")
    shop.write('[gather]\ndocs = "lines.txt"')
    home, shop.home = shop.home, tmp_path
    assert shop.run("--project", str(home), "--until", "gather") == {"gather": "made"}
    assert shop.plan("--project", "home")["gather"] == ("kept", [])


def test_reasons_compare_with_the_nearest_recipe_and_not_the_latest(shop):
    shop.run("--set", "sum_up.steps=50")
    shop.run("--set", "sum_up.steps=7", "--set", "sum_up.pause=0.001")
    assert shop.plan("--set", "sum_up.steps=60")["sum_up"] == ("run", ["settings.steps: 50 → 60"])


def test_the_seed_of_the_project_reaches_stages_that_have_one(made):
    before = made.content("sum_up")
    assert made.plan("--set", "project.seed=5")["sum_up"][0] == "waits"
    assert made.run("--set", "project.seed=5")["sum_up"] == "made"
    assert made.content("sum_up") != before


def test_until_stops_after_a_stage(shop):
    assert shop.run("--until", "shout") == {"gather": "made", "shout": "made"}
    assert shop.octavo("run", "--until", "shou").returncode == 2


def test_two_projects_with_the_same_recipe_make_the_same_bytes(tmp_path):
    digests = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        shop = Shop(tmp_path / name)
        shop.run()
        digests.append(artifacts_of(shop.home))
    assert digests[0] == digests[1]


def test_a_moved_project_keeps_everything(made, tmp_path):
    made.home = made.home.rename(tmp_path / "elsewhere")
    assert made.run() == KEPT


def test_the_clock_tells_what_earlier_stages_cost_and_nothing_else_does(tmp_path):
    shop = Shop(tmp_path, path="timed")
    shop.run()
    rows = [json.loads(line) for line in shop.content("account").splitlines()]
    assert [row["id"] for row in rows] == ["gather", "shout"]
    assert "'shouted': 3" in rows[1]["text"]
    assert set(shop.run().values()) == {"kept"}
    shop.edit("workshop/letters.py", "return text.upper()", "again = text.upper()\n    return again")
    assert shop.run() == {"gather": "kept", "shout": "made", "account": "made"}


def test_readings_and_what_a_stage_prints_are_in_the_record(made):
    record = max((made.home / ".octavo" / "runs").iterdir())
    readings = [json.loads(line) for line in (record / "readings.jsonl").read_text().splitlines()]
    assert {"stage", "time", "shouted", "first"} == set(readings[0])
    assert '"text": "shouting 3"' in (record / "log.jsonl").read_text()
    assert json.loads((record / "environment.json").read_text())["python"]
    assert made.json("show", "shout")["observed"] == {"shouted": 3, "first": "yes"}


def test_a_stage_that_raises_gives_one_message_and_a_traceback_in_the_log(shop):
    done = shop.octavo("run", "--set", "shout.fail=raise")
    assert done.returncode == 1
    assert "S002" in done.stderr
    assert "divided by nothing" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    log = (max((shop.home / ".octavo" / "runs").iterdir()) / "log.jsonl").read_text()
    assert "Traceback" in log
    assert shop.plan()["gather"] == ("kept", [])


@pytest.mark.parametrize(("how", "code"), [("exit", "S002"), ("crash", "S003"), ("link", "S008")])
def test_a_stage_that_ends_badly_gives_one_message(shop, how, code):
    done = shop.octavo("run", "--set", f"shout.fail={how}")
    assert done.returncode == 1
    assert code in done.stderr
    assert "Traceback" not in done.stderr
    assert shop.plan()["gather"] == ("kept", [])


def test_a_failure_is_a_json_document_too(shop):
    done = shop.octavo("run", "--json", "--set", "shout.fail=raise")
    assert json.loads(done.stdout)["code"] == "S002"


def test_the_finished_run_ends_with_the_closing_words_of_its_path(shop):
    done = shop.octavo("run")
    assert done.stdout == "made gather, shout, sum_up for shop\n"
    assert "gather  run   never made" in done.stderr
    assert shop.octavo("run", "--show", "nothing").stderr == ""
    assert shop.octavo("run", "--until", "gather").stdout == ""


def test_artifacts_are_read_only(made):
    for place in (made.home / ".octavo" / "objects").iterdir():
        assert place.stat().st_mode & 0o222 == 0
        assert all(file.stat().st_mode & 0o222 == 0 for file in place.iterdir())
