"""Trials: what a project has kept of the challenges it tried, as files of its store that are no artifacts."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

STORE = Path(".octavo")
"""The store as a stage sees it, which runs in the project's folder."""
FOLDER = "trials"

_NUMBER, _MAYBE = (int, float), (int, float, type(None))
_SCORE = {"name": str, "value": _NUMBER, "low": _NUMBER, "high": _NUMBER}
_COST = {"seconds": _NUMBER, "joules": _NUMBER, "peak_memory": _MAYBE, "flops": _MAYBE, "late": int}
_EFFECT = {
    "measure": str,
    "direction": str,
    "before": _SCORE,
    "after": _SCORE,
    "difference": _NUMBER,
    "interval": {"low": _NUMBER, "high": _NUMBER},
    "margin": _NUMBER,
    "p": _MAYBE,
    "verdict": str,
}
TRIAL = {
    "challenge": str,
    "subject": str,
    "items": int,
    "seeds": [int],
    "budget_seconds": _NUMBER,
    "baseline": {"name": str, "scores": [_SCORE], "cost": _COST},
    "responses": [{"name": str, "effects": [_EFFECT], "cost": _COST}],
}
"""What is shown of a trial; a file without it can't be read."""


def keep(store: Path, document: Mapping[str, Any]) -> Path:
    """Write a trial into `<store>/trials`, whole or not at all; returns where it lies."""
    when = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S%fZ")
    folder = store / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{document['challenge']}-{when}.json"
    part = path.with_suffix(".part")
    part.write_text(json.dumps({**document, "when": when}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    part.rename(path)
    return path


def kept(store: Path) -> tuple[list[dict[str, Any]], list[Path]]:
    """The newest trial of each challenge, by name, and the files that can't be read (the trial can be run again)."""
    newest, damaged = _newest(store)
    return [document for document, _ in newest.values()], damaged


def digests(store: Path) -> dict[str, str]:
    """What `kept` would show, each with a digest: what decides a page that shows the trials."""
    newest, damaged = _newest(store)
    shown = {f"trial {name}": hashlib.sha256(data).hexdigest() for name, (_, data) in newest.items()}
    return shown | {f"trial {path.name}": "unreadable" for path in damaged}


def _newest(store: Path) -> tuple[dict[str, tuple[dict[str, Any], bytes]], list[Path]]:
    newest: dict[str, tuple[dict[str, Any], bytes]] = {}
    damaged = []
    for path in sorted((store / FOLDER).glob("*.json")):
        data = b""
        try:
            data = path.read_bytes()
            document = json.loads(data)
        except (OSError, ValueError):
            document = None
        if _fits(document, TRIAL):
            newest[document["challenge"]] = document, data
        else:
            damaged.append(path)
    return dict(sorted(newest.items())), damaged


def _fits(value: Any, shape: Any) -> bool:
    """Whether a JSON value has all that `shape` names, each of its type; more than that does no harm."""
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(name in value and _fits(value[name], shape[name]) for name in shape)
    if isinstance(shape, list):
        return isinstance(value, list) and all(_fits(one, shape[0]) for one in value)
    return isinstance(value, shape)
