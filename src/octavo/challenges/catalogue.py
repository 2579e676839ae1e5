"""Catalogue: finds challenges by their `card.toml`; nothing is listed anywhere, nothing imported until it is used.

A challenge of another package joins by an entry point of the group `octavo.challenges` whose value is the package that
holds the card: `hallucination-de = "my_package.challenges.hallucination_de"`.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from octavo.challenges.card import FILE, Card, ResponseCard, read_card
from octavo.spine.errors import WRONG_USE, OctavoError, nearest

GROUP = "octavo.challenges"
PROBE = "probe.jsonl"


@dataclass(frozen=True)
class Challenge:
    """A challenge: its name, the folder it was found in and the package that its modules are imported from."""

    name: str
    folder: Path
    package: str

    @cached_property
    def card(self) -> Card:
        """What it says about itself."""
        return read_card(self.folder)

    def module(self, name: str) -> ModuleType:
        """A module of its folder, imported now."""
        try:
            return importlib.import_module(f"{self.package}.{name}")
        except ModuleNotFoundError as error:
            if error.name is None or not f"{self.package}.{name}".startswith(error.name):
                raise
            raise OctavoError(
                "C002",
                f'The challenge "{self.name}" names a module "{name}" that is not there',
                where=str(self.folder / FILE),
                do="correct the card or add the module",
            ) from None

    def probe(self) -> list[dict[str, Any]]:
        """Its own test rows; each has an `id`."""
        lines = (self.folder / PROBE).read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.strip()]

    def response(self, name: str) -> ResponseCard:
        """The response called `name`; words may be joined by `-` or `_`."""
        wanted = _plain(name)
        for response in self.card.responses:
            if wanted in (_plain(response.name), _plain(response.module.rsplit(".", 1)[-1])):
                return response
        names = [response.name for response in self.card.responses]
        raise OctavoError(
            "C004",
            f'"{self.name}" has no response "{name}"{nearest(name, names)}',
            do=f"use one of: {', '.join(names)}",
            exit_code=WRONG_USE,
        )


def catalogue() -> dict[str, Challenge]:
    """Name → challenge, sorted: those of this folder and those that entry points name."""
    here = Path(__file__).parent
    found = [Challenge(card.parent.name, card.parent, f"octavo.challenges.{card.parent.name}") for card in _cards(here)]
    for entry in importlib.metadata.entry_points(group=GROUP):
        found.append(Challenge(entry.name.replace("-", "_"), _folder_of(entry.name, entry.value), entry.value))
    names = [challenge.name for challenge in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise OctavoError(
            "C005",
            f"Two challenges are called {twice[0]}",
            where=", ".join(str(challenge.folder) for challenge in found if challenge.name == twice[0]),
            do="rename the entry point of one",
        )
    return {challenge.name: challenge for challenge in sorted(found, key=lambda one: one.name)}


def challenge(name: str) -> Challenge:
    """The challenge called `name`."""
    known = catalogue()
    plain = _plain(name).replace(" ", "_")
    if plain not in known:
        raise OctavoError(
            "C003",
            f'There is no challenge "{name}"{nearest(plain, known)}',
            do=f"use one of: {', '.join(known)}",
            exit_code=WRONG_USE,
        )
    return known[plain]


def _cards(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*/{FILE}"))


def _folder_of(name: str, package: str) -> Path:
    """Where a package lies, without importing it: only its top package is looked up."""
    top, *below = package.split(".")
    spec = importlib.util.find_spec(top)
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place).joinpath(*below)
        if (folder / FILE).is_file():
            return folder
    raise OctavoError(
        "C006",
        f'The entry point "{name}" names {package}, but there is no {FILE}',
        do="reinstall that package, or tell who made it",
    )


def _plain(name: str) -> str:
    return name.replace("-", " ").replace("_", " ").strip().lower()
