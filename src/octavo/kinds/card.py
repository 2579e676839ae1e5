"""Card: what a collection of records holds, as one JSON document that can be compared with another."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from octavo.kinds.kind import Kind
from octavo.spine.errors import OctavoError

CARD = "card.json"
FORMAT = 1


def write_card(folder: Path, card: Mapping[str, Any]) -> None:
    """Write the artifact's file."""
    (folder / CARD).write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_card(path: Path) -> dict[str, Any]:
    """The card in a file or in an artifact's folder; D110 when it is none."""
    file = path / CARD if path.is_dir() else path
    try:
        card = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, UnicodeDecodeError):
        card = None
    if not isinstance(card, dict) or card.get("format") != FORMAT or "digest" not in card:
        raise OctavoError(
            "D110", "This is no data card", where=str(file), do="make one: octavo data card IN -o card.json"
        )
    return card


def describe(folder: Path) -> dict[str, Any]:
    """The amounts."""
    card = read_card(folder)
    return {
        name: card[name] for name in ("records", "bytes", "words", "digest", "duplicates", "personal") if name in card
    }


KIND = Kind("card", (CARD,), describe)
