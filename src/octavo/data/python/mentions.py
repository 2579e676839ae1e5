"""Mentions: how often a source refers to imported names, builtins and attributes, found by its tokens alone."""

from __future__ import annotations

import builtins
import re
from collections import Counter

_QUIET = re.compile(
    r"(?s:\"\"\".*?(?<!\\)(?:\\\\)*\"\"\"|'''.*?(?<!\\)(?:\\\\)*''')"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'(?:[^'\\\n]|\\.)*'"
    r"|#[^\n]*"
)
_DOTTED = re.compile(r"\.?\b[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\(?")
_FROM = re.compile(r"^[ \t]*from[ \t]+([.\w]+)[ \t]+import[ \t]+(\([^)]*\)|(?:[^\n\\]|\\\n)+)", re.MULTILINE)
_IMPORT = re.compile(r"^[ \t]*import[ \t]+((?:[^\n\\;]|\\\n)+)", re.MULTILINE)
_BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_"))


def absolute(module: str, is_package: bool, target: str) -> str:
    """`target` of a from-import as an absolute module name: `..core` in `a.b.c` is `a.core`."""
    level = len(target) - len(target.lstrip("."))
    if not level:
        return target
    parts = module.split(".")
    parts = parts[: len(parts) - level + (1 if is_package else 0)]
    return ".".join([*parts, target[level:]] if target[level:] else parts)


def count_mentions(source: str, module: str, is_package: bool) -> tuple[Counter[str], Counter[str]]:
    """(absolute dotted names → times, names of called attributes on anything else → times).

    Names inside strings and comments do not count; builtins count when called.
    """
    code = _QUIET.sub('""', source)
    imported = _imports(code, module, is_package)
    names: Counter[str] = Counter()
    attributes: Counter[str] = Counter()
    for token, times in Counter(_DOTTED.findall(code)).items():
        called = token[-1] == "("
        path = token[:-1] if called else token
        root, dot, rest = path.partition(".")
        if root in imported:
            names[imported[root] + dot + rest] += times
        elif called and (dot or not root):
            attributes[path.rpartition(".")[2]] += times
        elif root in _BUILTINS and (called or root[0].isupper()):
            names["builtins." + root] += times
    return names, attributes


def _imports(code: str, module: str, is_package: bool) -> dict[str, str]:
    """Local name → absolute dotted name, for every import statement wherever it stands."""
    found: dict[str, str] = {}
    for target, names in _FROM.findall(code):
        origin = absolute(module, is_package, target)
        for name in names.strip("()").replace("\\\n", " ").split(","):
            words = name.split()
            if words and words[0].isidentifier():
                found[words[2] if len(words) == 3 else words[0]] = f"{origin}.{words[0]}"
    for names in _IMPORT.findall(code):
        for name in names.replace("\\\n", " ").split(","):
            words = name.split()
            if len(words) == 3 and words[1] == "as":
                found[words[2]] = words[0]
            elif words:
                root = words[0].partition(".")[0]
                found[root] = root
    return found
