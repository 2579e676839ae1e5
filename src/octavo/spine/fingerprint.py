"""Fingerprint: what a stage's code means, as digests of the syntax trees of all it imports inside its package.

Comments, docstrings, layout and type annotations that nobody reads do not count; every module that can run does,
including imports inside functions and modules named by a string ("octavo.model.worker" in a command line).
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from octavo.spine.disk import read_side_table, write_side_table
from octavo.spine.errors import OctavoError

FORMAT = 3
"""Part of every cached entry: raise it when the meaning of a digest changes."""

SETTLED_NS = 2_000_000_000
"""A file changed less than this ago is read again: a second change could leave the same size and time stamp."""

MODULE = re.compile(r"[a-z_]\w*(\.\w+)+", re.ASCII)
"""A string that may name a module; it counts when there is such a file."""

TYPING = {"typing", "typing_extensions", "collections.abc", "__future__"}


class Meaning(NamedTuple):
    """Of one source file: the digest of its syntax tree and the dotted names that it may import."""

    digest: str
    imports: tuple[str, ...]


class CodeReader:
    """Fingerprints stages; remembers each file's meaning in `cache` (a side table that can be rebuilt)."""

    def __init__(self, cache: Path | None = None) -> None:
        self._cache = cache
        self._known: dict[str, Any] = {}
        if cache is not None:
            table = read_side_table(cache)
            self._known = table.get("files", {}) if table.get("format") == FORMAT else {}
        self._changed = False
        self._read: dict[Path, Meaning] = {}
        self._files: dict[str, Path | None] = {}
        self._roots: dict[str, list[Path]] = {}

    def fingerprint(self, module: str) -> dict[str, str]:
        """Module name → digest, for `module` and the closure of its imports inside `octavo` and its own package."""
        packages = {"octavo", module.split(".")[0]}
        closure: dict[str, str] = {}
        todo = [module]
        while todo:
            name = todo.pop()
            if name in closure or name.split(".")[0] not in packages:
                continue
            if name not in self._files:
                self._files[name] = self._file(name)
            file = self._files[name]
            if file is None:
                continue
            meaning = self._meaning(file)
            closure[name] = meaning.digest
            todo += [name.rpartition(".")[0]] if "." in name else []
            for imported in meaning.imports:
                if imported.startswith("."):
                    imported = _absolute(imported, name, is_package=file.name == "__init__.py")
                todo.append(imported)
        assert module in closure, f"the source of {module} was not found"
        return dict(sorted(closure.items()))

    def save(self) -> None:
        """Keep what was read for the next process."""
        if self._cache is not None and self._changed:
            write_side_table(self._cache, {"format": FORMAT, "files": self._known})
            self._changed = False

    def _file(self, name: str) -> Path | None:
        """The source file of a module, found without importing it; None for names that are not modules."""
        top, *rest = name.split(".")
        if top not in self._roots:
            spec = importlib.util.find_spec(top)
            assert spec is not None, f"the package {top} was not found"
            if spec.submodule_search_locations is None:
                return Path(spec.origin) if not rest and spec.origin else None
            self._roots[top] = [Path(place) for place in spec.submodule_search_locations]
        for root in self._roots[top]:
            place = root.joinpath(*rest)
            for file in (place / "__init__.py", place.with_name(place.name + ".py")):
                if file.is_file() and (rest or file.parent == root):
                    return file
        return None

    def _meaning(self, file: Path) -> Meaning:
        if (found := self._read.get(file)) is not None:
            return found
        info = file.stat()
        stamp = [info.st_size, info.st_mtime_ns, info.st_ino]
        known = self._known.get(str(file))
        if known is not None and known[0] == stamp:
            meaning = Meaning(known[1], tuple(known[2]))
        else:
            meaning = _meaning_of_file(file)
            if time.time_ns() - info.st_mtime_ns > SETTLED_NS:
                self._known[str(file)] = [stamp, *meaning]
                self._changed = True
        self._read[file] = meaning
        return meaning


