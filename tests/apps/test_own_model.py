"""The whole path on a small handbook: killed at random it ends in the same bytes; two runs at once compute once."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from killing import artifacts_of, bytes_of

ROOT = Path(__file__).parents[2]
HANDBOOK = ROOT / "docs" / "example" / "handbook"
OCTAVO = [sys.executable, "-m", "octavo"]
SETTINGS = [
    "base.model=scratch",
    "pretrain.size=tiny",
    "tokenizer.vocabulary=512",
    "pretrain.steps=30",
    "instruct.steps=20",
    "evaluate.questions=20",
]
SMALL = [word for setting in [*SETTINGS, "evaluate.generated=2"] for word in ("--set", setting)]
KILLS = 30


def new_project(folder: Path, documents: Path = HANDBOOK) -> Path:
    words = ["new", str(folder), "--docs", str(documents), *SMALL]
    subprocess.run([*OCTAVO, *words], check=True, capture_output=True)
    return folder


def run(project: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*OCTAVO, "run", "--project", str(project), *more], capture_output=True, text=True)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """A project run to its end, and how many seconds that took."""
    project = new_project(tmp_path_factory.mktemp("undisturbed") / "project")
    began = time.monotonic()
    done = run(project)
    assert done.returncode == 0, done.stderr
    return project, time.monotonic() - began


def folders_of(project: Path) -> dict[str, Path]:
    return {stage: project / ".octavo" / "objects" / digest for stage, digest in artifacts_of(project).items()}


def without_clock(project: Path) -> dict[str, bytes]:
    """All artifacts but the report, the one that states how long things took."""
    return {name: content for name, content in bytes_of(project).items() if not name.startswith("report/")}


def test_thirty_kills_over_the_whole_path_leave_no_trace(undisturbed, tmp_path):
    project, seconds = undisturbed
    wanted = without_clock(project)
    moments = random.Random(20260101)
    hits = rounds = 0
    while hits < KILLS:
        copy = new_project(tmp_path / f"project-{rounds}")
        rounds += 1
        assert rounds <= KILLS, "most kills came too late"
        while True:
            process = subprocess.Popen(
                [*OCTAVO, "run", "--project", str(copy)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
            )
            try:
                process.wait(moments.uniform(0.2, seconds / 3) if hits < KILLS else None)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                hits += 1
            _, said = process.communicate()
            if process.returncode == 0:
                break
            assert process.returncode == -signal.SIGKILL, said
        assert without_clock(copy) == wanted


def test_running_again_keeps_every_stage(undisturbed):
    project, _ = undisturbed
    before = artifacts_of(project)
    again = run(project, "--json")
    assert again.returncode == 0
    stages = json.loads(again.stdout)["stages"]
    assert {stage["action"] for stage in stages} == {"kept"}
    assert artifacts_of(project) == before


def test_two_runs_at_once_compute_once(tmp_path):
    project = new_project(tmp_path / "project")
    both = [
        subprocess.Popen([*OCTAVO, "run", "--project", str(project), "--json"], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    made = [json.loads(process.communicate()[0])["stages"] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    for first, second in zip(*made, strict=True):
        assert sorted([first["action"], second["action"]]) in (["kept", "made"], ["kept", "kept"]), first["stage"]


def test_a_changed_document_runs_what_depends_on_it_and_is_answered_from(tmp_path):
    documents = tmp_path / "handbook"
    documents.mkdir()
    for file in HANDBOOK.iterdir():
        (documents / file.name).write_bytes(file.read_bytes())
    project = tmp_path / "project"
    words = [
        "new",
        str(project),
        "--docs",
        str(documents),
        "--base",
        "scratch",
        "--set",
        "pretrain.size=tiny",
        "--set",
        "tokenizer.vocabulary=512",
    ]
    subprocess.run([*OCTAVO, *words], check=True, capture_output=True)
    assert run(project).returncode == 0
    text = (documents / "data.md").read_text().replace("30 days", "45 days")
    (documents / "data.md").write_text(text)
    assert run(project).returncode == 0
    asked = [*OCTAVO, "ask", "How long are raw readings kept?", "--project", str(project), "--json"]
    answer = json.loads(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)
    assert "45 days" in answer["answer"]
    citation = answer["citations"][0]
    assert text[citation["start"] : citation["end"]] == citation["text"]


def test_a_path_goes_on_from_a_base_and_one_word_makes_it_begin_from_scratch(undisturbed, tmp_path):
    base = tmp_path / "ours"
    shutil.copytree(folders_of(undisturbed[0])["pretrain"], base)
    project = tmp_path / "project"
    few = ["pretrain.steps=3", "instruct.steps=3", "evaluate.questions=5", "evaluate.generated=1"]
    words = ["new", str(project), "--docs", str(HANDBOOK), "--base", str(base)]
    subprocess.run([*OCTAVO, *words, *(w for f in few for w in ("--set", f))], check=True, capture_output=True)
    done = run(project, "--json")
    assert done.returncode == 0, done.stderr
    made = folders_of(project)
    assert (made["tokenizer"] / "tokenizer.json").read_bytes() == (base / "tokenizer.json").read_bytes()
    for stage in ("pretrain", "instruct"):
        assert json.loads((made[stage] / "training.json").read_text())["base"] == "ours"
    assert "Training began with the base ours" in (made["report"] / "report.html").read_text()
    names = [score["name"] for score in json.loads((made["evaluate"] / "scores.json").read_text())["scores"]]
    assert "forgetting by instruction" in names
    file = project / "project.toml"
    file.write_text(file.read_text().replace(f'model = "{base}"', 'model = "scratch"'))
    shown = subprocess.run([*OCTAVO, "plan", "--project", str(project), "--json"], capture_output=True, text=True)
    planned = {stage["stage"]: stage for stage in json.loads(shown.stdout)["stages"]}
    assert planned["base"]["action"] == "run"
    assert f'settings.model: "{base}"'[:30] in planned["base"]["reasons"][0]
    assert planned["card"]["action"] == "kept"
    assert planned["tokenizer"]["action"] == "waits"
