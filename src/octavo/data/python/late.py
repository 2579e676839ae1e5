"""Late: what Python modules of the standard library make only while they are imported, and no reader of sources sees.

Functions compiled from text (`turtle.forward`), properties and documentation set by a call, names bound in a loop
(`hashlib.blake2b`). What is found serves only where the sources have nothing.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
import sysconfig
import types
import warnings
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from octavo.data.python.compiled import define, empty, enter
from octavo.data.python.objects import Facts
from octavo.data.texts import docstring

_UNWANTED = re.compile(
    r"(antigravity|this|idlelib|lib2to3|turtledemo|test|ensurepip|venv|pydoc_data|encodings|distutils|site|"
    r"sitecustomize|usercustomize)(\.|\Z)|.*(\.__main__|\.tests?)(\.|\Z)|_|.*\._"
)
"""Modules that act when they are imported, that install other modules, tests, and private ones."""


_FIELD = type(vars(namedtuple("_Field", "x"))["x"])
"""What the fields of named tuples are."""


def read_late() -> list[Facts]:
    """The facts of every module of the standard library that has something to add."""
    library = sysconfig.get_paths()["stdlib"]
    facts = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for module in _modules():
            path = getattr(module, "__file__", None)
            if path and path.endswith(".py") and path.startswith(library):
                found = _read(module, Path(path).read_text(encoding="utf-8"))
                if found["defs"] or found["binds"]:
                    facts.append(found)
    return facts


def _modules() -> Iterator[types.ModuleType]:
    """The public modules that this platform can import, in order of name within each package."""
    waiting = sorted(sys.stdlib_module_names, reverse=True)
    while waiting:
        name = waiting.pop()
        if _UNWANTED.match(name):
            continue
        try:
            module = importlib.import_module(name)
        except (ImportError, AttributeError, OSError):
            continue
        yield module
        if hasattr(module, "__path__"):
            inside = [f"{name}.{info.name}" for info in pkgutil.iter_modules(module.__path__)]
            waiting += sorted(inside, reverse=True)


def _read(module: types.ModuleType, source: str) -> Facts:
    facts = empty(module.__name__)
    del facts["compiled"]
    facts["late"] = True
    listed = getattr(module, "__all__", None)
    facts["all"] = sorted(listed) if listed is not None else None
    names = listed if listed is not None else [name for name in vars(module) if not name.startswith("_")]
    for name in sorted(set(names)):
        value = getattr(module, name, None)
        if isinstance(value, type) and value.__module__ == module.__name__:
            if re.search(rf"^\s*class {re.escape(name)}\b", source, re.MULTILINE):
                _members(facts, name, value)
            elif value.__qualname__ == name:
                define(facts, name, value)
                _members(facts, name, value)
        elif isinstance(value, (types.FunctionType, types.BuiltinFunctionType, types.MethodType, type)):
            _callable(facts, name, value, listed is not None)
    for rows in facts["binds"].values():
        rows[0][0] = 1
    return facts


def _callable(facts: Facts, name: str, value: Any, listed: bool) -> None:
    own, home = facts["module"], getattr(value, "__module__", None) or facts["module"]
    if isinstance(value, types.MethodType):
        facts["binds"][name] = [[1, "bound", value.__func__.__module__, value.__func__.__qualname__]]
    elif home != own and listed:
        facts["binds"][name] = [[1, "from", home, value.__qualname__]]
    elif home == own and (_is_made(value) if isinstance(value, types.FunctionType) else listed):
        define(facts, name, value)


def _is_made(function: types.FunctionType) -> bool:
    """Whether a function was compiled from text or inside another function."""
    path = function.__code__.co_filename
    return (path.startswith("<") and not path.startswith("<frozen")) or "<locals>" in function.__qualname__


def _members(facts: Facts, owner: str, value: type) -> None:
    """Members that the body of the class does not define, or whose documentation it does not hold."""
    for name, member in vars(value).items():
        inner = member.__func__ if isinstance(member, (staticmethod, classmethod)) else member
        doc = getattr(inner, "__doc__", None)
        if name.startswith("_") or not isinstance(doc, str):
            continue
        if isinstance(inner, types.FunctionType):
            if not _is_written(inner, doc):
                define(facts, f"{owner}.{name}", inner, "method")
        elif (isinstance(inner, property) and not _is_written(inner.fget, doc)) or (
            isinstance(inner, _FIELD) and not doc.startswith("Alias for field")
        ):
            enter(facts, f"{owner}.{name}", "property", docstring(doc))


def _is_written(function: Any, doc: str) -> bool:
    """Whether the body of a function begins with that documentation."""
    return isinstance(function, types.FunctionType) and doc in function.__code__.co_consts[:1]
