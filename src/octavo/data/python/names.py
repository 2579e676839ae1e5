"""Names: follows imports, star imports and assignments through the facts of all modules, without running anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from octavo.data.python.objects import Facts

_STUB = -(10**5)
"""Orders below this are of bindings that come from a stub beside a source."""


class Target(NamedTuple):
    """What a name stands for: `def` (a definition), `bound` (a method of a module-level instance), `inst` (an
    instance of a class) or `module`; `name` is the qualified name inside `module`."""

    how: str
    module: str
    name: str = ""


class Names:
    """All modules by name, and what any dotted name in any of them stands for."""

    def __init__(self, facts: Iterable[Facts]) -> None:
        self.modules: dict[str, Facts] = {}
        self.packages: set[str] = set()
        for one in facts:
            self._enter(one)
        self.submodules: dict[str, list[str]] = {}
        for name in sorted(self.modules):
            self.submodules.setdefault(name.rpartition(".")[0], []).append(name)
        self._known: dict[tuple[str, str], list[Target]] = {}
        self._public: dict[str, list[str]] = {}
        self._cycles = 0
        self._lists: dict[str, list[str]] = {}
        self._exports: dict[str, list[tuple[str, bool]]] = {}
        self._active: set[tuple[str, str]] = set()
        self._add_documentation()

    def _enter(self, facts: Facts) -> None:
        """A second set of facts for a module (a stub, inspected types) serves where the first has nothing."""
        name = facts["module"]
        old = self.modules.get(name)
        if old is None:
            if facts.get("late"):
                return
            self.modules[name] = facts
            while "." in name:
                name = name.rpartition(".")[0]
                self.packages.add(name)
            return
        shift = 10**6 if facts.get("compiled") else -(10**6)
        for qualified, entry in facts["defs"].items():
            mine = old["defs"].get(qualified)
            if mine is None:
                old["defs"][qualified] = entry
                if "file" not in entry and "file" in facts:
                    entry["file"] = facts["file"]
            else:
                mine["doc"] = mine["doc"] or entry["doc"]
                mine["sigs"] = mine["sigs"] or entry["sigs"]
        for key, binds in facts["binds"].items():
            old["binds"].setdefault(key, []).extend([shift + order, *how] for order, *how in binds)
        old["stars"] += [[order - 10**6, origin] for order, origin in facts["stars"]]
        old["doc"] = old["doc"] or facts["doc"]
        if facts.get("late") and old["all_more"] and facts["all"] is not None:
            old["all"], old["all_more"] = facts["all"], False
        if facts.get("embedded"):
            old["embedded"] = True
        old["added"] += facts["added"]

    def _add_documentation(self) -> None:
        """Enter what `add_newdoc` and `add_docstr` calls document."""
        added = [(module, *row) for module in sorted(self.modules) for row in self.modules[module]["added"]]
        direct = [row for row in added if row[1] == "at" and "." not in row[3]]
        for source, _, place, name, text, line, *others in direct:
            found = [t for t in self.lookup(place, name) if t.how == "def"]
            home, inside = (found[0].module, found[0].name) if found else (place, name)
            self._document(home, inside, text, source, line)
            for other in others if place in self.modules else ():
                self.modules[place]["binds"].setdefault(other, []).append([10**6, "path", name])
        self._forget()
        for source, how, place, name, text, line, *_ in [row for row in added if row not in direct]:
            owner, _, last = name.rpartition(".")
            found = self.resolve(source, name) if how == "path" else []
            if found and found[0].how == "def":
                self._document(found[0].module, found[0].name, text, source, line)
                continue
            for target in (self.resolve(source, owner) if how == "path" else self.lookup(place, owner))[:1]:
                inner = f"{target.name}.{last}" if target.name else last
                self._document(target.module, inner, text, source, line)
        self._forget()

    def _forget(self) -> None:
        """Drop what was remembered, since definitions were added."""
        self._known.clear()
        self._public.clear()
        self._lists.clear()

    def _document(self, module: str, name: str, text: str, source: str, line: int) -> None:
        if module not in self.modules:
            return
        facts = self.modules[module]
        entry = facts["defs"].get(name)
        if entry is None:
            kind = "method" if "." in name else "function"
            entry = {"kind": kind, "doc": text, "line": line, "order": 0, "sigs": []}
            entry["file"] = self.modules[source].get("file", "")
            owner = name.rpartition(".")[0]
            if owner and owner not in facts["defs"]:
                self._document(module, owner, "", source, line)
                facts["defs"][owner]["kind"] = "class"
            if owner and facts["defs"][owner]["order"] == 0:
                facts["defs"][owner]["kind"] = "class"
            facts["defs"][name] = entry
            if not owner:
                facts["binds"].setdefault(name, []).append([10**6, "def", name])
        elif not entry["doc"]:
            entry["doc"] = text

    # what a name stands for

    def exists(self, module: str) -> bool:
        """Whether a module or a package of that name is known."""
        return module in self.modules or module in self.packages

    def lookup(self, module: str, name: str) -> list[Target]:
        """Everything `name` may stand for in a module: what is in force first, then fallbacks."""
        key = (module, name)
        if key in self._known:
            return self._known[key]
        if module not in self.modules:
            return []
        if key in self._active or len(self._active) > 300:
            self._cycles += 1
            return []
        self._active.add(key)
        cycles = self._cycles
        try:
            found: list[Target] = self._beside(module, name)
            for how in self._bindings(module, name):
                for target in self._follow_binding(module, how, name):
                    if target not in found:
                        found.append(target)
            if not found and (self.modules[module]["all_of"] or name in (self.modules[module]["all"] or ())):
                found = self._offered_late(module, name)
        finally:
            self._active.discard(key)
        if found or not self._active or cycles == self._cycles:
            self._known[key] = found
        return found

    def _offered_late(self, module: str, name: str) -> list[Target]:
        """A listed name that is bound only at run time (a lazy `__getattr__`, a loop over `__all__`): look where the
        list came from, then in the modules of the package."""
        for path in self.modules[module]["all_of"]:
            for target in self.resolve(module, path)[:1]:
                if target.how == "module" and (found := self.lookup(target.module, name)):
                    return found
        if self.modules[module]["is_package"] and name in self.listed(module):
            inside = [
                Target("def", child, name)
                for child in self.submodules.get(module, ())
                if name in self.modules[child]["defs"]
            ]
            if len(inside) == 1:
                return inside
        return []

    def _bindings(self, module: str, name: str) -> list[list[str]]:
        facts = self.modules[module]
        rows = list(facts["binds"].get(name, ()))
        if not name.startswith("__"):
            rows += [[order, "from", origin, name] for order, origin in facts["stars"] if name in self.star_set(origin)]
        return [row[1:] for row in sorted(rows, key=lambda row: -row[0])]

    def _follow_binding(self, module: str, how: list[str], bound: str) -> list[Target]:
        match how:
            case ["def", name]:
                return [Target("def", module, name)]
            case ["bound", origin, name]:
                known = self.modules.get(origin, {"defs": {}})["defs"]
                return [Target("bound", origin, name)] if name in known else []
            case ["mod", name, *_]:
                return [Target("module", name)] if self.exists(name) else []
            case ["from", origin, name, *_]:
                found = self.lookup(origin, name)
                inner = f"{origin}.{name}" if origin else name
                return found or ([Target("module", inner)] if self.exists(inner) else [])
            case ["path", path]:
                return self.resolve(module, path)
            case ["named", name]:
                return self._made_from(module, name)
            case ["inst", path, *first]:
                found = self.resolve(module, path)[:1]
                if found and self.kind(found[0]) == "class":
                    return [Target("inst", found[0].module, found[0].name)]
                if first and first[0].endswith(f".{bound}"):  # `atleast_1d = wrapper(np.atleast_1d)`
                    return [t for t in self.resolve(module, first[0]) if same_package(t.module, module)]
                return self.resolve(module, first[0]) if first and _decorates(path) else []
        return []

    def _made_from(self, module: str, name: str) -> list[Target]:
        """The first documented method of that name in the module, else what the package offers under it."""
        for qualified, entry in self.modules[module]["defs"].items():
            if entry["doc"] and entry["kind"] == "method" and qualified.rpartition(".")[2] == name:
                return [Target("bound", module, qualified)]
        package = module.partition(".")[0]
        return self.lookup(package, name) if package != module else []

    def _beside(self, module: str, name: str) -> list[Target]:
        """Compiled modules share what they offer: `name` as documented in another one of the package, where this one
        has only a declaration of it."""
        facts = self.modules[module]
        if not facts.get("embedded") or name not in facts["binds"] or facts["defs"].get(name, {}).get("doc"):
            return []
        return [
            Target("def", other, name)
            for other in self.submodules.get(module.rpartition(".")[0], ())
            if other != module
            and self.modules[other].get("embedded")
            and self.modules[other]["defs"].get(name, {}).get("doc")
        ][:1]

    def resolve(self, module: str, path: str) -> list[Target]:
        """What a dotted expression stands for in the scope of a module."""
        if ":" in path:
            home, _, name = path.partition(":")
            return self.lookup(home, name)
        first, *rest = path.split(".")
        found = self.lookup(module, first)
        if not found and self.exists(f"{module}.{first}"):
            found = [Target("module", f"{module}.{first}")]
        if not found and module != "builtins":
            found = self.lookup("builtins", first)
        for attribute in rest:
            found = [target for one in found for target in self.attribute(one, attribute)]
        return found

    def absolute(self, path: str) -> list[Target]:
        """What an absolute dotted name (`os.path.join`) stands for."""
        first, *rest = path.split(".")
        found = [Target("module", first)] if self.exists(first) else []
        for attribute in rest:
            found = [target for one in found for target in self.attribute(one, attribute)]
        return found

    def attribute(self, target: Target, name: str) -> list[Target]:
        """What `target.name` stands for."""
        if target.how == "module":
            found = self.lookup(target.module, name)
            inner = f"{target.module}.{name}"
            return found or ([Target("module", inner)] if self.exists(inner) else [])
        found = self.member(target.module, target.name, name)
        if target.how == "inst":
            return [Target("bound", one.module, one.name) for one in found if one.how == "def"]
        return found

    def member(self, module: str, owner: str, name: str, depth: int = 0) -> list[Target]:
        """What an attribute of a class stands for, its bases included."""
        facts = self.modules[module]
        if f"{owner}.{name}" in facts["defs"]:
            return [Target("def", module, f"{owner}.{name}")]
        entry = facts["defs"].get(owner)
        if entry is None or depth > 20:
            return []
        how = entry.get("members", {}).get(name)
        if how and how[0] == "path" and how[1] != name:
            inside = self.member(module, owner, how[1], depth + 1) if "." not in how[1] else []
            return inside or self.resolve(module, how[1])
        for base in self.bases(module, owner):
            if found := self.member(base.module, base.name, name, depth + 1):
                return found
        return []

    def bases(self, module: str, owner: str) -> list[Target]:
        """The known classes that a class is directly made from."""
        entry = self.modules[module]["defs"][owner]
        scope = owner.rpartition(".")[0]
        found = []
        for base in entry.get("bases", ()):
            targets = (
                [Target("def", module, f"{scope}.{base}")]
                if f"{scope}.{base}" in self.modules[module]["defs"] and scope
                else self.resolve(module, base)[:1]
            )
            found += [t for t in targets if t.how == "def" and self.kind(t) == "class" and t != ("def", module, owner)]
        return found

    def kind(self, target: Target) -> str:
        """module, class, function, …"""
        if target.how == "module":
            return "module"
        return self.modules[target.module]["defs"][target.name]["kind"]  # type: ignore[no-any-return]

    # public names

    def star_set(self, module: str) -> frozenset[str]:
        """The names that `from module import *` brings."""
        if module not in self.modules:
            return frozenset()
        if module not in self._public:
            self._public[module] = []
            self._public[module] = frozenset(self._star_names(module))  # type: ignore[assignment]
        return self._public[module]  # type: ignore[return-value]

    def _star_names(self, module: str) -> Iterator[str]:
        facts = self.modules[module]
        if facts["all"] is not None and not facts["all_more"]:
            yield from self.listed(module)
            return
        yield from self.listed(module)
        yield from (name for name in facts["binds"] if not name.startswith("_"))
        for _, origin in facts["stars"]:
            yield from self.star_set(origin)

    def listed(self, module: str, depth: int = 0) -> list[str]:
        """The names in `__all__`, those taken over from other modules included."""
        if module in self._lists:
            return self._lists[module]
        facts = self.modules[module]
        names = list(facts["all"] or ())
        self._lists[module] = names  # what is known so far, should the lists of two modules refer to each other
        for path in facts["all_of"]:
            for target in self.resolve(module, path)[:1]:
                if target.how == "module" and target.module in self.modules and depth < 8:
                    theirs = self.modules[target.module]
                    open_ended = theirs["all"] is None or theirs["all_more"]
                    more = sorted(self.star_set(target.module)) if open_ended else self.listed(target.module, depth + 1)
                    names = names + more
        self._lists[module] = list(dict.fromkeys(names))
        return self._lists[module]

    def exports(self, module: str) -> list[tuple[str, bool]]:
        """The public names of a module, each with whether it was meant to be public (listed, or a package's import)."""
        if module not in self._exports:
            self._exports[module] = list(self._find_exports(module))
        return self._exports[module]

    def _find_exports(self, module: str) -> Iterator[tuple[str, bool]]:
        facts = self.modules[module]
        listed = self.listed(module)
        stated = facts["all"] is not None
        complete = stated and not facts["all_more"]
        for name in listed:
            if not name.startswith("__"):
                yield name, True
        done = set(listed)
        for name in sorted(facts["binds"]):
            if name in done or name.startswith("_"):
                continue
            rows = sorted(facts["binds"][name], key=lambda row: -row[0])
            if rows[0][1] == "def":
                done.add(name)
                yield name, not stated
            elif rows[0][0] < _STUB and rows[0][1] != "def" and rows[0][-1] != "as":
                continue
            elif (not stated or (facts["all_more"] and facts["is_package"])) and self._meant(
                module, facts, name, rows[0][1:]
            ):
                done.add(name)
                yield name, True
        if not complete:
            for _, origin in facts["stars"]:
                if self._near(module, origin):
                    for name in sorted(self.star_set(origin) - done):
                        if name[0] != "_" and self._own(module, name):
                            yield name, True

    def _meant(self, module: str, facts: Facts, name: str, how: list[str]) -> bool:
        if name in facts["checking"] and not facts["lazy"]:
            return False
        match how:
            case ["path", *_] | ["inst", *_] | ["bound", *_] | ["named", *_]:
                return True
            case ["from", _, _, "as"] if how[2] == name:
                return True
            case ["from", origin, *_] if origin == module and facts.get("compiled"):
                return True
            case ["from", origin, original, *_]:
                if not self._near(module, origin):
                    return False
                return bool(facts["is_package"]) or original.startswith("_") or _private(origin)
        return False

    def _own(self, module: str, name: str) -> bool:
        """Whether what a star import brings is of the same package, not something that its origin imported."""
        return any(self._near(module, target.module) for target in self.lookup(module, name)[:1])

    def _near(self, module: str, origin: str) -> bool:
        """Whether both belong to one package, or the origin is a private module (of the standard library)."""
        return module.partition(".")[0] == origin.partition(".")[0] or (
            origin.startswith("_") or origin in ("posix", "nt")
        )


def same_package(one: str, other: str) -> bool:
    """Whether two modules have the same first part."""
    return one.partition(".")[0] == other.partition(".")[0]


def _private(module: str) -> bool:
    return any(part.startswith("_") for part in module.split("."))


def _decorates(path: str) -> bool:
    """Whether calling `path` on a function most likely gives back that function, dressed up."""
    last = path.rpartition(".")[2].lower()
    return any(word in last for word in ("cache", "deprecat", "decorat", "wrap", "contextmanager", "dispatch", "alias"))
