"""`octavo serve` on a real project, as a process."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime

import httpx

from octavo.apps.own_model.open import open_engine, seconds_of
from octavo.spine.project import open_project

QUESTION = {"model": "mine", "messages": [{"role": "user", "content": "Where does the nightly backup go?"}]}


@contextlib.contextmanager
def serving(project, *options, environment=None):
    command = [sys.executable, "-m", "octavo", "serve", "--project", str(project), "--port", "0", "--json", *options]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})}
    )
    with process:
        try:
            yield process, json.loads(process.stdout.readline())["address"]
        finally:
            process.send_signal(signal.SIGTERM)


def test_it_answers_with_citations_that_open_and_ends_when_told(project):
    with serving(project) as (process, address):
        with httpx.Client(base_url=address, timeout=20) as client:
            assert client.get("/healthz").json()["status"] == "ready"
            (card,) = client.get("/v1/models").json()["data"]
            assert card["id"] == "mine"
            assert card["created"] > 1_700_000_000
            reply = client.post("/v1/chat/completions", json=QUESTION).json()
            message = reply["choices"][0]["message"]
            assert "Bergen" in message["content"]
            assert reply["usage"]["completion_tokens"] > 5
            (citation, *_) = message["octavo"]["citations"]
            document = client.get(f"/api/documents/{citation['document']}").json()
            assert document["text"][citation["start"] : citation["end"]] == citation["text"]
            assert f"--project {project}" in client.get("/").text
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert "stopped" in process.stderr.read()


def test_a_taken_port_is_one_clear_message(octavo, project):
    with socket.create_server(("127.0.0.1", 0)) as other:
        done = octavo("serve", "--project", project, "--port", other.getsockname()[1])
    assert done.returncode == 1
    assert "V002" in done.stderr
    assert "Traceback" not in done.stderr


def test_other_machines_are_let_in_only_with_a_key_or_on_purpose(octavo, project):
    done = octavo("serve", "--project", project, "--host", "0.0.0.0", "--port", 0)
    assert done.returncode == 2
    assert "V001" in done.stderr
    with serving(project, "--host", "0.0.0.0", environment={"OCTAVO_API_KEY": "sesame"}) as (process, address):
        named = {"host": "some.name"}
        assert httpx.post(f"{address}v1/chat/completions", json=QUESTION, headers=named).status_code == 401
        named["authorization"] = "Bearer sesame"
        assert httpx.post(f"{address}v1/chat/completions", json=QUESTION, headers=named).status_code == 200
        assert str(project) not in httpx.get(address).text
        process.send_signal(signal.SIGTERM)
        assert "warning" in process.stderr.read()


def test_a_project_that_was_not_run_says_so(octavo, tmp_path):
    (tmp_path / "project.toml").write_text('[project]\nname = "mine"\n')
    done = octavo("serve", "--project", tmp_path, "--port", 0)
    assert done.returncode == 1
    assert "octavo run" in done.stderr


def test_tokens_are_spans_of_the_text(project):
    text = "Where does the nightly backup go? Größe 🙂"
    spans = open_engine(project).token_spans(text)
    assert spans[0][0] == 0
    assert max(end for _, end in spans) == len(text)


def test_the_time_of_a_run_is_read_from_its_name():
    when = datetime(2031, 4, 5, 6, 7, 8, tzinfo=UTC)
    assert seconds_of("2031-04-05T06-07-08.000009Z") == when.timestamp()
    assert seconds_of("odd") == 0


def test_a_new_index_is_taken_up_while_serving_unless_it_is_damaged(tmp_path, monkeypatch, project, run_index):
    monkeypatch.setattr("octavo.apps.own_model.open.LOOK_AGAIN", 0.0)
    question = "Where does the nightly backup go?"
    project = shutil.copytree(project, tmp_path / "mine")
    one, other = open_engine(project), open_engine(project)
    (project / "docs" / "backup.md").write_text("# Backups\n\nThe nightly backup of the database goes to Oslo.\n")
    assert "Bergen" in one.ask(question).answer, "it was not run yet"
    run_index(project)
    newest = project / ".octavo" / "objects" / open_project(project).latest("index").artifact
    newest.chmod(0o755)
    (newest / "index.sqlite").rename(tmp_path / "elsewhere")
    assert "Bergen" in one.ask(question).answer
    one.check()
    (tmp_path / "elsewhere").rename(newest / "index.sqlite")
    assert "Oslo" in other.ask(question).answer
    assert other.document("backup.md").text.endswith("Oslo.")
