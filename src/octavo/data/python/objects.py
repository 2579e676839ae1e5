"""Objects: what one source file defines, binds, imports and documents, read from its syntax tree.

The result is a plain dictionary (it is kept as JSON between the steps):
`binds` name → list of [order, how, …] where how is `def` (qualified name here), `mod` (module), `from` (module, name),
`path` (dotted expression here), `inst` (class expression here) or `named` (made from what has that name); the highest
order is the binding in force, and fallbacks (`except ImportError`, `else`) have negative order. `defs` qualified name →
definition. `stars` lists [order, module]. `all` is the list of public names, or None; `all_more` says that it could not
be read to its end, and `all_of` names modules whose public names it takes over.
"""

from __future__ import annotations

import ast
import os
import re
import sys
import warnings
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from octavo.data.python.added import added_by
from octavo.data.python.literals import constant, constants_of, dotted, known_part
from octavo.data.python.mentions import absolute
from octavo.data.python.signatures import fields_signature, signature
from octavo.data.texts import docstring

Facts = dict[str, Any]


def read_objects(source: bytes, module: str, *, is_package: bool, root: str = "") -> Facts:
    """The facts of one module. `root` is the folder that its package lies in: templates of documentation may take
    texts from neighbouring modules. Raises `SyntaxError`, `ValueError` or `RecursionError` if it cannot be parsed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(source)
    if source.startswith(b"\xef\xbb\xbf"):
        source = source[3:]
    return _Reader(tree, source.split(b"\n"), module, is_package, b"#:" in source, root).facts


@lru_cache(maxsize=64)
def _texts_of(stem: str) -> Mapping[str, Any]:
    """The known texts of the module in `stem.py` or `stem/__init__.py`; not those it imports in turn."""
    for path in (f"{stem}.py", f"{stem}/__init__.py"):
        if os.path.isfile(path) and os.path.getsize(path) < 2_000_000:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    tree = ast.parse(Path(path).read_bytes())
                except (SyntaxError, ValueError, RecursionError):
                    return {}
            return constants_of(tree, lambda _: {})
    return {}


def _flag(test: ast.expr) -> bool | None:
    """What a condition on the platform or on type checking is known to be, without running anything."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = _flag(test.operand)
        return None if inner is None else not inner
    name = dotted(test)
    if name in ("TYPE_CHECKING", "typing.TYPE_CHECKING", "t.TYPE_CHECKING"):
        return True
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        left, right = dotted(test.left), constant(test.comparators[0])
        if left == "sys.platform" and isinstance(right, str):
            return (sys.platform == right) is isinstance(test.ops[0], ast.Eq)
        if left == "sys.version_info" and isinstance(right, tuple) and all(isinstance(n, int) for n in right):
            at_least = sys.version_info[: len(right)] >= right
            if isinstance(test.ops[0], ast.GtE):
                return at_least
            if isinstance(test.ops[0], ast.Lt):
                return not at_least
    return None


def empty_facts(module: str) -> Facts:
    """The facts of a module of which nothing is known yet."""
    return {
        "module": module,
        "is_package": False,
        "doc": "",
        "all": None,
        "all_more": False,
        "all_of": [],
        "binds": {},
        "stars": [],
        "defs": {},
        "checking": [],
        "lazy": False,
        "added": [],
    }


