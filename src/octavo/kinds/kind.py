"""Kind: what an artifact is, which files it must hold, and how it is described in a line."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from octavo.spine.errors import OctavoError, nearest

NAMES = (
    "documents",
    "card",
    "foundation",
    "tokenizer",
    "audit",
    "checkpoint",
    "dialogues",
    "index",
    "scores",
    "report",
)
"""Every kind, in the order of the default path; the module `octavo.kinds.<name>` defines it as `KIND`."""


@dataclass(frozen=True)
class Kind:
    """A declared sort of artifact. `describe(folder)` returns small facts (counts, sizes) for `octavo show`."""

    name: str
    files: tuple[str, ...]
    describe: Callable[[Path], dict[str, Any]]

    def check(self, folder: Path) -> None:
        """Refuse a folder that lacks one of the files this kind must hold."""
        missing = [name for name in self.files if not (folder / name).is_file()]
        if missing:
            raise OctavoError(
                "S010",
                f"The output is not of kind {self.name}: {', '.join(missing)} is missing",
                where=str(folder),
                do="run the stage again; if it happens twice the stage is at fault",
            )


def kind(name: str) -> Kind:
    """The kind called `name`."""
    if name not in NAMES:
        raise OctavoError(
            "S011", f'There is no kind "{name}"{nearest(name, NAMES)}', do=f"use one of: {', '.join(NAMES)}"
        )
    found: Kind = importlib.import_module(f"octavo.kinds.{name}").KIND
    return found
