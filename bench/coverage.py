"""Measure how many documented public names of the environment have a record, by importing what collecting only reads.

    python bench/coverage.py CLEAN_FOLDER [--missing 40] [--only PREFIX] [--out TABLE.md]

Counted are, for the standard library and well-known packages, the public functions and classes of each public module
(its `__all__`, else what it defines), and the public methods and properties of those classes, own and inherited from a
base of the same package, wherever their own `__doc__` says something (the stage clean would keep it; how many say
nothing is told). The members of a class count under its own name only, not under each alias of it. A name is present
when it is the id or an alias of a kept document or of one removed as a duplicate. Run it with the interpreter of the
environment that was collected.
"""

from __future__ import annotations

import argparse
import fnmatch
import functools
import importlib
import inspect
import pkgutil
import sys
import types
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from octavo.data.clean import CleanSettings
from octavo.data.collect import CollectSettings
from octavo.data.rules import verdict
from octavo.data.texts import docstring
from octavo.kinds.documents import DUPLICATE_REASONS, Document, read_documents, read_removed

NAMES = """
numpy numpy.linalg numpy.random numpy.fft numpy.ma numpy.polynomial numpy.testing numpy.typing numpy.lib.stride_tricks
scipy.stats scipy.optimize scipy.linalg scipy.sparse scipy.sparse.linalg scipy.signal scipy.special scipy.spatial
scipy.spatial.distance scipy.interpolate scipy.integrate scipy.ndimage scipy.fft scipy.cluster.hierarchy scipy.io
scipy.constants torch torch.nn torch.nn.functional torch.nn.init torch.nn.utils torch.optim torch.optim.lr_scheduler
torch.utils.data torch.autograd torch.cuda torch.linalg torch.fft torch.distributions torch.jit torch.special
pydantic pydantic.types pydantic.networks click rich rich.console rich.table rich.progress rich.text fastapi
fastapi.responses fastapi.security starlette.applications starlette.requests starlette.responses starlette.routing
networkx sympy anyio httpx jinja2 tokenizers safetensors safetensors.torch safetensors.numpy prometheus_client uvicorn
fsspec huggingface_hub packaging.version packaging.requirements tqdm yaml pygments markupsafe
"""
PACKAGES = NAMES.split()
CALLABLE = ("ufunc", "_lru_cache_wrapper")
EMPTY: dict[str, str] = {}
"""Names whose documentation says nothing, with that text."""
KINDS = ("objects", "methods", "properties", "inherited")


def standard_modules() -> Iterator[str]:
    """Public modules of the standard library that collecting does not leave out by name."""
    excluded = CollectSettings().exclude

    def wanted(name: str) -> bool:
        private = any(part.startswith("_") for part in name.split("."))
        return not private and not any(fnmatch.fnmatch(name, glob) for glob in excluded)

    for name in sorted(sys.stdlib_module_names):
        if name == "distutils":  # importing it gives that of setuptools, where that is installed
            continue
        if not wanted(name) or (module := imported(name)) is None:
            continue
        yield name
        if hasattr(module, "__path__"):
            for info in pkgutil.walk_packages(module.__path__, f"{name}.", onerror=lambda _: None):
                if wanted(info.name) and imported(info.name) is not None:
                    yield info.name


