"""Every command of the tutorial works as it is written, in order, in an empty folder."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def commands(page: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```console\n(.*?)^```", text, re.M | re.S)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def outputs_of(page: str, folder: Path) -> dict[str, list[str]]:
    """What each command of the page says, carried out in order in the folder."""
    shutil.copytree(ROOT / "docs" / "example", folder / "docs" / "example")
    environment = {**os.environ, "COLUMNS": "120", "NO_COLOR": "1"}
    outputs: dict[str, list[str]] = {}
    for command in commands(page):
        words = shlex.split(command)
        assert words[0] == "octavo"
        done = subprocess.run(
            [sys.executable, "-m", "octavo", *words[1:]], cwd=folder, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        outputs.setdefault(command, []).append(done.stdout)
    return outputs


def test_the_tutorial_runs_as_written(tmp_path):
    outputs = outputs_of("tutorial.md", tmp_path)
    first, again = outputs["octavo run --project mine"]
    assert "report.html" in first
    assert "report.html" in again
    known = json.loads(outputs['octavo ask "How long are raw readings kept?" --project mine --json'][0])
    assert not known["declined"]
    assert known["citations"][0]["document"] == "data.md"
    assert "30 days" in known["answer"]
    unknown = json.loads(outputs['octavo ask "Who won the football world cup in 1974?" --project mine --json'][0])
    assert unknown["declined"]
    assert unknown["citations"] == []


def rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_page_on_data_runs_as_written(tmp_path):
    outputs_of("data.md", tmp_path)
    given = rows(tmp_path / "docs" / "example" / "records.jsonl")
    assert rows(tmp_path / "again.jsonl") == given
    assert len(rows(tmp_path / "clusters.jsonl")) == 2
    redacted = (tmp_path / "redacted.jsonl").read_text(encoding="utf-8")
    assert not any(secret in redacted for secret in ("quaymail", "NO93", "gull7feather", "22 83 41 90"))
    assert [(row["train_id"], row["eval_id"]) for row in rows(tmp_path / "hits.jsonl")] == [("tide-1", "tide")]
    kept = {row["id"] for row in rows(tmp_path / "clean.jsonl")}
    assert not kept & {"norsk", "noise"}


def test_the_page_on_tokenizers_runs_as_written(tmp_path):
    outputs_of("tokenizers.md", tmp_path)
    assert all((tmp_path / name / "tokenizer.json").is_file() for name in ("small", "bytes", "pruned", "extended"))
    assert "<html" in (tmp_path / "audit.html").read_text(encoding="utf-8")


def test_the_page_on_knowledge_runs_as_written(tmp_path):
    outputs = outputs_of("knowledge.md", tmp_path)
    assert "quay-1" in outputs['octavo knowledge ask harbour "When is the north quay closed?"'][0]
    before = outputs['octavo knowledge search harbour "north quay" --as-of 1'][0]
    assert "quay-2" in before
    forgotten = (tmp_path / "harbour" / "index.sqlite").read_bytes()
    assert b"gets its grease" not in forgotten


def test_the_page_on_adapting_runs_as_written(tmp_path):
    outputs = outputs_of("adapting.md", tmp_path)
    answers = [
        json.loads(line)
        for line in outputs["octavo ask --model seed --file docs/example/reading.jsonl --json"][0].splitlines()
    ]
    assert {row["id"]: row["answer"] for row in answers if not row["declined"]}["port"] == "9091"
    assert "nobody" in {row["id"] for row in answers if row["declined"]}
    assert (tmp_path / "logger" / "adapter_model.safetensors").is_file()
    assert json.loads((tmp_path / "merged" / "parity.json").read_text(encoding="utf-8"))
    assert (tmp_path / "seed.gguf").stat().st_size > 10_000_000