def meaning_of(source: bytes | str) -> Meaning:
    """The digest of what `source` does, and the names it may import (relative ones begin with dots)."""
    tree = _Bare().visit(ast.parse(source))
    digest = hashlib.sha256("".join(_dump(tree)).encode("utf-8", "surrogatepass")).hexdigest()[:24]
    return Meaning(digest, tuple(sorted(set(_imports(tree)))))


def _meaning_of_file(file: Path) -> Meaning:
    try:
        return meaning_of(file.read_bytes())
    except (SyntaxError, ValueError) as error:
        raise OctavoError(
            "S013",
            f"This source file is not valid Python: {error}",
            where=str(file),
            do="undo the last change of the file, or install Octavo again",
        ) from None


def _absolute(relative: str, module: str, *, is_package: bool) -> str:
    level = len(relative) - len(relative.lstrip("."))
    parts = module.split(".")
    kept = parts[: len(parts) - level + (1 if is_package else 0)]
    return ".".join([*kept, *filter(None, [relative.lstrip(".")])])


def _imports(tree: ast.AST) -> Iterator[str]:
    for found in ast.walk(tree):
        if isinstance(found, ast.Import):
            yield from (alias.name for alias in found.names)
        elif isinstance(found, ast.ImportFrom):
            origin = "." * found.level + (found.module or "")
            yield origin
            joint = "" if origin.endswith(".") else "."
            yield from (f"{origin}{joint}{alias.name}" for alias in found.names)
        elif isinstance(found, ast.Constant) and isinstance(found.value, str) and MODULE.fullmatch(found.value):
            yield found.value


class _Bare(ast.NodeTransformer):
    """Takes out of a syntax tree what does not change what the code does."""

    def __init__(self) -> None:
        self._in_class = False

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        for block in ("body", "orelse", "finalbody"):
            statements = getattr(node, block, None)
            if isinstance(statements, list):
                setattr(node, block, [s for s in statements if not _says_nothing(s)])
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        self._visit_block(node, in_class=False)
        if not node.decorator_list:  # a decorator may read the annotations: those stay
            node.returns = None
            arguments = node.args
            every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
            for argument in every:
                if argument is not None:
                    argument.annotation = None
        return node

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self._visit_block(node, in_class=True)
        return node

    def _visit_block(self, node: ast.AST, *, in_class: bool) -> None:
        outside, self._in_class = self._in_class, in_class
        self.generic_visit(node)
        self._in_class = outside

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        self.generic_visit(node)
        if self._in_class:  # the annotations of a class body are its fields
            return node
        if node.value is None:
            return None
        return ast.copy_location(ast.Assign(targets=[node.target], value=node.value), node)

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        test = node.test
        name = test.id if isinstance(test, ast.Name) else test.attr if isinstance(test, ast.Attribute) else ""
        self.generic_visit(node)
        return node.orelse if name == "TYPE_CHECKING" else node


def _says_nothing(statement: ast.stmt) -> bool:
    """Docstrings and other bare strings, `pass`, imports of names for annotations, and the package's version."""
    if isinstance(statement, ast.Pass):
        return True
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    if isinstance(statement, ast.ImportFrom):
        return not statement.level and statement.module in TYPING
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        return isinstance(target, ast.Name) and target.id == "__version__"
    return False


def _dump(node: object) -> Iterator[str]:
    """A text of the tree that is the same for all Python versions: empty fields are left out."""
    if isinstance(node, ast.AST):
        yield type(node).__name__ + "("
        for name, value in ast.iter_fields(node):
            if value is not None and value != [] and name not in ("type_comment", "ctx", "kind"):
                yield name + "="
                yield from _dump(value)
        yield ")"
    elif isinstance(node, list):
        yield "["
        for item in node:
            yield from _dump(item)
        yield "]"
    else:
        yield f"{type(node).__name__}:{node!r};"
