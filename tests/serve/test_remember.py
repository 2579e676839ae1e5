"""A project remembers what it is told and corrected, cites it, keeps silent elsewhere, and forgets."""

import json
import shutil

import pytest


@pytest.fixture
def own(project, tmp_path):
    """A copy of the project, with a memory of its own."""
    place = tmp_path / "own"
    shutil.copytree(project, place, ignore=shutil.ignore_patterns("memory.sqlite*"))
    return place


def test_what_was_told_is_asked_for_cited_and_forgotten(octavo, own):
    done = octavo("remember", "The gate code of the Kvarnen depot is 4711.", "--project", own)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("[memory 1, 20")
    asked = octavo("ask", "What is the gate code of the Kvarnen depot?", "--project", own)
    assert asked.stdout.startswith("The gate code of the Kvarnen depot is 4711. [memory 1, 20")
    silent = octavo("ask", "What is the gate code of the Kvarnen depot?", "--project", own, "--no-memory")
    assert "4711" not in silent.stdout
    newer = octavo("remember", "The gate code of the Kvarnen depot is 1234.", "--project", own)
    assert "supersedes [memory 1," in newer.stderr
    listed = json.loads(octavo("memory", "list", "--project", own, "--json").stdout)
    assert [one["superseded"] for one in listed] == [2, None]
    gone = octavo("memory", "forget", 1, 2, "--project", own)
    assert gone.returncode == 0, gone.stderr
    assert "nothing of them is left" in gone.stderr
    assert "memory" not in json.loads(octavo("ask", "What is the gate code?", "--project", own, "--json").stdout)


def test_where_the_memory_recognises_nothing_the_answer_is_the_same(octavo, own):
    octavo("remember", "The gate code of the Kvarnen depot is 4711.", "--project", own)
    for question in ("Where does the nightly backup go?", "Who won the cup in 1974?"):
        with_it = octavo("ask", question, "--project", own).stdout
        assert with_it == octavo("ask", question, "--project", own, "--no-memory").stdout


def test_a_correction_in_a_chat_is_remembered_and_comes_first_the_next_time(octavo, own):
    told = "Where does the nightly backup go?\nNo, it goes to Trondheim since March.\n"
    done = octavo("chat", "--project", own, stdin=told)
    assert done.returncode == 0, done.stderr
    assert "remembered [memory 2," in done.stderr
    asked = octavo("ask", "Where does the nightly backup go?", "--project", own)
    assert asked.stdout.startswith("it goes to Trondheim since March. [memory 2, 20")
    again = octavo("chat", "--project", own, stdin="Where does the nightly backup go?\n/correct To Oslo.\n")
    assert "Trondheim" in again.stdout
    assert octavo("ask", "Where does the nightly backup go?", "--project", own).stdout.startswith("To Oslo. [memory 4")


def test_a_chat_without_memory_notes_nothing(octavo, own):
    done = octavo("chat", "--project", own, "--no-memory", stdin="Where does the nightly backup go?\n")
    assert done.returncode == 0
    assert not (own / ".octavo" / "memory.sqlite").exists()
    assert octavo("memory", "list", "--project", own).returncode == 2


def test_recall_and_consolidate_are_commands(octavo, own):
    octavo("remember", "The gate code of the Kvarnen depot is 4711.", "--project", own, "--until", "2999-01-01")
    found = json.loads(octavo("memory", "recall", "Kvarnen depot gate code", "--project", own, "--json").stdout)
    assert found["recognised"]
    assert found["hits"][0]["until"].startswith("2999-01-01")
    for _ in range(2):
        octavo("ask", "What is the gate code of the Kvarnen depot?", "--project", own)
    done = json.loads(octavo("memory", "consolidate", "--project", own, "--json").stdout)
    assert done["added"] == [1]
    gone = json.loads(octavo("memory", "forget", 1, "--project", own, "--json").stdout)
    assert gone["documents"] == ["memory:1"]
    assert gone["left"] == []
    assert octavo("remember", "x", "--project", own, "--until", "soon").returncode == 2
