"""Added documentation: `add_newdoc(…)` and `add_docstr(…)` calls, which document compiled objects from Python files."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

from octavo.data.python.literals import constant, dotted
from octavo.data.texts import docstring

SCALAR_TYPES = "numpy._core.numerictypes"
"""Where `add_newdoc_for_scalar_type(name, aliases, doc)` puts its documentation."""

ARRAY_TYPE = ("numpy._core.multiarray", "ndarray")
"""What `_array_method_doc(name, parameters, doc)` documents."""

SIZED = {
    "byte": "int8",
    "short": "int16",
    "intc": "int32",
    "long": "int64",
    "ubyte": "uint8",
    "ushort": "uint16",
    "uintc": "uint32",
    "ulong": "uint64",
    "half": "float16",
    "single": "float32",
    "double": "float64",
    "csingle": "complex64",
    "cdouble": "complex128",
}
"""The scalar types under the names that tell their size, by which people know them."""

Added = list[Any]
"""[`at`, module, qualified name, text, line, other names …] or [`path`, "", dotted expression, text, line]."""


def added_by(call: ast.Call, function: str, module: str, tree: ast.Module, known: Mapping[str, Any]) -> list[Added]:
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
        case [str(name), str(parameters), str(text)] if function == "add_newdoc_for_scalar_type":
            sized = SIZED.get(name, name)
            head = f"{sized}{parameters}\n\n"
            return [
                ["at", SCALAR_TYPES, sized, head + docstring(text), call.lineno, *([name] if name != sized else [])]
            ]
        case [str(name), str(parameters), str(text)] if function == "_array_method_doc":
            text = re.sub(rf"\Aa\.{name}\(.*\)\n+", "", docstring(text))
            head = f"{name}({parameters})\n\n"
            same = f"Scalar method identical to `ndarray.{name}`."
            return [
                ["at", ARRAY_TYPE[0], f"{ARRAY_TYPE[1]}.{name}", head + text, call.lineno],
                ["at", SCALAR_TYPES, f"generic.{name}", head + same, call.lineno],
            ]
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
    """The class that the module's own `add_docstr_all` documents: the first argument of the `getattr` inside it."""
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "add_docstr_all":
            for node in ast.walk(statement):
                if isinstance(node, ast.Call) and dotted(node.func) == "getattr" and node.args:
                    return dotted(node.args[0])
    return None
