"""What people get wrong ends in one message with the remedy and exit code 1 or 2, never in a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HANDBOOK = Path(__file__).parents[2] / "docs" / "example" / "handbook"


def octavo(*words: object) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([sys.executable, "-m", "octavo", *map(str, words)], capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    return done


def refused(done: subprocess.CompletedProcess[str], code: str, exit_code: int) -> str:
    """Assert one explained message with this code and exit code; returns it."""
    assert done.returncode == exit_code, done.stderr
    assert f"{code}  " in done.stderr
    assert "      do     " in done.stderr
    return done.stderr


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    return folder


def project_of(tmp_path: Path, documents: Path) -> Path:
    project = tmp_path / "project"
    done = octavo(
        "new",
        project,
        "--docs",
        documents,
        "--base",
        "scratch",
        "--set",
        "pretrain.size=tiny",
        "--set",
        "tokenizer.vocabulary=512",
    )
    assert done.returncode == 0, done.stderr
    return project


def left_out(project: Path) -> dict[str, str]:
    """File → reason, of what collect left out."""
    shown = json.loads(octavo("show", "collect", "--project", project, "--json").stdout)
    rows = Path(shown["folder"], "removed.jsonl").read_text(encoding="utf-8").splitlines()
    return {row["document"]["id"]: row["reason"] for row in map(json.loads, rows)}


def test_a_base_that_is_not_there(tmp_path: Path, documents: Path) -> None:
    done = octavo("new", tmp_path / "project", "--docs", documents, "--base", "scrach")
    assert 'did you mean "scratch"' in refused(done, "T111", 2)
    assert not (tmp_path / "project").exists()


def test_a_missing_folder(tmp_path):
    message = refused(octavo("new", tmp_path / "project", "--docs", tmp_path / "nowhere"), "P006", 2)
    assert "nowhere" in message


@pytest.mark.parametrize(
    "content",
    [None, b"", b"\x7fELF\x00\x01\x02\x00", "naïve".encode("latin-1") * 50],
    ids=["no document", "empty", "binary", "broken UTF-8"],
)
def test_a_folder_without_a_usable_document(tmp_path, documents, content):
    if content is not None:
        (documents / "file.txt").write_bytes(content)
    else:
        (documents / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    done = octavo("run", "--project", project_of(tmp_path, documents), "--until", "collect")
    assert done.returncode in (1, 2)
    assert "      do     " in done.stderr


def test_unusable_files_beside_usable_ones_are_counted_and_listed(tmp_path, documents):
    for file in HANDBOOK.iterdir():
        (documents / file.name).write_bytes(file.read_bytes())
    (documents / "empty.md").write_bytes(b"")
    (documents / "binary.txt").write_bytes(bytes(range(256)) * 20)
    (documents / "latin.txt").write_bytes("Größe und Maß\n".encode("latin-1") * 20)
    (documents / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    with (documents / "huge.txt").open("wb") as huge:
        huge.truncate(200_000_000)
    (documents / "loop").symlink_to(documents, target_is_directory=True)
    project = project_of(tmp_path, documents)
    done = octavo("run", "--project", project, "--until", "collect", "--json")
    assert done.returncode == 0, done.stderr
    reasons = left_out(project)
    assert {"empty.md", "binary.txt", "photo.jpg", "huge.txt", "loop"} <= set(reasons)
    assert "latin.txt" not in reasons
    assert all(reasons.values())


def test_an_unknown_setting_names_the_nearest(tmp_path, documents):
    done = octavo("new", tmp_path / "project", "--docs", documents, "--set", "pretrain.sise=tiny")
    assert '"size"' in refused(done, "P003", 2)


def test_an_unknown_stage_names_the_nearest(tmp_path, documents):
    done = octavo("new", tmp_path / "project", "--docs", documents, "--set", "pretrian.size=tiny")
    assert '"pretrain"' in refused(done, "P014", 2)


def test_a_wrong_type_says_where(tmp_path, documents):
    project = project_of(tmp_path, documents)
    with (project / "project.toml").open("a") as file:
        file.write('\n[clean]\nminimum_characters = "many"\n')
    done = octavo("plan", "--project", project)
    assert "project.toml line" in refused(done, "P004" if "P004" in done.stderr else "P003", 2)


def test_a_project_made_by_a_newer_version(tmp_path, documents):
    project = project_of(tmp_path, documents)
    file = project / "project.toml"
    file.write_text(file.read_text().replace("format = 1", "format = 99"))
    refused(octavo("run", "--project", project), "P013", 2)


def test_no_project_here(tmp_path):
    refused(octavo("run", "--project", tmp_path), "P010", 2)


def test_asking_before_anything_was_made(tmp_path, documents):
    (documents / "note.md").write_text("# Note\n\nThe kettle is blue.\n")
    done = octavo("ask", "What colour is the kettle?", "--project", project_of(tmp_path, documents))
    assert "octavo run" in refused(done, "S009", 1)


def test_a_damaged_object_is_found_and_made_again(tmp_path, documents):
    for file in HANDBOOK.iterdir():
        (documents / file.name).write_bytes(file.read_bytes())
    project = project_of(tmp_path, documents)
    assert octavo("run", "--project", project, "--until", "clean").returncode == 0
    folder = Path(json.loads(octavo("show", "collect", "--project", project, "--json").stdout)["folder"])
    victim = folder / "documents.jsonl"
    victim.chmod(0o644)
    whole = victim.read_bytes()
    victim.write_bytes(whole[: len(whole) // 2])
    done = octavo("run", "--project", project, "--until", "clean")
    assert done.returncode == 0, done.stderr
    assert "damaged" in done.stderr
    assert victim.read_bytes() == whole


def test_json_errors_are_one_document(tmp_path):
    done = octavo("plan", "--project", tmp_path, "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["code"] == "P010"


def test_an_unknown_command_and_option(tmp_path):
    assert '"report"' in refused(octavo("reprot"), "P001", 2)
    refused(octavo("run", "--projct", tmp_path), "P002", 2)


def test_help_and_plan_start_without_the_heavy_libraries(tmp_path, documents):
    (documents / "note.md").write_text("# Note\n\nThe kettle is blue.\n")
    project = project_of(tmp_path, documents)
    heavy = ["torch", "numpy", "scipy", "fastapi", "transformers", "tokenizers", "pyarrow"]
    for words in (["--help"], ["plan", "--project", str(project)]):
        code = (
            "import sys\nfrom octavo.cli.main import main\n"
            f"try:\n    main({words!r})\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
            f"print('loaded', [name for name in {heavy!r} if name in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=dict(os.environ))
        assert done.stdout.endswith("loaded []\n"), done.stdout + done.stderr
