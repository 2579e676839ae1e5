"""Topics: the language reference that Python carries for `help("with")`, one document a topic."""

from __future__ import annotations

import ast
import sysconfig
from pathlib import Path

from octavo.data.python.literals import constant
from octavo.data.texts import tidy
from octavo.kinds.documents import Document

_MODULE = "pydoc_data/topics.py"


def read_topics(version: str, library: Path | None = None) -> list[Document]:
    """The topics in order of name, with the keywords that lead to them as aliases; none where they are not shipped."""
    folder = library or Path(sysconfig.get_paths()["stdlib"])
    path = folder / _MODULE
    if not path.is_file():
        return []
    topics = _assigned(path, "topics")
    aliases = _keywords(folder / "pydoc.py")
    found = []
    for name in sorted(topics):
        text = tidy(topics[name])
        title = text.split("\n", 1)[0].strip()
        names = dict.fromkeys([*sorted(aliases.get(name, ()), key=lambda a: (len(a), a)), name])
        found.append(
            Document(
                f"pydoc_data.topics.{name}",
                text,
                kind="topic",
                title=title,
                package="Python",
                version=version,
                file=_MODULE,
                aliases=tuple(names),
            )
        )
    return found


def _assigned(path: Path, name: str) -> dict[str, str]:
    tree = ast.parse(path.read_bytes())
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and isinstance(value := constant(statement.value), dict):
            targets = [t.id for t in statement.targets if isinstance(t, ast.Name)]
            if name in targets:
                return value
    return {}


def _keywords(path: Path) -> dict[str, set[str]]:
    """Topic → the keywords, symbols and topic names that `help()` maps to it."""
    found: dict[str, set[str]] = {}
    if not path.is_file():
        return found
    tables = _helper_tables(ast.parse(path.read_bytes()))
    named: dict[str, str] = {}
    for title, value in tables.get("topics", {}).items():
        named[title] = value[0] if isinstance(value, tuple) else value
    for table in ("keywords", "topics", "symbols"):
        for word, value in tables.get(table, {}).items():
            target = value[0] if isinstance(value, tuple) else value.split(" ")[0]
            while target in named:
                target = named[target]
            if table == "keywords" or word.isupper():
                found.setdefault(target, set()).add(word if table == "keywords" else word.lower())
    return found


def _helper_tables(tree: ast.Module) -> dict[str, dict[str, str | tuple[str, str]]]:
    tables = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == "Helper":
            for statement in node.body:
                if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                    value = constant(statement.value)
                    if isinstance(value, dict):
                        tables[statement.targets[0].id] = value
    return tables