class _Reader:
    def __init__(
        self, tree: ast.Module, lines: list[bytes], module: str, is_package: bool, marked: bool, root: str
    ) -> None:
        self.lines, self.module, self.is_package = lines, module, is_package
        self.marked, self.root = marked, root
        self.order = 0
        self.facts = empty_facts(module)
        self.facts["is_package"] = is_package
        self.facts["doc"] = docstring(ast.get_docstring(tree, clean=False) or "")
        self.binds: dict[str, list[list[Any]]] = self.facts["binds"]
        self.defs: dict[str, dict[str, Any]] = self.facts["defs"]
        self.scope = ""
        self.checking = False
        self.tree = tree
        self._known: dict[str, Any] | None = None
        self.block(tree.body, 1)

    @property
    def known(self) -> dict[str, Any]:
        """Texts bound to names of the module, for templates; computed when first needed."""
        if self._known is None:
            self._known = constants_of(self.tree, self.neighbour)
        return self._known

    def neighbour(self, node: ast.ImportFrom) -> Mapping[str, Any]:
        """The known texts of a module of the same package that this one imports from."""
        origin = absolute(self.module, self.is_package, "." * node.level + (node.module or ""))
        if not self.root or origin.partition(".")[0] != self.module.partition(".")[0]:
            return {}
        return _texts_of(f"{self.root}/{origin.replace('.', '/')}")

    # statements

    def block(self, body: list[ast.stmt], rank: int) -> None:
        """Statements of the module or of a class; `rank` is 1 for what is in force and -1 for fallbacks."""
        for at, statement in enumerate(body):
            self.order += 1
            order = self.order * rank
            match statement:
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    self.function(statement, order)
                case ast.ClassDef():
                    self.klass(statement, order)
                case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                    self.assignment(statement, order, body[at + 1] if at + 1 < len(body) else None)
                case ast.Import() | ast.ImportFrom():
                    self.imports(statement, order)
                case ast.Expr(value=ast.Call() as call):
                    self.call(call)
                case ast.If():
                    self.branches(statement, rank)
                case ast.Try():
                    self.block([*statement.body, *statement.orelse, *statement.finalbody], rank)
                    for handler in statement.handlers:
                        self.block(handler.body, -1)
                case ast.With():
                    self.block(statement.body, rank)
                case ast.For() if all(isinstance(inner, ast.Expr) for inner in statement.body):
                    self.loop(statement, rank)
                case ast.For() | ast.While():
                    self.block(statement.body, rank)
                case _:
                    pass

    def loop(self, statement: ast.For, rank: int) -> None:
        """`for name in ("half", "single"): add_newdoc(…, name, …)`: the calls for each known value."""
        values = constant(statement.iter) if isinstance(statement.target, ast.Name) and not self.scope else None
        if not isinstance(values, (list, tuple)) or not isinstance(statement.target, ast.Name):
            self.block(statement.body, rank)
            return
        for value in dict.fromkeys(values):
            self.known[statement.target.id] = value
            self.block(statement.body, rank)
        del self.known[statement.target.id]

    def branches(self, statement: ast.If, rank: int) -> None:
        known = _flag(statement.test)
        if known is not False:
            name = dotted(statement.test) or ""
            before, self.checking = self.checking, self.checking or name.endswith("TYPE_CHECKING")
            self.block(statement.body, rank)
            self.checking = before
            rank = -1
        if known is not True or "TYPE_CHECKING" in (dotted(statement.test) or ""):
            self.block(statement.orelse, rank)

    def bind(self, name: str, order: int, *how: str) -> None:
        if self.scope:
            self.defs[self.scope].setdefault("members", {}).setdefault(name, list(how))
            return
        self.binds.setdefault(name, []).append([order, *how])
        if self.checking and name not in self.facts["checking"]:
            self.facts["checking"].append(name)

    def define(self, name: str, kind: str, line: int, order: int, doc: str) -> dict[str, Any]:
        """Enter a definition; a later one in force replaces an earlier one but keeps documentation it lacks."""
        qualified = f"{self.scope}.{name}" if self.scope else name
        old = self.defs.get(qualified)
        if old is not None and (order < 0 or old["order"] > order):
            if doc and not old["doc"]:
                old["doc"] = doc
            return {}
        new: dict[str, Any] = {"kind": kind, "doc": doc, "line": line, "order": order, "sigs": []}
        if old is not None:
            new["doc"] = doc or old["doc"]
            if old.get("overloads"):
                new["sigs"], new["overloads"] = old["sigs"], True
        self.defs[qualified] = new
        self.bind(name, order, "def", qualified)
        return new

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, order: int) -> None:
        name = node.name
        if name == "__getattr__" and not self.scope:
            self.facts["lazy"] = True
        special = name in ("__init__", "__new__", "__call__")
        if name.startswith("__") and name.endswith("__") and not self.scope:
            return
        decorators = [(dotted(d.func if isinstance(d, ast.Call) else d) or "", d) for d in node.decorator_list]
        lasts = {name.rpartition(".")[2] for name, _ in decorators}
        if lasts & {"setter", "deleter"}:
            return
        doc = docstring(ast.get_docstring(node, clean=False) or "")
        in_class = bool(self.scope)
        is_property = any(last.endswith("property") or last == "getter" for last in lasts)
        kind = "property" if in_class and is_property else "method" if in_class else "function"
        text = ""
        if not is_property and (special or not name.startswith("_")):
            bound = in_class and "staticmethod" not in lasts
            text = signature(node.args, node.returns if name != "__init__" else None, self.lines, drop_first=bound)
        if "overload" in lasts:
            self.overload(name, kind, node, order, doc, text)
            return
        entry = self.define(name, kind, node.lineno, order, doc)
        if entry:
            if text and not entry.get("overloads"):
                entry["sigs"] = [text]
            for decorator, call in decorators:
                if decorator.endswith("wraps") and isinstance(call, ast.Call) and call.args and not doc:
                    entry["doc_of"] = dotted(call.args[0])

    def overload(
        self, name: str, kind: str, node: ast.FunctionDef | ast.AsyncFunctionDef, order: int, doc: str, text: str
    ) -> None:
        qualified = f"{self.scope}.{name}" if self.scope else name
        entry = self.defs.get(qualified)
        if entry is None or not entry.get("overloads"):
            entry = self.define(name, kind, node.lineno, order, doc)
            if not entry:
                return
            entry["overloads"], entry["sigs"] = True, []
        entry["doc"] = entry["doc"] or doc
        if text and text not in entry["sigs"]:
            entry["sigs"].append(text)

    def klass(self, node: ast.ClassDef, order: int) -> None:
        doc = docstring(ast.get_docstring(node, clean=False) or "")
        entry = self.define(node.name, "class", node.lineno, order, doc)
        if not entry:
            return
        entry["bases"] = [b for base in node.bases if (b := dotted(_unsubscripted(base)))]
        decorators = {(dotted(_called(d)) or "").rpartition(".")[2] for d in node.decorator_list}
        if "dataclass" in decorators or "NamedTuple" in {b.rpartition(".")[2] for b in entry["bases"]}:
            entry["fields"] = fields_signature(node.body, self.lines)
        before = self.scope
        self.scope = f"{before}.{node.name}" if before else node.name
        self.block(node.body, 1)
        self.scope = before

    # bindings

    def imports(self, node: ast.Import | ast.ImportFrom, order: int) -> None:
        if self.scope:
            return
        if isinstance(node, ast.Import):
            for name in node.names:
                if name.asname:
                    self.bind(name.asname, order, "mod", name.name, *(["as"] if name.asname == name.name else []))
                else:
                    root = name.name.partition(".")[0]
                    self.bind(root, order, "mod", root)
            return
        origin = absolute(self.module, self.is_package, "." * node.level + (node.module or ""))
        for name in node.names:
            if name.name == "*":
                self.facts["stars"].append([order, origin])
            else:
                plain = [] if name.asname is None else ["as"]
                self.bind(name.asname or name.name, order, "from", origin, name.name, *plain)

    def assignment(
        self, node: ast.Assign | ast.AnnAssign | ast.AugAssign, order: int, following: ast.stmt | None
    ) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            name = dotted(target)
            if name == "__all__" and not self.scope:
                self.public_names(node.value, replace=not isinstance(node, ast.AugAssign))
            elif name == "__doc__" and node.value is not None:
                if self.scope:
                    self.late_doc("", node.value)
                elif isinstance(text := constant(node.value, self.known), str):
                    self.facts["doc"] = docstring(text)
            elif name and name.endswith(".__doc__") and node.value is not None:
                self.late_doc(name.removesuffix(".__doc__"), node.value)
            elif isinstance(target, ast.Name):
                self.variable(target.id, node, order, following)
            elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                for one, value in zip(target.elts, node.value.elts, strict=False):
                    if isinstance(one, ast.Name) and (path := dotted(value)):
                        self.bind(one.id, order, "path", path)

    def variable(
        self, name: str, node: ast.Assign | ast.AnnAssign | ast.AugAssign, order: int, following: ast.stmt | None
    ) -> None:
        value = node.value
        doc = "" if isinstance(node, ast.AugAssign) or name.startswith("_") else self.comment(node, following)
        path = dotted(value) if value is not None else None
        if value is None and isinstance(node, ast.AnnAssign) and not doc and (kind := dotted(node.annotation)):
            self.bind(name, order, "inst", kind)
        elif path and not doc:
            if path != name:
                self.bind(name, order, "path", path)
        elif isinstance(value, ast.Call):
            self.call_result(name, value, node.lineno, order, doc)
        elif doc:
            self.define(name, "data", node.lineno, order, doc)
        else:
            self.bind(name, order, "value")

    def call_result(self, name: str, call: ast.Call, line: int, order: int, doc: str) -> None:
        """`x = property(…)`, `x = add_docstr(target, text)`, `x = SomeClass()`, `x = decorate(y)`."""
        function = dotted(call.func) or ""
        last = function.rpartition(".")[2]
        if self.scope and last.endswith("property"):
            given = [k.value for k in call.keywords if k.arg == "doc"] or call.args[3:4]
            text = constant(given[0]) if given else None
            entry = self.define(name, "property", line, order, doc or docstring(text) if isinstance(text, str) else doc)
            if entry and call.args and not entry["doc"]:
                entry["doc_of"] = f"{self.scope}.{dotted(call.args[0])}"
        elif last.endswith("add_docstr") and len(call.args) == 2:
            text = constant(call.args[1], self.known)
            entry = self.define(name, "function", line, order, docstring(text) if isinstance(text, str) else "")
            if entry and (path := dotted(call.args[0])):
                entry["also"] = path
        elif last.lstrip("_") == "namedtuple" and not self.scope and (fields := _tuple_fields(call)):
            entry = self.define(name, "class", line, order, doc or f"{name}({fields})")
            if entry:
                entry["sigs"] = [f"({fields})"]
        elif not doc and not self.scope and call.args and constant(call.args[0]) == name:
            self.named_call(name, call, line, order)
        elif not doc and not self.scope and (made_of := _made_of(name, call)):
            entry = self.define(name, "function", line, order, "")
            if entry:
                entry["doc_of"] = made_of
        elif last in ("staticmethod", "classmethod") and call.args and (path := dotted(call.args[0])):
            self.bind(name, order, "path", path)
        elif doc:
            self.define(name, "data", line, order, doc)
        elif function:
            self.bind(name, order, "inst", function, *[p for a in call.args[:1] if (p := dotted(a))])
        else:
            self.bind(name, order, "value")

    def named_call(self, name: str, call: ast.Call, line: int, order: int) -> None:
        """`broyden1 = wrapper("broyden1", BroydenFirst)`, `cumsum = from_method("cumsum")`: made from something that
        has the documentation: another argument, else the method or the function of the package of that name."""
        sources = [path for argument in call.args[1:] if (path := dotted(argument))]
        if sources:
            entry = self.define(name, "function", line, order, "")
            if entry:
                entry["doc_of"] = sources[0]
        else:
            self.bind(name, order, "named", name)

    def late_doc(self, name: str, value: ast.expr) -> None:
        """`name.__doc__ = …` after the definition, or `__doc__ = …` in the body of a class (`name` is empty)."""
        qualified = ".".join(part for part in (self.scope, name) if part)
        entry = self.defs.get(qualified)
        text = constant(value)
        if text is None and isinstance(value, (ast.BinOp, ast.JoinedStr, ast.Call)):
            text = constant(value, self.known) or known_part(value, self.known) or None
        if entry is None and isinstance(text, str) and qualified in self.binds:
            entry = self.define(name, "class", value.lineno, self.order, "")
        if not entry:
            return
        if isinstance(text, str):
            entry["doc"] = docstring(text)
        elif (path := dotted(value)) and path.endswith(".__doc__") and not entry["doc"]:
            entry["doc_of"] = path.removesuffix(".__doc__")

    def comment(self, node: ast.stmt, following: ast.stmt | None) -> str:
        """Documentation of a variable: a string literal after it, or a `#:` comment before or beside it."""
        if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
            text = following.value.value
            return docstring(text) if isinstance(text, str) else ""
        if not self.marked:
            return ""
        beside = self.lines[(node.end_lineno or node.lineno) - 1][node.end_col_offset or 0 :]
        if b"#:" in beside:
            return docstring(beside.split(b"#:", 1)[1].decode("utf-8", "replace"))
        above: list[str] = []
        at = node.lineno - 2
        while at >= 0 and (line := self.lines[at].strip()).startswith(b"#:"):
            above.insert(0, line[2:].decode("utf-8", "replace").removeprefix(" "))
            at -= 1
        return docstring("\n".join(above))

    # __all__ and documentation added by a call

    def public_names(self, value: ast.expr | None, *, replace: bool) -> None:
        if value is None:
            return
        if replace or self.facts["all"] is None:
            if replace:
                self.facts["all_of"], self.facts["all_more"] = [], False
            self.facts["all"] = []
        self.more_names(value)

    def more_names(self, value: ast.expr) -> None:
        names = constant(value)
        if isinstance(names, (list, tuple, set, frozenset)):
            self.facts["all"] += sorted(n for n in names if isinstance(n, str))
        elif isinstance(value, ast.BinOp) and isinstance(value.op, (ast.Add, ast.BitOr)):
            self.more_names(value.left)
            self.more_names(value.right)
        elif isinstance(value, (ast.List, ast.Tuple)):
            for element in value.elts:
                if isinstance(element, ast.Starred):
                    self.more_names(element.value)
                elif isinstance(name := constant(element), str):
                    self.facts["all"].append(name)
                else:
                    self.facts["all_more"] = True
        elif isinstance(value, ast.Call) and dotted(value.func) in ("list", "tuple", "sorted", "set") and value.args:
            self.more_names(value.args[0])
        elif (path := dotted(value)) and path.endswith(".__all__"):
            self.facts["all_of"].append(path.removesuffix(".__all__"))
        elif isinstance(value, ast.Name) and value.id == "__all__":
            pass
        else:
            self.facts["all_more"] = True

    def call(self, call: ast.Call) -> None:
        """A bare call: `__all__.extend(…)`, `add_newdoc(…)`, `add_docstr(…)`."""
        function = dotted(call.func) or ""
        if self.scope:
            return
        if function in ("__all__.extend", "__all__.append") and call.args:
            argument = call.args[0]
            self.public_names(
                ast.List([argument], ast.Load()) if function.endswith("append") else argument, replace=False
            )
        elif re.search(r"(add_newdoc(_for_scalar_type)?|_array_method_doc|add_docstr(_all)?)\Z", function):
            self.facts["added"] += added_by(call, function.rpartition(".")[2], self.module, self.tree, self.known)


def _tuple_fields(call: ast.Call) -> str:
    """`a, b` of `namedtuple("T", "a b")`; empty when the fields cannot be known."""
    fields = constant(call.args[1]) if len(call.args) > 1 else None
    names = fields.replace(",", " ").split() if isinstance(fields, str) else fields
    if not isinstance(names, (list, tuple)) or not all(isinstance(one, str) for one in names):
        return ""
    return ", ".join(names)


def _made_of(name: str, call: ast.Call) -> str | None:
    """The first of the keyword arguments of a call that is called like its result: `f_with_indices` for `f`."""
    paths = (dotted(keyword.value) for keyword in call.keywords)
    return next((path for path in paths if path and name in path.rpartition(".")[2] and path != name), None)


def _unsubscripted(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Subscript) else node


def _called(node: ast.expr) -> ast.expr:
    return node.func if isinstance(node, ast.Call) else node
