"""Records: one document for each documented object, under the name a user would type."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from octavo.data.python.names import Names, Target
from octavo.data.texts import split_signature
from octavo.kinds.documents import Document

IMPLEMENTATIONS = frozenset(
    {"posixpath", "ntpath", "posix", "nt", "genericpath", "nturl2path", "sre_compile", "sre_parse", "sre_constants"}
)
"""Modules of the standard library that are reached by another name (`os.path`, `os`, `re`)."""

KNOWN_PRIVATE = frozenset({("sys", "_getframe"), ("sys", "_current_frames")})
"""Names with an underscore that are documented for users."""

FAMILY_LIMIT = 12
"""Inherited methods are listed as aliases under subclasses only in families of at most this many classes: a method
of a class with hundreds of subclasses would otherwise carry hundreds of names."""

_ELSEWHERE, _RENAMED, _FAR = 0, 3, 4
"""Places in the rank of a name: whether it is from another distribution than the definition, differs from the name of
the definition, and is from another package."""

_CLEARLY = 3
"""A name by which sources refer to an object this many times as often as by the shortest one is its name."""

Home = tuple[str, str, str]
"""(distribution, version, file) of a module."""


@dataclass
class Entry:
    """An object that has at least one public name."""

    target: Target
    paths: list[tuple[tuple[Any, ...], str]] = field(default_factory=list)
    inherited: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        """The best of its names."""
        return min(self.paths)[1]


class Catalogue:
    """Every public object with its names, found from the public modules outwards."""

    def __init__(self, names: Names, homes: Mapping[str, Home], mentions: Mapping[str, int] | None = None) -> None:
        """`mentions` counts how often sources refer to each dotted name; it decides between names of one object."""
        self.names, self.homes = names, homes
        self.entries: dict[Target, Entry] = {}
        self.borrowed: set[Target] = set()
        self.twins: dict[Target, list[Target]] = defaultdict(list)
        self.children: dict[tuple[str, str], list[str]] = defaultdict(list)
        for module, facts in names.modules.items():
            for qualified in facts["defs"]:
                self.children[module, qualified.rpartition(".")[0]].append(qualified)
        self.builtins = frozenset(names.modules["builtins"]["defs"]) if "builtins" in names.modules else frozenset()
        self._modules()
        self._exports()
        self._instances()
        self._members(mentions or {})

    # modules and their public names

    def _modules(self) -> None:
        """Modules under their own name, and under the names by which other public modules offer them."""
        for module in sorted(self.names.modules):
            if public(module):
                self._add(Target("module", module), module, rank=(module in IMPLEMENTATIONS,))
        for module in sorted(self.names.modules):
            if not public(module) or module in IMPLEMENTATIONS:
                continue
            for name, meant in self.names.exports(module):
                target = next(iter(self.names.lookup(module, name)), None)
                if target and target.how == "module" and meant and self._same_home(module, target.module):
                    self._add(target, f"{module}.{name}", rank=(False,))

    def _same_home(self, one: str, other: str) -> bool:
        return self.homes.get(one, ("", "", ""))[0] == self.homes.get(other, ("?", "", ""))[0]

    def _exports(self) -> None:
        for module in sorted(self.names.modules):
            entry = self.entries.get(Target("module", module))
            if entry is None:
                continue
            shown = {module} if public(module) else set()
            if not public(module) or module in IMPLEMENTATIONS:
                shown |= {path for _, path in entry.paths}
            for name, meant in self.names.exports(module):
                if (name.startswith("_") and not meant and (module, name) not in KNOWN_PRIVATE) or name == "_":
                    continue
                for path in sorted(shown):
                    self._offer(path, module, name, meant)
        for module, name in sorted(KNOWN_PRIVATE):
            if module in self.names.modules:
                self._offer(module, module, name, True)

    def _offer(self, path: str, module: str, name: str, meant: bool) -> None:
        targets = [t for t in self.names.lookup(module, name) if t.how != "module"]
        if not targets:
            return
        target = next((t for t in targets if self.doc(t)), targets[0])
        rank = (
            not self._same_home(module, target.module),
            path in IMPLEMENTATIONS,
            not meant,
            name != target.name.rpartition(".")[2],
            not self._related(path, target.module),
        )
        full = name if path == "builtins" else f"{path}.{name}"
        if target.how in ("bound", "inst"):
            target = Target(target.how, target.module, f"{target.name}@{full}")
        self._add(target, full, rank=rank)
        for twin in targets:
            is_new = twin not in (target, *self.twins[target]) and target not in self.twins[twin]
            if is_new and twin.how == "def" and self._same_home(target.module, twin.module):
                self.twins[target].append(twin)

    def _instances(self) -> None:
        """Keep a documented instance only where it is what its class was made for (`scipy.stats.norm`): the only one
        of a class that is not public or is named after it. Constants of a public class tell nothing of their own."""
        found: dict[Target, list[Target]] = defaultdict(list)
        for target in self.entries:
            if target.how == "inst":
                found[Target("def", target.module, target.name.partition("@")[0])].append(target)
        for owner, instances in found.items():
            best = min(instances, key=lambda one: self.entries[one].paths)
            name = self.entries[best].name.rpartition(".")[2]
            same = all(self.entries[one].name.endswith(f".{name}") for one in instances)
            paths = [row for one in instances for row in self.entries.pop(one).paths]
            if same and (owner not in self.entries or owner.name.startswith(f"{name}_")):
                self.entries[best] = Entry(best, paths)

    def _related(self, path: str, module: str) -> bool:
        """Whether a public name is at home near the definition: the same package, or `datetime` for `_datetime`."""
        return path.partition(".")[0] == module.partition(".")[0].lstrip("_") or module == "posix" == path

    def _add(self, target: Target, path: str, *, rank: tuple[Any, ...]) -> None:
        entry = self.entries.setdefault(target, Entry(target))
        key = (*rank, path.count("."), len(path))
        if all(path != known for _, known in entry.paths):
            entry.paths.append((key, path))

    # members of classes

    def _members(self, mentions: Mapping[str, int]) -> None:
        self._shadowed()
        self._prune()
        self._prefer(mentions)
        self._documented_twins()
        classes = [t for t in self.entries if t.how == "def" and self.names.kind(t) == "class"]
        for target in classes:
            self._class_members(target, self.entries[target].paths, set())
        for target in classes:
            self._from_private_bases(target)
        self._orphans()
        self._inherited()

    def _shadowed(self) -> None:
        """A public class that extends a private module's class of its name stands for it: `socket.socket` for
        `_socket.socket`, `torch.Tensor` for `torch._C.TensorBase`."""
        for target in [t for t in self.entries if t.how == "def" and self.names.kind(t) == "class"]:
            for base in self.names.bases(target.module, target.name):
                same = target.name in (base.name, base.name.removesuffix("Base"))
                if same and not public(base.module) and base in self.entries:
                    renamed = {path for key, path in self.entries.pop(base).paths if key[_RENAMED]}
                    self.entries[target].inherited |= renamed

    def _prune(self) -> None:
        """Names that are both new and from elsewhere (`sqlite3.Date` for `datetime.date`, `IOError` for `OSError`) are
        aliases, but what belongs to the object is not listed under them."""
        for entry in self.entries.values():
            best = min(entry.paths)
            if entry.target.how == "def":
                kept = [row for row in entry.paths if row == best or not (row[0][_RENAMED] and row[0][_FAR])]
                entry.inherited |= {row[1] for row in entry.paths if row not in kept and not row[0][_ELSEWHERE]}
                entry.paths = kept

    def _prefer(self, mentions: Mapping[str, int]) -> None:
        """The name that people use goes before a shorter one: `bisect.insort` before `bisect.insort_right`,
        `pydantic.ValidationError` before that of `pydantic_core`. A class keeps the name of its definition."""
        for target, entry in self.entries.items():
            if target.how not in ("def", "bound") or len(entry.paths) < 2:
                continue
            best, top = min(entry.paths), target.module.partition(".")[0]
            rows = [row for row in entry.paths if self._may_lead(row, best, top)]
            if self.names.kind(target._replace(how="def")) == "class":
                rows = [row for row in rows if row[0][_RENAMED] <= best[0][_RENAMED]]
            rows = [row for row in rows if row[0][_ELSEWHERE]] or rows
            if not rows:
                continue
            first = min(rows, key=lambda row: (-mentions.get(row[1], 0), row))
            lent = best[1].startswith(f"{first[1].partition('.')[0]}_") and first[1] in mentions
            if lent or mentions.get(first[1], 0) >= _CLEARLY * (mentions.get(best[1], 0) + 1):
                entry.paths.remove(first)
                entry.paths.append(((-1, *first[0][1:]), first[1]))

    def _may_lead(self, row: tuple[tuple[Any, ...], str], best: tuple[tuple[Any, ...], str], top: str) -> bool:
        """Whether a name may go before the best one: it is not deeper, and of the same distribution, or of the package
        whose private half (`pydantic_core`) holds the definition."""
        key, path = row
        return path.count(".") <= best[1].count(".") and (
            not key[_ELSEWHERE] or top.startswith(f"{path.partition('.')[0]}_")
        )

    def _documented_twins(self) -> None:
        """`conv1d = add_docstr(torch.conv1d, …)` documents a compiled function, whose own name is an alias."""
        for module, facts in self.names.modules.items():
            for name, definition in facts["defs"].items():
                target, path = Target("def", module, name), definition.get("also", "")
                if public(path) and "." in path and target in self.entries:
                    self.entries[target].inherited.add(path)

    def _orphans(self) -> None:
        """Members found by inspection of what a function returns: `threading.Lock.acquire`."""
        for (module, owner), members in sorted(self.children.items()):
            if owner and public(module) and owner not in self.names.modules[module]["defs"]:
                for qualified in members:
                    if member_is_public(qualified.rpartition(".")[2]):
                        self._add(Target("def", module, qualified), f"{module}.{qualified}", rank=(False,) * 5)

    def _class_members(self, target: Target, paths: Iterable[tuple[tuple[Any, ...], str]], done: set[str]) -> None:
        """Enter what a class defines; `done` holds the names already taken by a class that is in front."""
        paths = list(paths)
        for source in (target, *self.twins.get(target, ())):
            for qualified in self.children.get((source.module, source.name), ()):
                name = qualified.rpartition(".")[2]
                if name in done or not member_is_public(name):
                    continue
                done.add(name)
                member = Target("def", source.module, qualified)
                if member not in self.entries:
                    self.entries[member] = Entry(member)
                known = {path for _, path in self.entries[member].paths}
                added = [((*key[:-2], path.count(".") + 1, len(path)), f"{path}.{name}") for key, path in paths]
                self.entries[member].paths += [row for row in added if row[1] not in known]
                if self.names.kind(member) == "class" and added:
                    self._class_members(member, added, set())
            for name, how in self.names.modules[source.module]["defs"][source.name].get("members", {}).items():
                if how[0] == "path" and how[1] != name and not name.startswith("_"):
                    for found in self.names.member(source.module, source.name, name)[:1]:
                        self._member_alias(source, found, name, paths)

    def _member_alias(
        self, owner: Target, found: Target, name: str, paths: Iterable[tuple[tuple[Any, ...], str]]
    ) -> None:
        """`assertItemsEqual = assertCountEqual` in a class: another name, or the only one of a private function."""
        if found.how != "def" or found.module.partition(".")[0] != owner.module.partition(".")[0]:
            return
        if self.names.kind(found) == "class":
            return
        if found in self.entries:
            self.entries[found].inherited |= {f"{path}.{name}" for _, path in paths}
        else:
            rows = [((*key[:-2], path.count(".") + 1, len(path)), f"{path}.{name}") for key, path in paths]
            self.entries[found] = Entry(found, rows)
            self.borrowed.add(found)

    def _from_private_bases(self, target: Target) -> None:
        """Members of private bases belong to the public class: `argparse.ArgumentParser.add_argument`."""
        entry = self.entries[target]
        done = {q.rpartition(".")[2] for q in self.children.get((target.module, target.name), ())}
        for base in self._bases(target):
            if base not in self.entries:
                self._class_members(base, entry.paths, done)

    def _bases(self, target: Target, depth: int = 0) -> Iterator[Target]:
        """Bases, nearest first, not going beyond public ones."""
        for base in self.names.bases(target.module, target.name) if depth < 20 else ():
            yield base
            if base not in self.entries:
                yield from self._bases(base, depth + 1)

    def _inherited(self) -> None:
        """Names of inherited methods under subclasses of small families, as aliases."""
        family: dict[Target, list[Target]] = defaultdict(list)
        for target in [t for t in self.entries if t.how == "def" and self.names.kind(t) == "class"]:
            for base in self._ancestors(target):
                if base.module.partition(".")[0] == target.module.partition(".")[0]:
                    family[base].append(target)
        for heir in [t for t in self.entries if t.how == "def" and self.names.kind(t) == "class"]:
            path, done = self.entries[heir].name, set()
            for base in self._ancestors(heir):  # nearest first: a method is inherited from the first that has it
                small = len(family[base]) <= FAMILY_LIMIT
                for qualified in self.children.get((base.module, base.name), ()):
                    name = qualified.rpartition(".")[2]
                    member = Target("def", base.module, qualified)
                    if name in done or name.startswith("_") or member not in self.entries:
                        continue
                    done.add(name)
                    if (
                        small
                        and heir in family[base]
                        and not self.doc(Target("def", heir.module, f"{heir.name}.{name}"))
                    ):
                        self.entries[member].inherited.add(f"{path}.{name}")

    def _ancestors(self, target: Target) -> list[Target]:
        found: list[Target] = []
        queue = [target]
        while queue and len(found) < 50:
            for base in self.names.bases(queue[0].module, queue[0].name):
                if base not in found and base != target:
                    found.append(base)
                    queue.append(base)
            queue.pop(0)
        return found

    # what is known of an object

    def definition(self, target: Target) -> dict[str, Any]:
        """The facts of a definition; empty for modules and what has none."""
        if target.how == "module" or target.module not in self.names.modules:
            return {}
        found: dict[str, Any] = self.names.modules[target.module]["defs"].get(target.name.partition("@")[0], {})
        return found

    def doc(self, target: Target, depth: int = 0) -> str:
        """The documentation of an object, that of its `__init__` or of the object it points to included."""
        if target.how == "module":
            return str(self.names.modules[target.module]["doc"]) if target.module in self.names.modules else ""
        entry = self.definition(target)
        text = entry.get("doc", "")
        if not text and entry.get("kind") == "class":
            text = self.names.modules[target.module]["defs"].get(f"{target.name}.__init__", {}).get("doc", "")
        if not text and entry.get("doc_of") and depth < 4:
            for other in self.names.resolve(target.module, entry["doc_of"])[:1]:
                text = self.doc(other._replace(how="def") if other.how == "bound" else other, depth + 1)
        return str(text)

    def signature(self, target: Target) -> str:
        """Signature lines; of a class, how it is called."""
        entry = self.definition(target)
        lines = list(entry.get("sigs", ()))
        if entry.get("kind") == "class" and not lines:
            if "fields" in entry:
                return str(entry["fields"])
            name = target.name.partition("@")[0]
            for special in ("__init__", "__new__"):
                for found in self.names.member(target.module, name, special)[:1]:
                    if found.how == "def" and not self.names.modules[found.module].get("compiled"):
                        lines = lines or list(self.definition(found).get("sigs", ()))
        return "\n".join(lines)


def public(path: str) -> bool:
    """Whether no part of a dotted name begins with an underscore (`__future__` and its like count as public)."""
    return not any(part.startswith("_") and not part.endswith("__") for part in path.split("."))


def member_is_public(name: str) -> bool:
    """Whether a member of a class may be a record of its own."""
    return not name.startswith("_") or (name.startswith("__") and name.endswith("__") and name not in _MERGED)


_MERGED = frozenset({"__init__", "__new__", "__doc__", "__module__", "__dict__", "__weakref__", "__slots__"})


def documents(
    catalogue: Catalogue, uses: Mapping[Target, int], names: Mapping[str, int], left_out: Counter[tuple[str, str]]
) -> list[Document]:
    """The records in order of id; what has a public name but no documentation, or the reverse, is counted."""
    named: dict[str, tuple[tuple[Any, ...], Target]] = {}
    for target, entry in catalogue.entries.items():
        if not entry.paths:
            continue
        home = catalogue.homes.get(target.module, ("", "", ""))
        if not catalogue.doc(target):
            left_out[home[0], "no documentation"] += 1
            continue
        key, path = min(entry.paths)
        order = (target.how == "module", key)
        taken = named.get(path)
        if taken is not None:
            left_out[home[0], "another object has its name"] += 1
        if taken is None or order < taken[0]:
            named[path] = (order, target)
    found = [_document(catalogue, path, target, uses) for path, (_, target) in sorted(named.items())]
    taken_names = set(named)
    extra = [d for d in _listed_data(catalogue, names) if d.id not in taken_names]
    _count_private(catalogue, left_out)
    return _unambiguous(sorted(found + extra, key=lambda d: d.id))


def _unambiguous(records: list[Document]) -> list[Document]:
    """Without aliases that are the name of another record or were given to one before."""
    taken = {record.id for record in records}
    found = []
    for record in records:
        aliases = tuple(alias for alias in record.aliases if alias not in taken)
        taken.update(aliases)
        found.append(record if aliases == record.aliases else replace(record, aliases=aliases))
    return found


def _document(catalogue: Catalogue, path: str, target: Target, uses: Mapping[Target, int]) -> Document:
    entry = catalogue.entries[target]
    definition = catalogue.definition(target)
    distribution, version, file = catalogue.homes[target.module]
    kind = "module" if target.how == "module" else definition["kind"]
    if target.how == "bound":
        kind = "function"
    elif target.how == "inst":
        kind = "data"
    elif kind == "function" and ("." in target.name or target in catalogue.borrowed):
        kind = "method"
    text, signature = catalogue.doc(target), catalogue.signature(target)
    if kind in ("function", "method", "class"):
        forms, text = split_signature(path.rpartition(".")[2], text)
        signature = signature or "\n".join(forms)
    line = definition.get("line", 0)
    file = definition.get("file", file)
    for twin in catalogue.twins.get(target, ()):
        if not line:
            line = catalogue.definition(twin).get("line", 0)
            file = catalogue.homes[twin.module][2] if line else file
            signature = signature or catalogue.signature(twin)
    others = {other for _, other in entry.paths} | entry.inherited
    if path.partition(".")[0] in catalogue.builtins:
        others.add(f"builtins.{path}")
    return Document(
        path,
        text,
        kind,
        signature="" if kind == "data" else signature,
        package=distribution,
        version=version,
        file=file,
        line=line,
        aliases=tuple(sorted(others - {path}, key=lambda name: (name.count("."), len(name), name))),
        uses=uses.get(target, 0),
    )


_ITEM = re.compile(r"^ {0,4}(\w+) -- (\S.*(?:\n {4,}\S.*)*)", re.MULTILINE)


def _listed_data(catalogue: Catalogue, names: Mapping[str, int]) -> Iterator[Document]:
    """Variables that only the documentation of their module explains: `argv -- command line arguments; …` of `sys`."""
    for module, facts in sorted(catalogue.names.modules.items()):
        if not public(module) or " -- " not in facts["doc"]:
            continue
        distribution, version, file = catalogue.homes[module]
        for name, text in _ITEM.findall(facts["doc"]):
            binds = facts["binds"].get(name, ())
            if binds and all(row[1] == "value" for row in binds):
                words = " ".join(text.split())
                path = f"{module}.{name}"
                yield Document(
                    path, words, "data", package=distribution, version=version, file=file, uses=names.get(path, 0)
                )


def _count_private(catalogue: Catalogue, left_out: Counter[tuple[str, str]]) -> None:
    twins = {twin for found in catalogue.twins.values() for twin in found}
    for module, facts in catalogue.names.modules.items():
        for qualified, entry in facts["defs"].items():
            target = Target("def", module, qualified)
            if entry["doc"] and target not in catalogue.entries and target not in twins:
                left_out[catalogue.homes[module][0], "private name"] += 1
