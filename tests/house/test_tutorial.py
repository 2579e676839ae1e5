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


def commands() -> list[str]:
    text = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```console\n(.*?)^```", text, re.M | re.S)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def test_the_tutorial_runs_as_written(tmp_path):
    shutil.copytree(ROOT / "docs" / "example", tmp_path / "docs" / "example")
    environment = {**os.environ, "COLUMNS": "120", "NO_COLOR": "1"}
    outputs = {}
    for command in commands():
        words = shlex.split(command)
        assert words[0] == "octavo"
        done = subprocess.run(
            [sys.executable, "-m", "octavo", *words[1:]], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        outputs.setdefault(command, []).append(done.stdout)

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
