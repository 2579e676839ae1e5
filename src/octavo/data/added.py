"""Added documentation: `add_newdoc(…)` and `add_docstr(…)` calls, which document compiled objects from Python files."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from octavo.data.literals import constant, dotted
from octavo.data.texts import docstring

SCALAR_TYPES = "numpy._core.numerictypes"
"""Where `add_newdoc_for_scalar_type(name, aliases, doc)` puts its documentation."""

Added = list[Any]
"""[`at`, module, qualified name, text, line] or [`path`, "", dotted expression, text, line]."""


def added_by(
    call: ast.Call, function: str, module: str, tree: ast.Module, known: Mapping[str, Any]
) -> list[Added]:
    """What one call documents; nothing when its arguments cannot be known without running it."""
    arguments = call.args
    if function == "add_docstr" and len(arguments) == 2:
        target, text = dotted(arguments[0]), constant(arguments[1], known)
        return [["path", "", target, docstring(text), call.lineno]] if target and isinstance(text, str) else []
    if function == "add_docstr_all" and len(arguments) == 2:
        name, text, owner = constant(arguments[0]), constant(arguments[1], known), _owner(tree)
        if isinstance(name, str) and isinstance(text, str) and owner:
            return [["path", "", f"{owner}.{name}", docstring(text), call.lineno]]
        return []
    values = [constant(argument, known) for argument in arguments]
    match values:
        case [str(name), str(text)]:
            return [["at", module.rpartition(".")[0], name, docstring(text), call.lineno]]
        case [str(name), list(), str(text)] if function == "add_newdoc_for_scalar_type":
            return [["at", SCALAR_TYPES, name, docstring(text), call.lineno]]
        case [str(place), str(name), str(text), *_]:
            return [["at", place, name, docstring(text), call.lineno]]
        case [str(place), str(name), (str(member), str(text)), *_]:
            return [["at", place, f"{name}.{member}", docstring(text), call.lineno]]
        case [str(place), str(name), list(pairs), *_]:
            return [
                ["at", place, f"{name}.{pair[0]}", docstring(pair[1]), call.lineno]
                for pair in pairs
                if isinstance(pair, tuple) and len(pair) == 2 and all(isinstance(part, str) for part in pair)
            ]
    return []


def _owner(tree: ast.Module) -> str | None:
    """`torch._C.TensorBase` from `def add_docstr_all(method, docstr): add_docstr(getattr(torch._C.TensorBase, …), …)`."""
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "add_docstr_all":
            for node in ast.walk(statement):
                if isinstance(node, ast.Call) and dotted(node.func) == "getattr" and node.args:
                    return dotted(node.args[0])
    return None
