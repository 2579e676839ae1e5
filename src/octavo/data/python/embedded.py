"""Embedded: documentation found as text inside compiled modules of packages, which are never imported.

Cython and many hand-written modules keep each docstring as one C string that begins with the call, `normal(loc=0.0,
scale=1.0, size=None)`, which tells its name. The universal functions of numpy leave it out; theirs is told by the
examples.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Collection
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from octavo.data.python.literals import constant
from octavo.data.python.objects import Facts, read_objects
from octavo.data.texts import docstring

LARGEST = 60_000_000
"""Bytes of a compiled module that is searched."""

UNNAMED = {"numpy._core._multiarray_umath": "umath.py"}
"""Modules whose docstrings begin without the call, and the Python file beside them that lists the functions."""

_NOT_TEXT = re.compile(rb"[\x01-\x08\x0b-\x1f\x7f]")
_CALL = re.compile(r"\s*([A-Za-z_]\w*)\([^\n]*(?:\n[ \t]+\S[^\n]*){0,3}?\)(?: *-> *[^\n]+)?\n(?:--\n)?[ \t]*\n")
_SECTION = re.compile(r"^[ \t]*(Parameters|Returns)\n[ \t]*---", re.MULTILINE)


def read_embedded(path: Path, module: str) -> Facts | None:
    """The facts of the stub beside a compiled module, if there is one, with the documentation found in the module;
    None when it holds none that can be told apart."""
    raw = path.read_bytes()
    if b"Parameters\n" not in raw and b"Returns\n" not in raw:
        return None
    texts = _texts(raw)
    suffix = next(s for s in EXTENSION_SUFFIXES if path.name.endswith(s))
    stub = path.with_name(path.name.removesuffix(suffix) + ".pyi")
    source = stub.read_bytes() if stub.is_file() else b""
    facts = read_objects(source, module, is_package=False)
    if module in UNNAMED:
        names = _listed(path.with_name(UNNAMED[module]))
        found = told_by_examples(texts, names)
    else:
        found = told_by_call(texts)
    entered = sum(_enter(facts, name, docs, bool(source)) for name, docs in found.items())
    return facts if entered else None


def _texts(raw: bytes) -> list[str]:
    texts = []
    for piece in raw.split(b"\0"):  # not one expression over all, which would be tried from every byte
        if not 60 <= len(piece) <= 30_000 or (b"Parameters\n" not in piece and b"Returns\n" not in piece):
            continue
        try:
            text = piece.decode()
        except UnicodeDecodeError:
            continue
        if not _NOT_TEXT.search(piece) and _SECTION.search(text):
            texts.append(text)
    return list(dict.fromkeys(texts))


def told_by_call(texts: Collection[str]) -> dict[str, list[str]]:
    """Name → the docstrings that begin with a call of it."""
    found: dict[str, list[str]] = {}
    for text in texts:
        if (match := _CALL.match(text)) is not None:
            call, mark, _ = match[0].partition("\n--\n")  # the mark is at the margin, what follows is not
            whole = f"{call.strip()}\n\n{docstring(text[match.end() :])}" if mark else docstring(text)
            found.setdefault(match[1], []).append(whole)
    return found


def told_by_examples(texts: Collection[str], names: Collection[str]) -> dict[str, list[str]]:
    """Name → the docstring whose examples call it as `np.name(…)` more than anything else.

    A name that two docstrings claim goes to the one that is more about it; the other may take its next best name.
    """
    claims = []
    for text in sorted(texts):
        _, _, examples = text.partition("Examples\n")
        calls = Counter(re.findall(r"\bnp\.(\w+)\(", examples))
        total = sum(calls[name] for name in calls if name in names)
        claims += [(calls[name] / total, name, text) for name in calls if name in names]
    claims.sort(key=lambda claim: (-claim[0], claim[1], claim[2]))
    found: dict[str, list[str]] = {}
    taken: set[str] = set()
    for share, name, text in claims:
        if share > 0.25 and name not in found and text not in taken and text[:1].isupper():
            found[name] = [docstring(text)]
            taken.add(text)
    return found


def _listed(path: Path) -> list[str]:
    """The names in the `__all__` of a Python file."""
    for statement in ast.parse(path.read_bytes()).body if path.is_file() else ():
        if isinstance(statement, ast.Assign) and isinstance(names := constant(statement.value), list):
            targets = [target.id for target in statement.targets if isinstance(target, ast.Name)]
            if targets == ["__all__"]:
                return names
    return []


def _enter(facts: Facts, name: str, docs: list[str], has_stub: bool) -> bool:
    """Give the documentation to the one thing of that name that the stub defines; without a stub, to a function."""
    if len(docs) != 1:
        return False
    known = [qualified for qualified in facts["defs"] if qualified.rpartition(".")[2] == name]
    if len(known) == 1:
        facts["defs"][known[0]]["doc"] = facts["defs"][known[0]]["doc"] or docs[0]
        return True
    if known or (has_stub and name not in facts["binds"]) or name.startswith("_"):
        return False
    facts["defs"][name] = {"kind": "function", "doc": docs[0], "line": 0, "order": 0, "sigs": []}
    facts["binds"].setdefault(name, []).append([10**5, "def", name])
    return True
