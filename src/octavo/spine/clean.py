"""Clean: what no pinned name, no current plan and none of the latest runs reach any more, and its removal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from octavo.spine.disk import read_side_table, remove, size_of, write_json
from octavo.spine.errors import WRONG_USE, OctavoError
from octavo.spine.process.lock import alone, is_free
from octavo.spine.record import Record, records
from octavo.spine.store import Damage, Store


@dataclass
class Leftovers:
    """What may go: paths by what they are, and how many bytes that gives back."""

    objects: list[str] = field(default_factory=list)
    recipes: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    bytes: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The leftovers as one JSON document."""
        return dict(vars(self))


def leftovers(store: Store, *, keep: int, current: Iterable[str] = ()) -> Leftovers:
    """What neither the latest `keep` runs nor a pinned name nor the recipes in `current` reach.

    What the very latest run began and did not finish stays too, and what a run would begin now, since the next one
    goes on from there.
    """
    latest, current = list(records(store)), set(current)
    keys = current | {key for pinned in pins(store).values() for key in pinned}
    for record in latest[:keep]:
        keys |= set(record.keys().values())
    going_on = current | (set(latest[0].unfinished()) if latest else set())
    manifests = store.manifests()
    alive = {manifest.artifact for manifest in manifests if manifest.recipe.key in keys}
    known = {manifest.recipe.key for manifest in manifests}
    recipes = _names(store.recipes)
    found = Leftovers(
        objects=[digest for digest in store.stored_digests() if digest not in alive],
        recipes=[key for key in recipes if key not in keys or key not in known],
        runs=[record.when for record in latest[keep:]],
        unfinished=[key for key in _names(store.tmp) if key not in going_on and is_free(store.lock(key))],
        damaged=_names(store.damaged),
    )
    for name, folder in _folders(store).items():
        found.bytes[name] = sum(size_of(folder / entry) for entry in getattr(found, name))
    return found


def sweep(store: Store, *, keep: int, current: Iterable[str] = ()) -> Leftovers:
    """Delete the leftovers, recipes before their objects, while no run is going on; returns what went."""
    with alone(store.run_lock):
        found = leftovers(store, keep=keep, current=current)
        for key in found.recipes:
            remove(store.recipes / key)
            remove(store.lock(key))
        for digest in found.objects:
            store.forget(digest)
        for name in ("runs", "unfinished", "damaged"):
            for entry in getattr(found, name):
                remove(_folders(store)[name] / entry)
    return found


def damages(store: Store, *, thorough: bool) -> list[Damage]:
    """What is wrong with any stored object that a recipe names; `thorough` reads every byte."""
    wrong: list[Damage] = []
    seen: set[str] = set()
    for manifest in store.manifests():
        if manifest.artifact not in seen:
            seen.add(manifest.artifact)
            wrong += store.damages(manifest.artifact, manifest.files, thorough=thorough)
    return wrong


def set_aside(store: Store) -> list[Damage]:
    """Move every damaged object out of the way after reading all bytes; the next run makes it again."""
    with alone(store.run_lock):
        wrong = damages(store, thorough=True)
        for digest in {damage.digest for damage in wrong}:
            if store.object(digest).exists():
                store.quarantine(digest)
    return wrong


def pins(store: Store) -> dict[str, list[str]]:
    """Pinned name → the recipes that `clean` keeps for it."""
    return {path.stem: read_side_table(path).get("keys", []) for path in sorted(store.pins.glob("*.json"))}


def pin(store: Store, name: str) -> Record:
    """Keep what the latest run made under `name`, until it is unpinned."""
    if not name.replace("-", "").replace("_", "").isalnum():
        raise OctavoError(
            "P023",
            f'"{name}" can\'t be a name for a pin',
            do="use letters, digits, - and _",
            exit_code=WRONG_USE,
        )
    for record in records(store):
        if record.keys():
            write_json(store.pins / f"{name}.json", {"run": record.when, "keys": sorted(record.keys().values())})
            return record
    raise OctavoError("S009", "There is no run to pin yet", where=str(store.folder), do="octavo run")


def unpin(store: Store, name: str) -> None:
    """Let `clean` delete again what only `name` kept."""
    if name not in pins(store):
        raise OctavoError(
            "P021", f'Nothing is pinned as "{name}"', do="octavo clean lists the pins", exit_code=WRONG_USE
        )
    remove(store.pins / f"{name}.json")


def _folders(store: Store) -> dict[str, Path]:
    return {
        "objects": store.objects,
        "recipes": store.recipes,
        "runs": store.runs,
        "unfinished": store.tmp,
        "damaged": store.damaged,
    }


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
