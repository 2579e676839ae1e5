"""Literals: the values that an expression has for certain, found without running it."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

_NOTHING: Mapping[str, Any] = {}


def dotted(node: ast.expr | None) -> str | None:
    """`a.b.c` of an expression that is nothing but names, else None."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(node.id)
        return ".".join(reversed(parts))
    return None


def constant(node: ast.expr | None, names: Mapping[str, Any] = _NOTHING) -> Any:
    """The value of literals, their sums and `.format` templates over `names`; None when it cannot be known."""
    try:
        return _value(node, names)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, StopIteration, RuntimeError):
        return None


def known_part(node: ast.expr, names: Mapping[str, Any] = _NOTHING) -> str:
    """The text of a sum or an f-string without the parts that cannot be known; empty when its beginning is one."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left = known_part(node.left, names)
        return left and left + known_part(node.right, names)
    if isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
        parts = (constant(part, names) for part in node.values)
        return "".join(part for part in parts if isinstance(part, str))
    text = constant(node, names)
    return text if isinstance(text, str) else ""


def _value(node: ast.expr | None, names: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return names[name]
        case ast.List(elts=parts):
            return [_value(part, names) for part in parts]
        case ast.Set(elts=parts):
            return {_value(part, names) for part in parts}
        case ast.Tuple(elts=parts):
            return tuple(_value(part, names) for part in parts)
        case ast.Dict(keys=keys, values=values):
            return {_value(key, names): _value(value, names) for key, value in zip(keys, values, strict=True)}
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _value(left, names) + _value(right, names)
        case ast.BinOp(left=left, op=ast.Mod(), right=right) if isinstance(text := _value(left, names), str):
            return _percent(text, _value(right, names))
        case ast.JoinedStr(values=parts):
            return "".join(str(_value(part, names)) for part in parts)
        case ast.FormattedValue(value=inner, conversion=-1, format_spec=None):
            return _value(inner, names)
        case ast.Subscript(value=inner, slice=key):
            return _value(inner, names)[_value(key, names)]
        case ast.Call():
            return _call(node, names)
    raise ValueError(ast.dump(node) if node is not None else "nothing")


def _call(node: ast.Call, names: Mapping[str, Any]) -> Any:
    keywords: dict[str, Any] = {}
    for keyword in node.keywords:
        value = _value(keyword.value, names)
        keywords.update(value if keyword.arg is None else {keyword.arg: value})
    arguments = [_value(argument, names) for argument in node.args]
    if isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
        text = dotted(node.func.value)
        if text != "textwrap":
            subject = _value(node.func.value, names)
            if not isinstance(subject, str):
                raise ValueError("not a text")
            return _METHODS[node.func.attr](subject, *arguments, **keywords)
    name = (dotted(node.func) or "").rpartition(".")[2]
    return _FUNCTIONS[name](*arguments, **keywords)


def _parse_kwargs(description: str) -> dict[str, str]:
    """Parameter → description, from a block whose entries begin at an indent of four: a convention of torch's docs."""
    entries = [part.strip() for part in re.split(r"\n\s{4}(?!\s)", description)]
    return {entry.split(" ")[0]: entry for entry in entries if entry}


def _merge_dicts(*dicts: dict[str, str]) -> dict[str, str]:
    return {key: one[key] for one in dicts for key in one}


def _format(template: str, *arguments: Any, **keywords: Any) -> str:
    """`str.format` for plain fields only: no attributes, items, conversions or widths."""
    position = iter(range(len(arguments)))

    def field(match: re.Match[str]) -> str:
        if match[0] in ("{{", "}}"):
            return match[0][0]
        name = match[1]
        if not name:
            return str(arguments[next(position)])
        return str(arguments[int(name)] if name.isdigit() else keywords[name])

    text = re.sub(r"\{\{|\}\}|\{(\w*)\}", field, template)
    if re.search(r"(?<!\{)\{[^{}\n]*[!:.\[][^{}\n]*\}", re.sub(r"\{\{.*?\}\}", "", template)):
        raise ValueError("a field with a format")
    return text


def _percent(template: str, values: Any) -> str:
    """`template % values` for `%s`, `%d` and `%(name)s` only."""
    given = iter(values if isinstance(values, tuple) else (values,))

    def field(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        return str(values[match[1]] if match[1] else next(given))

    return re.sub(r"%%|%(?:\((\w+)\))?[sd]", field, template)


def _replace(text: str, old: str, new: str) -> str:
    return text.replace(old, new)


_METHODS: dict[str, Callable[..., Any]] = {
    "format": _format,
    "strip": str.strip,
    "rstrip": str.rstrip,
    "lstrip": str.lstrip,
    "replace": _replace,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "parse_kwargs": _parse_kwargs,
    "merge_dicts": _merge_dicts,
    "dedent": textwrap.dedent,
}


def constants_of(tree: ast.Module, imported: Callable[[ast.ImportFrom], Mapping[str, Any]]) -> dict[str, Any]:
    """Module-level names whose value is a known text or mapping of texts, those from `imported` modules included."""
    known: dict[str, Any] = {}
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom):
            theirs = imported(statement)
            for name in statement.names:
                if name.name in theirs:
                    known[name.asname or name.name] = theirs[name.name]
        elif isinstance(statement, ast.AnnAssign) or (
            isinstance(statement, ast.Assign) and len(statement.targets) == 1
        ):
            target = statement.target if isinstance(statement, ast.AnnAssign) else statement.targets[0]
            value = constant(statement.value, known)
            if isinstance(target, ast.Name) and isinstance(value, (str, dict)):
                known[target.id] = value
    return known
