"""Popularity: how often the sources of the environment refer to each object."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from octavo.data.python.names import Target
from octavo.data.python.records import Catalogue


def popularity(catalogue: Catalogue, names: Mapping[str, int], attributes: Mapping[str, int]) -> dict[Target, int]:
    """Counted for what is reached by a dotted name. A method called on a value cannot be told from others of its
    name, so the calls of `.name(` are shared among the classes that have it, in proportion to the uses of the class.
    """
    uses: Counter[Target] = Counter()
    for path, times in names.items():
        target = _longest(catalogue, path)
        if target is not None:
            uses[target] += times
    owners: dict[str, list[tuple[Target, Target]]] = defaultdict(list)
    for target, entry in catalogue.entries.items():
        if target.how == "def" and "." in target.name and catalogue.names.kind(target) == "method":
            owner, _, name = target.name.rpartition(".")
            if name in attributes and entry.paths:
                owners[name].append((target, Target("def", target.module, owner)))
    for name, rows in owners.items():
        weights = [uses[owner] + 1 for _, owner in rows]
        total = sum(weights)
        for (target, _), weight in zip(rows, weights, strict=True):
            uses[target] += attributes[name] * weight // total
    _share_bound(catalogue, uses)
    return dict(uses)


def _longest(catalogue: Catalogue, path: str) -> Target | None:
    """The object that a dotted name, or the longest part of it from the left, stands for."""
    while path and path != "builtins":
        for found in catalogue.names.absolute(path)[:1]:
            return found
        path = path.rpartition(".")[0]
    return None


def _share_bound(catalogue: Catalogue, uses: Counter[Target]) -> None:
    """A module-level method (`random.choice`) is used as often as it is called by that name and as the method is."""
    for target in catalogue.entries:
        if target.how in ("bound", "inst"):
            plain = target._replace(name=target.name.partition("@")[0])
            uses[target] = uses[plain] + (uses[plain._replace(how="def")] if target.how == "bound" else 0)
