"""Signatures: the parameters of a callable as its source writes them, on one line."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence


def signature(
    arguments: ast.arguments, returns: ast.expr | None, lines: Sequence[bytes], *, drop_first: bool = False
) -> str:
    """`(iterable, /, key=None) -> int`; with `drop_first` without `self` or `cls`. `lines` are the source's."""
    parts = list(_parameters(arguments, lines, drop_first))
    result = f" -> {_source(returns, lines)}" if returns is not None else ""
    return f"({', '.join(parts)}){result}"


def _parameters(arguments: ast.arguments, lines: Sequence[bytes], drop_first: bool) -> Iterator[str]:
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
    last_only = len(arguments.posonlyargs) - 1
    for at, (argument, default) in enumerate(zip(positional, defaults, strict=True)):
        if at > 0 or not drop_first:
            yield _parameter(argument, default, lines)
        if at == last_only and not (drop_first and at == 0):
            yield "/"
    if arguments.vararg:
        yield "*" + _parameter(arguments.vararg, None, lines)
    elif arguments.kwonlyargs:
        yield "*"
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield _parameter(argument, default, lines)
    if arguments.kwarg:
        yield "**" + _parameter(arguments.kwarg, None, lines)


def _parameter(argument: ast.arg, default: ast.expr | None, lines: Sequence[bytes]) -> str:
    if argument.annotation is not None:
        tail = f" = {_source(default, lines)}" if default is not None else ""
        return f"{argument.arg}: {_source(argument.annotation, lines)}{tail}"
    return f"{argument.arg}={_source(default, lines)}" if default is not None else argument.arg


def _source(node: ast.expr, lines: Sequence[bytes]) -> str:
    """The expression as written; rewritten when it spans lines. Offsets of the syntax tree count bytes."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple) and _is_annotated(node.value):
        return _source(node.slice.elts[0], lines)
    if node.lineno == node.end_lineno:
        text = lines[node.lineno - 1][node.col_offset : node.end_col_offset].decode("utf-8", "replace")
        return text
    return ast.unparse(node)


def _is_annotated(node: ast.expr) -> bool:
    """Whether a subscripted name is `Annotated`, whose further parts (often long texts) are left out."""
    return (node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")) == "Annotated"


def fields_signature(body: Sequence[ast.stmt], lines: Sequence[bytes]) -> str:
    """The call of a dataclass or named tuple, from the annotated fields of its body."""
    parts = []
    for statement in body:
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and "ClassVar" not in (kind := _source(statement.annotation, lines))
        ):
            tail = f" = {_source(statement.value, lines)}" if statement.value is not None else ""
            parts.append(f"{statement.target.id}: {kind}{tail}")
    return f"({', '.join(parts)})"
