"""Foundation: what training begins from: the files of a base model, or the word that there is none."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from octavo.kinds.kind import Kind

FOUNDATION = "base.json"
SEED, SCRATCH = "seed", "scratch"


@dataclass(frozen=True)
class Foundation:
    """Which base it is. The files of its checkpoint lie beside `base.json`, unless training begins from nothing."""

    model: str = SCRATCH
    """seed, scratch, or the name of the folder that it came from."""
    about: dict[str, Any] = field(default_factory=dict)
    """Parameters, vocabulary, positions, digest of the weights; nothing for scratch."""

    @property
    def from_nothing(self) -> bool:
        """Whether there is no model to begin with."""
        return self.model == SCRATCH

    def __str__(self) -> str:
        if self.from_nothing:
            return "from scratch"
        return f"{self.model}, {self.about['parameters'] / 1e6:.1f} M parameters, {self.about['digest'][:12]}"


def write_foundation(folder: Path, foundation: Foundation) -> None:
    """Write `base.json`."""
    (folder / FOUNDATION).write_text(json.dumps(asdict(foundation), indent=1) + "\n", encoding="utf-8")


def read_foundation(folder: Path | None) -> Foundation:
    """What an artifact of this kind says; without one, training begins from nothing."""
    if folder is None:
        return Foundation()
    return Foundation(**json.loads((folder / FOUNDATION).read_text(encoding="utf-8")))


def describe(folder: Path) -> dict[str, Any]:
    """The base's name, and how large it is."""
    foundation = read_foundation(folder)
    return {"model": foundation.model, **foundation.about}


KIND = Kind("foundation", (FOUNDATION,), describe)
