"""Recipe: everything that decides a stage's output, and how two of them differ in words."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

FORMAT = 1
"""Part of every key: raise it when the meaning of a recipe changes."""

SHOWN = 3
"""How many changed names a reason lists before it counts the rest."""


@dataclass(frozen=True)
class Recipe:
    """A stage's settings, the digests of its inputs and sources, and the fingerprint of its code."""

    stage: str
    settings: Mapping[str, Any]
    """As JSON values, defaults included."""
    inputs: Mapping[str, str]
    """Slot → digest of the artifact in it."""
    code: Mapping[str, str]
    """Module of the import closure → digest of its meaning."""
    sources: Mapping[str, str]
    """What is read from outside the store → its digest or version."""
    pinned: Mapping[str, str]
    """Distribution → version, for those that decide the output."""

    @cached_property
    def key(self) -> str:
        """The recipe's name: a digest of all of it."""
        text = json.dumps({"format": FORMAT, **self.as_json()}, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("ascii")).hexdigest()[:40]

    def as_json(self) -> dict[str, Any]:
        """The recipe as a JSON document."""
        return asdict(self)


def recipe_from_json(document: Mapping[str, Any]) -> Recipe:
    """The inverse of `Recipe.as_json`."""
    return Recipe(**{name: document[name] for name in ("stage", "settings", "inputs", "code", "sources", "pinned")})


def differences(old: Recipe, new: Recipe) -> list[str]:
    """Why `new` is not `old`, one reason an entry, the most telling first."""
    reasons = []
    before, after = _flat(old.settings), _flat(new.settings)
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            reasons.append(f"settings.{name} removed")
        elif name not in before:
            reasons.append(f"settings.{name}: added as {_short(after[name])}")
        elif before[name] != after[name]:
            reasons.append(f"settings.{name}: {_short(before[name])} → {_short(after[name])}")
    for slot in sorted(old.inputs.keys() | new.inputs.keys()):
        if (verb := _verb(old.inputs, new.inputs, slot)) is not None:
            reasons.append(f"input {slot} {verb}")
    reasons += _sources(old.sources, new.sources)
    for name in sorted(old.pinned.keys() | new.pinned.keys()):
        if old.pinned.get(name) != new.pinned.get(name):
            reasons.append(f"version of {name}: {old.pinned.get(name, 'none')} → {new.pinned.get(name, 'none')}")
    for verb in ("changed", "added", "removed"):
        modules = [m for m in sorted(old.code.keys() | new.code.keys()) if _verb(old.code, new.code, m) == verb]
        if modules:
            reasons.append(f"code: {_names(modules)} {verb}")
    return reasons


def nearest_recipe(new: Recipe, earlier: Sequence[Recipe]) -> Recipe | None:
    """The one of `earlier` (oldest first) that differs least from `new`; the youngest of equals."""
    best: tuple[int, int] | None = None
    found = None
    for age, old in enumerate(reversed(earlier)):
        score = (_distance(old, new), age)
        if best is None or score < best:
            best, found = score, old
    return found


def _distance(old: Recipe, new: Recipe) -> int:
    parts: list[tuple[Mapping[str, Any], Mapping[str, Any]]] = [
        (_flat(old.settings), _flat(new.settings)),
        (old.inputs, new.inputs),
        (old.code, new.code),
        (old.sources, new.sources),
        (old.pinned, new.pinned),
    ]
    return sum(1 for a, b in parts for name in a.keys() | b.keys() if _verb(a, b, name) is not None)


def _verb(old: Mapping[str, Any], new: Mapping[str, Any], name: str) -> str | None:
    if name not in old:
        return "added"
    if name not in new:
        return "removed"
    return "changed" if old[name] != new[name] else None


def _sources(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    reasons: list[str] = []
    for verb in ("changed", "added", "removed"):
        names = [n for n in sorted(old.keys() | new.keys()) if _verb(old, new, n) == verb]
        if len(names) > SHOWN:
            reasons.append(f"{len(names)} sources {verb} ({_names(names)})")
        elif verb == "changed":
            reasons += [f"source {n} {_change(old[n], new[n])}" for n in names]
        else:
            reasons += [f"source {n} {verb}" for n in names]
    return reasons


def _change(old: str, new: str) -> str:
    opaque = re.compile(r"[0-9a-f]{12,}")
    if opaque.search(old) or opaque.search(new) or len(old) + len(new) > 60:
        return "changed"
    return f"{old} → {new}"


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(names[:SHOWN])
    return shown if len(names) <= SHOWN else f"{shown} and {len(names) - SHOWN} more"


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            flat.update(_flat(value, f"{prefix}{name}."))
        else:
            flat[prefix + name] = value
    return flat


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:37] + "…"
