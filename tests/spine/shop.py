"""A copy of the workshop in a test's own folder, with a project on it, and the real command to drive it."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import octavo.apps
from octavo.cli.main import main

HERE = Path(__file__).parent
STRANGERS = ("octavo.apps.tiny", "octavo.apps.timed")


class Shop:
    """A project `home` whose stages' code lies in `place`, free to be changed."""

    def __init__(self, place: Path, path: str = "tiny", settings: str = "") -> None:
        self.place = place
        self.home = place / "home"
        place.mkdir(exist_ok=True)
        for name in ("workshop", "paths"):
            shutil.copytree(HERE / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
        self.home.mkdir()
        self.write(settings, path)

    @classmethod
    def copy(cls, other: Shop, place: Path) -> Shop:
        """The same workshop and project, with all that was made there, in another place."""
        shutil.copytree(other.place, place, dirs_exist_ok=True, symlinks=True)
        copied = cls.__new__(cls)
        copied.place, copied.home = place, place / "home"
        return copied

    def write(self, settings: str, path: str = "tiny") -> None:
        """Write the project file."""
        text = f'[project]\nname = "shop"\npath = "{path}"\n{settings}\n'
        (self.home / "project.toml").write_text(text, encoding="utf-8")

    def command(self, *arguments: str) -> list[str]:
        """The command line of `octavo ARGUMENTS` in this workshop."""
        return [sys.executable, str(self.place / "paths" / "octavo_here.py"), str(self.place), *arguments]

    def apart(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run `octavo ARGUMENTS` in the project's folder, in a process of its own."""
        return subprocess.run(
            self.command(*arguments), cwd=self.home, capture_output=True, text=True, timeout=120, check=False, **options
        )

    def octavo(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `octavo ARGUMENTS` in the project's folder, in this process (which is quicker)."""
        said, talk = io.StringIO(), io.StringIO()
        for name in [n for n in sys.modules if n.split(".")[0] == "workshop" or n.startswith(STRANGERS)]:
            del sys.modules[name]
        importlib.invalidate_caches()
        sys.path.insert(0, str(self.place))
        octavo.apps.__path__.append(str(self.place / "paths"))
        try:
            with contextlib.chdir(self.home), redirect_stdout(said), redirect_stderr(talk):
                status = _status(list(arguments))
        finally:
            sys.path.remove(str(self.place))
            octavo.apps.__path__.remove(str(self.place / "paths"))
        return subprocess.CompletedProcess(list(arguments), status, said.getvalue(), talk.getvalue())

    def run(self, *arguments: str) -> dict[str, str]:
        """Run the path; stage → kept or made."""
        stages = self.json("run", *arguments)["stages"]
        return {stage["stage"]: stage["action"] for stage in stages}

    def json(self, *arguments: str) -> Any:
        """The JSON document that a command prints; it must succeed."""
        done = self.octavo(*arguments, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def plan(self, *arguments: str) -> dict[str, tuple[str, list[str]]]:
        """Stage → action and reasons."""
        stages = self.json("plan", *arguments)["stages"]
        return {stage["stage"]: (stage["action"], stage["reasons"]) for stage in stages}

    def edit(self, file: str, old: str, new: str) -> None:
        """Change a source file of the workshop."""
        path = self.place / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def content(self, stage: str) -> bytes:
        """The documents that a stage made last."""
        digest = self.json("show", stage)["artifact"]
        return (self.home / ".octavo" / "objects" / digest / "documents.jsonl").read_bytes()


def _status(arguments: list[str]) -> int:
    try:
        main(arguments)
    except SystemExit as end:
        return int(end.code or 0)
    raise AssertionError("main always exits")


KEPT = {"gather": "kept", "shout": "kept", "sum_up": "kept"}
MADE = {"gather": "made", "shout": "made", "sum_up": "made"}
