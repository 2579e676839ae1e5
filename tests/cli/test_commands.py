"""Every command of the spine: its answer on stdout, its talk on stderr, JSON when asked, one message when it fails."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import octavo
from octavo.cli.explain import catalogue

COMMANDS = ["new", "run", "plan", "why", "show", "clean", "doctor", "explain"]
HEAVY = {"torch", "numpy", "scipy", "fastapi", "tokenizers", "transformers", "uvicorn", "rich"}


def modules_after(*arguments, cwd):
    """The top-level modules that a command has imported when it ends."""
    code = (
        "import sys\nfrom octavo.cli.main import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print('\\n' + ' '.join({name.split('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=cwd, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


def test_help_imports_nothing_heavy(tmp_path):
    assert not modules_after("--help", cwd=tmp_path) & (HEAVY | {"pydantic"})


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_imports_nothing_heavy(tmp_path, command):
    assert not modules_after(command, "--help", cwd=tmp_path) & HEAVY


def test_a_plan_of_the_default_path_imports_nothing_heavy(tmp_path):
    modules_after("new", "here", cwd=tmp_path)
    assert not modules_after("plan", "--project", "here", cwd=tmp_path) & HEAVY


def test_new_writes_a_short_commented_file_with_what_was_given(made, tmp_path):
    (tmp_path / "notes").mkdir()
    done = made.octavo("new", "fresh", "--name", 'a "b" ü', "--path", "tiny", "--set", "sum_up.steps=3")
    assert done.returncode == 0
    file = made.home / "fresh" / "project.toml"
    assert done.stdout == f"{file}\n"
    text = file.read_text(encoding="utf-8")
    assert tomllib.loads(text) == {
        "project": {"name": 'a "b" ü', "format": 1, "path": "tiny", "seed": 0},
        "sum_up": {"steps": 3},
    }
    assert "# How many steps." in text
    assert len(text.splitlines()) < 25
    assert made.octavo("run", "--project", "fresh").returncode == 0


def test_new_on_documents_writes_where_they_are(made, tmp_path):
    (tmp_path / "notes").mkdir()
    (made.home / "inside" / "docs").mkdir(parents=True)
    for folder, docs, written in [
        ("a", tmp_path / "notes", str(tmp_path / "notes")),
        ("inside", "inside/docs", "docs"),
    ]:
        done = made.octavo("new", folder, "--docs", str(docs))
        assert done.returncode == 0, done.stderr
        assert tomllib.loads((made.home / folder / "project.toml").read_text())["collect"] == {"docs": written}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["."], "P011"),
        (["x", "--docs", "nowhere"], "P006"),
        (["x", "--docs", "project.toml"], "P006"),
        (["x", "--set", "shout.mark=?"], "P014"),
        (["x", "--path", "tiny", "--set", "shout.mrak=?"], "P003"),
        (["x", "--path", "tinny"], "P016"),
        (["project.toml"], "P011"),
        ([], "P002"),
    ],
)
def test_new_refuses_what_can_not_be_meant_and_writes_nothing(made, arguments, code):
    before = (made.home / "project.toml").read_text()
    done = made.octavo("new", *arguments)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith(code)
    assert (made.home / "project.toml").read_text() == before
    assert not (made.home / "x").exists()


def test_why_says_what_decides_a_stage(made):
    kept = made.octavo("why", "shout")
    assert kept.stdout.startswith("shout: kept\n")
    assert "setting mark = '!'" in kept.stdout
    assert "workshop.letters" in kept.stdout
    changed = made.octavo("why", "shout", "--set", "shout.mark=?")
    assert 'settings.mark: "!" → "?"' in changed.stdout
    waits = made.octavo("why", "sum_up", "--set", "shout.mark=?")
    assert 'shout runs: settings.mark: "!" → "?"' in waits.stdout
    assert made.json("why", "sum_up", "--set", "shout.mark=?")["causes"][0]["stage"] == "shout"


def test_show_lists_the_stages_and_says_all_about_one(made):
    assert [line.split()[0] for line in made.octavo("show").stdout.splitlines()] == ["gather", "shout", "sum_up"]
    facts = made.json("show", "shout")
    assert facts["describe"]["documents"] == 3
    assert facts["settings"] == {"mark": "!", "deaf": False, "fail": ""}
    assert set(facts["files"]) == {"documents.jsonl", "removed.jsonl"}
    text = made.octavo("show", "shout").stdout
    assert "What ends a text." in text
    assert facts["artifact"] in text


def test_show_of_a_document_prints_its_stored_text(made):
    done = made.octavo("show", "word.1")
    assert done.stdout == "TWO!\n"
    assert made.json("show", "word.1")["text"] == "TWO!"
    refused = made.octavo("show", "word.7")
    assert refused.returncode == 2
    assert 'Nothing here is called "word.7", did you mean' in refused.stderr


def test_show_of_a_digest_tells_where_it_comes_from_and_what_was_made_of_it(made):
    digest = made.json("show", "shout")["artifact"]
    lineage = made.json("show", digest[:10])
    assert [row["stage"] for row in lineage["from"]] == ["gather"]
    assert [row["stage"] for row in lineage["used_by"]] == ["sum_up"]


def test_show_before_any_run_says_what_to_do(made):
    made.octavo("new", "fresh", "--path", "tiny")
    assert "not made" in made.octavo("show", "--project", "fresh").stdout
    assert "How many steps." in made.octavo("show", "sum_up", "--project", "fresh").stdout
    done = made.octavo("show", "word.1", "--project", "fresh")
    assert (done.returncode, "no documents have been collected yet" in done.stderr) == (2, True)


def test_doctor_looks_at_machine_and_project(made):
    found = {finding["name"]: finding for finding in made.json("doctor")["findings"]}
    assert {"python", "cores", "memory", "disk", "numpy", "project", "store"} <= set(found)
    assert found["store"]["state"] == "good"
    outside = made.octavo("doctor", "--project", "nowhere")
    assert outside.returncode == 0
    assert "none in nowhere" in outside.stdout


def test_explain_knows_every_code_that_it_lists(made):
    listed = made.octavo("explain").stdout.splitlines()
    assert [line.split()[0] for line in listed] == sorted(catalogue())
    assert "nearest" in made.octavo("explain", "p003").stdout
    assert made.json("explain", "S021")["title"] == "The disk is full"
    refused = made.octavo("explain", "S999")
    assert (refused.returncode, refused.stderr[:4]) == (2, "P019")


def test_every_code_that_the_spine_and_its_commands_raise_is_explained():
    source = Path(octavo.__file__).parent
    files = [*source.rglob("spine/**/*.py"), *source.glob("cli/*.py"), *source.glob("apps/*.py")]
    raised = {code for file in files for code in re.findall(r'"([PS]\d{3})"', file.read_text(encoding="utf-8"))}
    assert raised <= set(catalogue())


def test_a_closed_pipe_ends_quietly(made):
    process = subprocess.Popen(made.command("explain"), cwd=made.home, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    process.wait()


def test_plain_lines_tell_progress_and_costs(made):
    said = made.octavo("run", "--set", "sum_up.steps=5", "--show", "plain").stderr.splitlines()
    assert said[0] == "gather  kept"
    assert said[2] == "sum_up  run   settings.steps: 20 → 5"
    assert re.fullmatch(r"sum_up  made  [\d.]+ s, \d+ bytes, [\d.]+ MB of memory", said[3])
    assert said[4].startswith("1 made, 2 kept, in ")


def test_the_live_table_shows_every_stage(made):
    done = made.octavo("run", "--set", "sum_up.steps=5", "--show", "full")
    assert done.returncode == 0
    begins = [tuple(line.split()[:2]) for line in done.stderr.splitlines()]
    assert {("gather", "kept"), ("shout", "kept"), ("sum_up", "made")} <= set(begins)


def test_json_is_one_document_and_nothing_else(made):
    for arguments in (["plan"], ["run"], ["why", "shout"], ["show"], ["clean"], ["doctor"], ["explain"]):
        done = made.octavo(*arguments, "--json")
        assert done.returncode == 0
        json.loads(done.stdout)
