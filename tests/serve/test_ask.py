"""`octavo ask` on a real project."""

import json
import subprocess
import sys

import pytest

from octavo.apps.own_model.open import open_engine


def test_an_answer_cites_spans_of_the_stored_documents(octavo, project):
    done = octavo("ask", "Where does the nightly backup go?", "--project", project, "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["declined"] is False
    assert "Bergen" in answer["answer"]
    assert answer["mode"] == "quote"
    assert answer["seconds"] > 0
    engine = open_engine(project)
    assert answer["citations"][0]["document"] == "backup.md"
    for citation in answer["citations"]:
        text = engine.document(citation["document"]).text
        assert text[citation["start"] : citation["end"]] == citation["text"]


def test_an_answer_is_readable_without_json_and_its_citations_are_numbered(octavo, project):
    done = octavo("ask", "Where does the nightly backup go?", "--project", project)
    assert done.returncode == 0, done.stderr
    assert "Bergen" in done.stdout
    assert "[1] backup.md  characters" in done.stdout
    assert done.stderr == ""


def test_what_the_documents_do_not_hold_is_declined_and_that_is_no_failure(octavo, project):
    done = octavo("ask", "Who won the football world cup in 1974?", "--project", project, "--json")
    assert done.returncode == 0
    answer = json.loads(done.stdout)
    assert answer["declined"] is True
    assert answer["citations"] == []
    assert answer["answer"]
    assert answer["reason"]


def test_k_limits_the_citations(octavo, project):
    done = octavo("ask", "What happens each year?", "--project", project, "--json", "-k", 1)
    assert len(json.loads(done.stdout)["citations"]) <= 1


def test_a_file_of_questions_is_answered_in_order_and_bad_rows_are_counted(octavo, project, tmp_path, lines):
    file = tmp_path / "questions.jsonl"
    file.write_text(
        '{"id": "b", "question": "Where does the nightly backup go?"}\n'
        "nonsense\n"
        '{"id": "b", "question": "How many days of holiday are there?"}\n'
        '{"id": "c"}\n'
        '{"id": "d", "question": "' + "x" * 9000 + '"}\n'
    )
    done = octavo("ask", "--file", file, "--project", project, "--json")
    assert done.returncode == 1
    assert "3 of 5 questions were not answered" in done.stderr
    rows = lines(done.stdout)
    assert [row["id"] for row in rows] == ["b", None, "b", "c", "d"]
    assert [next(iter(row)) for row in rows] == ["id"] * 5
    assert ["error" in row for row in rows] == [False, True, False, True, True]
    assert "thirty days" in rows[2]["answer"]


def test_a_question_on_stdin_is_answered_before_the_next_is_sent(project):
    command = [sys.executable, "-m", "octavo", "ask", "--file", "-", "--project", str(project), "--json"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        for number in range(3):
            process.stdin.write(json.dumps({"id": number, "question": "Where does the nightly backup go?"}) + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == number
        process.stdin.close()
        assert process.wait(20) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("",),
        ("   ",),
        ("why?", "--file", "-"),
        ("--file", "missing.jsonl"),
        ("--file", "."),
        ("why?", "--mode", "guess"),
        ("why?", "-k", "0"),
        ("x" * 9000,),
        ("two", "words"),
    ],
)
def test_wrong_use_is_told_in_one_message(octavo, project, arguments):
    said = octavo("ask", *arguments, "--project", project)
    assert said.returncode == 2
    assert said.stdout == ""
    assert "      do     " in said.stderr


def test_a_folder_without_a_project_and_a_project_that_was_not_run_say_what_to_do(octavo, tmp_path):
    done = octavo("ask", "why?", "--project", tmp_path)
    assert done.returncode == 2
    assert "octavo new" in done.stderr
    (tmp_path / "project.toml").write_text('[project]\nname = "mine"\n')
    done = octavo("ask", "why?", "--project", tmp_path, "--json")
    assert done.returncode == 1
    assert "octavo run" in done.stderr
    assert "octavo run" in json.loads(done.stdout)["do"]


def test_quoting_needs_no_torch(project):
    code = (
        "import sys; from octavo.apps.own_model.open import open_engine; "
        f"engine = open_engine(__import__('pathlib').Path({str(project)!r})); "
        "assert not engine.ask('Where does the nightly backup go?').declined; "
        "assert 'torch' not in sys.modules and 'fastapi' not in sys.modules, 'a heavy library was imported'"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_damaged_characters_in_a_question_break_nothing(octavo, project):
    done = octavo("ask", b"\xff\xfe backup \x1b[2J".decode("utf-8", "surrogateescape"), "--project", project, "--json")
    assert done.returncode == 0, done.stderr
    json.loads(done.stdout)
