"""Compiled: the standard library's modules written in C, read by importing them, in the shape of `objects.py`."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
import sysconfig
import threading
import types
import warnings
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

from octavo.data.python.objects import Facts, empty_facts
from octavo.data.texts import docstring, split_signature

_CALLABLES = (types.BuiltinFunctionType, types.FunctionType)
_MEMBERS = (types.MethodDescriptorType, types.ClassMethodDescriptorType, types.BuiltinFunctionType, staticmethod)
_DATA = (types.GetSetDescriptorType, types.MemberDescriptorType)
_NOT_FOR_USERS = re.compile(r"_test|_ctypes_test|_xx|xx|_tkinter\Z|_scproxy\Z")

DYNAMIC = ("hashlib", "multiprocessing", "os", "re", "threading", "types")
"""Modules that make types and functions, known by their names, only while they are imported."""

_VIEWS = {"dict_keys": type({}.keys()), "dict_values": type({}.values()), "dict_items": type({}.items())}


def compiled_modules() -> list[str]:
    """Names of the C modules of this interpreter, built in or beside the standard library, tests aside."""
    names = set(sys.builtin_module_names)
    folder = Path(sysconfig.get_config_var("DESTSHARED") or Path(sysconfig.get_paths()["stdlib"]) / "lib-dynload")
    for suffix in EXTENSION_SUFFIXES:
        names.update(path.name.removesuffix(suffix) for path in folder.glob(f"*{suffix}"))
    names = {name for name in names if name.isidentifier() and not _NOT_FOR_USERS.match(name)}
    return sorted(names, key=lambda name: (name != "builtins", name))


def read_compiled() -> tuple[list[Facts], list[str]]:
    """The facts of every C module, of types known by other names, and the modules that could not be imported."""
    facts, failed = [], []
    seen: dict[int, tuple[str, str]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        modules = []
        for name in compiled_modules():
            try:
                modules.append((name, importlib.import_module(name)))
            except ImportError:
                failed.append(name)
        for name, module in modules:
            _claim(name, module, seen)
        facts = [_module(name, module, seen) for name, module in modules]
        facts += [_dynamic(name) for name in DYNAMIC]
        for name, view in _VIEWS.items():
            _klass(next(f for f in facts if f["module"] == "builtins"), name, view)
    return facts, failed


def _claim(own: str, module: types.ModuleType, seen: dict[int, tuple[str, str]]) -> None:
    """Give every object of the module a home: the module it says it is from, else the first that has it."""
    for name in sorted(dir(module)):
        value = getattr(module, name)
        if isinstance(value, (*_CALLABLES, type)):
            home = (own, name)
            if value.__module__ == own and value.__name__ == name:
                seen[id(value)] = home
            else:
                seen.setdefault(id(value), home)


def empty(name: str) -> Facts:
    """The facts of a compiled module of which nothing is known yet."""
    return {**empty_facts(name), "compiled": True}


def _module(own: str, module: types.ModuleType, seen: dict[int, tuple[str, str]]) -> Facts:
    facts = empty(own)
    facts["doc"] = _doc(module)
    for name in sorted(dir(module)):
        if name.startswith("__"):
            continue
        value = getattr(module, name)
        if isinstance(value, type) and value.__flags__ & 1 << 9 and value.__module__ in _pure_modules():
            facts["binds"][name] = [[1, "from", value.__module__, value.__qualname__]]
        elif isinstance(value, (*_CALLABLES, type)):
            home = seen[id(value)]
            if home == (own, name):
                define(facts, name, value)
            else:
                facts["binds"][name] = [[1, "from", *home]]
        elif (
            own != "builtins"
            and type(value).__module__ == own
            and type(value).__doc__
            and not isinstance(value, types.ModuleType)
        ):
            enter(facts, name, "data", _doc(type(value)), "")
        else:
            facts["binds"][name] = [[1, "value"]]
    return facts


def _pure_modules() -> set[str]:
    return {"abc", "collections.abc", "enum", "typing"}


def _dynamic(name: str) -> Facts:
    """Types and functions that a Python module of the standard library makes while it is imported."""
    module = importlib.import_module(name)
    facts = empty(name)
    if name == "threading":
        _members(facts, "Lock", type(threading.Lock()))
        _members(facts, "RLock", type(threading.RLock()))
        return facts
    for attribute in sorted(getattr(module, "__all__", ())):
        value = getattr(module, attribute)
        if isinstance(value, types.MethodType):
            home = value.__func__
            facts["binds"][attribute] = [[10**6, "bound", home.__module__, home.__qualname__]]
        elif isinstance(value, type) and (
            value.__module__ == "builtins" or (name in ("re", "types") and _made_in_c(value))
        ):
            define(facts, attribute, value)
        elif isinstance(value, types.FunctionType) and "<locals>" in value.__qualname__ and value.__module__ == name:
            define(facts, attribute, value)
            facts["defs"][attribute]["line"] = value.__code__.co_firstlineno
        elif name == "hashlib" and isinstance(value, types.BuiltinFunctionType):
            define(facts, attribute, value)
    return facts


def _made_in_c(value: type) -> bool:
    """Whether no method of the class has Python code."""
    return not any(isinstance(member, types.FunctionType) for member in vars(value).values()) and not hasattr(
        value, "__members__"
    )


def define(facts: Facts, name: str, value: Any, kind: str = "function") -> None:
    """Enter a class with its members, or a function, as it shows itself."""
    if isinstance(value, type):
        _klass(facts, name, value)
        return
    signatures, doc = _signature(value, name.rpartition(".")[2], _doc(value))
    enter(facts, name, kind, doc, signatures)


def enter(facts: Facts, name: str, kind: str, doc: str, signatures: str = "") -> dict[str, Any]:
    """Enter a definition, bound to its name unless it is a member."""
    entry = {"kind": kind, "doc": doc, "line": 0, "order": 1, "sigs": [signatures] if signatures else []}
    facts["defs"][name] = entry
    if "." not in name:
        facts["binds"][name] = [[10**6, "def", name]]
    return entry


def _klass(facts: Facts, name: str, value: type) -> None:
    signatures, doc = _signature(value, value.__name__, _doc(value))
    entry = enter(facts, name, "class", doc, signatures)
    entry["bases"] = [f"{base.__module__}:{base.__qualname__}" for base in value.__bases__ if base is not object]
    _members(facts, name, value)


def _members(facts: Facts, name: str, value: type) -> None:
    for attribute, member in vars(value).items():
        if isinstance(member, staticmethod):
            member = member.__func__
        if isinstance(member, _MEMBERS):
            kind = "method"
        elif isinstance(member, _DATA):
            kind = "property"
        else:
            continue
        if attribute == "__new__" or (attribute.startswith("_") and not attribute.endswith("__")):
            continue
        doc = _doc(member)
        signatures, doc = _signature(member, attribute, doc)
        enter(facts, f"{name}.{attribute}", kind, doc, signatures)


def _doc(value: Any) -> str:
    """The documentation of an object; classes with a slot named `__doc__` show a descriptor there."""
    text = value.__doc__
    return docstring(text) if isinstance(text, str) else ""


def _signature(value: Any, name: str, doc: str) -> tuple[str, str]:
    """Signature lines and the documentation without them."""
    text = getattr(value, "__text_signature__", None)
    if text:
        return re.sub(r"\(\$\w+(?:, /)?(?:, )?", "(", " ".join(text.split())), doc
    forms, rest = split_signature(name, doc)
    if forms:
        return "\n".join(forms), rest
    if isinstance(value, type):
        return "", doc
    try:
        return str(inspect.signature(value)), doc
    except (ValueError, TypeError):
        return "", doc