@functools.cache
def imported(name: str) -> types.ModuleType | None:
    """The module, or None where this platform cannot import it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module(name)
        except (ImportError, SystemExit, AttributeError, OSError):
            return None


def public_objects(module: types.ModuleType) -> Iterator[tuple[str, Any]]:
    """Functions and classes that a module offers."""
    listed = getattr(module, "__all__", None)
    for name in sorted(set(listed if listed is not None else vars(module))):
        value = getattr(module, name, None) if isinstance(name, str) else None
        if value is None or name.startswith("_"):
            continue
        if not (isinstance(value, type) or inspect.isroutine(value) or type(value).__name__ in CALLABLE):
            continue
        home = getattr(value, "__module__", None) or module.__name__
        near = home.lstrip("_") == module.__name__ or (
            hasattr(module, "__path__") and home.partition(".")[0].lstrip("_") == module.__name__.partition(".")[0]
        )
        if listed is not None or near:
            yield name, value


def own_doc(value: Any) -> str:
    """The documentation of the object itself, nothing inherited."""
    text = value.__dict__.get("__doc__") if isinstance(value, type) else getattr(value, "__doc__", None)
    return text.strip() if isinstance(text, str) else ""


def says_something(name: str, kind: str, value: Any) -> bool:
    """Whether the object has documentation that cleaning would keep."""
    text = docstring(own_doc(value))
    kept = bool(text) and verdict(Document(name, text, kind), CleanSettings().shortest) is None
    if text and not kept:
        EMPTY[name] = text
    return kept


def members(owner: type) -> Iterator[tuple[str, str, Any]]:
    """(name, kind, value) of the public methods and properties of a class."""
    top = owner.__module__.partition(".")[0].lstrip("_")
    done: set[str] = set()
    for base in owner.__mro__:
        if base is object or (base is not owner and base.__module__.partition(".")[0].lstrip("_") != top):
            continue
        for name, value in vars(base).items():
            if name.startswith("_") or name in done:
                continue
            done.add(name)
            value = value.__func__ if isinstance(value, (staticmethod, classmethod)) else value
            if inspect.isroutine(value):
                kind = "methods"
            elif isinstance(value, (property, functools.cached_property)) or inspect.isdatadescriptor(value):
                kind = "properties"
            else:
                continue
            yield name, kind if base is owner else "inherited", value


def documented(module_name: str) -> dict[str, str]:
    """Qualified name → kind, of all documented public names of a module."""
    module = imported(module_name)
    if module is None:
        return {}
    found = {}
    prefix = "" if module_name == "builtins" else f"{module_name}."
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, value in public_objects(module):
            if says_something(f"{prefix}{name}", "class" if isinstance(value, type) else "function", value):
                found[f"{prefix}{name}"] = "objects"
            if isinstance(value, type) and value.__name__ == name and type(value).__name__ != "tensortype":
                for member, kind, inner in members(value):
                    if says_something(f"{prefix}{name}.{member}", "method", inner):
                        found[f"{prefix}{name}.{member}"] = kind
    return found


def known_names(folder: Path) -> tuple[dict[str, int], Counter[str]]:
    """Name → uses of its record, ids and aliases, duplicates included; and the reasons of other removals."""
    names: dict[str, int] = {}
    for document in read_documents(folder):
        for name in (document.id, *document.aliases):
            names[name] = document.uses
    lost: Counter[str] = Counter()
    for row in read_removed(folder):
        if row.reason in DUPLICATE_REASONS:
            for name in (row.document.id, *row.document.aliases):
                names.setdefault(name, row.document.uses)
        else:
            lost[row.document.id] += 1
    return names, lost


def main() -> None:
    """Print a table by package, then the missing names, those of well-known owners first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--missing", type=int, default=40)
    parser.add_argument("--only", default="", help="begin of the module names to look at")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    known, lost = known_names(options.folder)
    counts: dict[str, Counter[tuple[str, bool]]] = defaultdict(Counter)
    missing: list[tuple[int, str, str, str]] = []
    groups = [("standard library", name) for name in standard_modules()] + [(name, name) for name in PACKAGES]
    for group, module in groups:
        if not module.startswith(options.only):
            continue
        for name, kind in documented(module).items():
            counts[group][kind, name in known] += 1
            if name not in known:
                fame = max(known.get(name.rpartition(".")[0], 0), known.get(module, 0) // 10)
                missing.append((-fame, kind, name, "removed" if name in lost else ""))
    lines = ["| package | " + " | ".join(KINDS) + " |", "|---" * (len(KINDS) + 1) + "|"]
    for group, count in counts.items():
        cells = []
        for kind in KINDS:
            there, n = count[kind, True], count[kind, True] + count[kind, False]
            cells.append(f"{there / n:.1%} of {n:,}" if n else "")
        lines.append(f"| {group} | " + " | ".join(cells) + " |")
    lines.append(f"\n{len(EMPTY):,} further names have documentation that says nothing.")
    print("\n".join(lines))
    if options.out:
        options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    for kind in KINDS:
        rows = sorted({row for row in missing if row[1] == kind})
        print(f"\n{kind}: {len(rows)} missing")
        for fame, _, name, why in rows[: options.missing]:
            print(f"  {name}  ({-fame} {why})")


if __name__ == "__main__":
    main()
