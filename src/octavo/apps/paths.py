"""Paths: the compositions that `octavo run` can follow, found as `octavo/apps/<name>/path.py`.

Such a module holds `STAGES`, a tuple of `Step`, and may hold `closing(project, artifacts) -> str`, the text that a
finished run ends with.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import octavo.apps
from octavo.spine.errors import WRONG_USE, OctavoError, nearest
from octavo.spine.project import Project
from octavo.spine.stage import Step

Closing = Callable[[Project, Mapping[str, Path]], str]


@dataclass(frozen=True)
class AppPath:
    """A named path: its steps in order, and what is said at the end of a run."""

    name: str
    steps: tuple[Step, ...]
    closing: Closing | None


def path_names() -> list[str]:
    """The paths that are installed."""
    return sorted(file.parent.name for place in octavo.apps.__path__ for file in Path(place).glob("*/path.py"))


def load_path(name: str) -> AppPath:
    """The path called `name`; only names found by looking are ever imported."""
    names = path_names()
    if name not in names:
        raise OctavoError(
            "P016",
            f'There is no path "{name}"{nearest(name, names)}',
            where="project.toml, [project] path",
            do=f"use one of: {', '.join(names)}",
            exit_code=WRONG_USE,
        )
    module = importlib.import_module(f"octavo.apps.{name}.path")
    return AppPath(name, module.STAGES, getattr(module, "closing", None))
