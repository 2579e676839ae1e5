"""Environment: the installed distributions and the standard library, as a list of source files to read."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import re
import sys
import sysconfig
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

PYTHON = "Python"
"""The distribution name given to the standard library."""


@dataclass(frozen=True)
class Distribution:
    """An installed distribution: its name, version and the folder that holds its metadata."""

    name: str
    version: str
    metadata: Path


@dataclass(frozen=True)
class SourceFile:
    """A file that defines `module`; `stub` marks a `.pyi`, `compiled` an extension without a readable source."""

    module: str
    path: str
    relative: str
    distribution: str
    version: str
    is_package: bool = False
    stub: bool = False
    compiled: bool = False


@dataclass
class Census:
    """The files to read, in order of module name, and how many were left out, by (distribution, reason)."""

    files: list[SourceFile]
    left_out: Counter[tuple[str, str]]


def library_folders() -> tuple[Path, list[Path]]:
    """The folder of the standard library and those of installed packages."""
    paths = sysconfig.get_paths()
    return Path(paths["stdlib"]), [Path(p) for p in dict.fromkeys((paths["purelib"], paths["platlib"]))]


def distributions(folders: Sequence[Path] | None = None) -> list[Distribution]:
    """What is installed, by name; read from the names of the metadata folders, which is fast."""
    found: dict[str, Distribution] = {}
    for folder in library_folders()[1] if folders is None else folders:
        for metadata in sorted(folder.glob("*.dist-info")) if folder.is_dir() else ():
            name, _, version = metadata.name.removesuffix(".dist-info").partition("-")
            name = re.sub(r"[-_.]+", "-", name).lower()
            found.setdefault(name, Distribution(name, version, metadata))
    return [found[name] for name in sorted(found)]


def environment_sources(own: str = "octavo") -> dict[str, str]:
    """Distribution → digest of its version and list of files; changes exactly when something is installed anew."""
    sources = {PYTHON: hashlib.sha256(f"{sys.version}{sys.platform}".encode()).hexdigest()[:32]}
    for distribution in distributions():
        if distribution.name != own:
            record = distribution.metadata / "RECORD"
            listed = record.read_bytes() if record.is_file() else b""
            digest = hashlib.sha256(f"{distribution.name} {distribution.version}\n".encode() + listed)
            sources[distribution.name] = digest.hexdigest()[:32]
    return sources


def census(include: Sequence[str], exclude: Sequence[str], own: str = "octavo") -> Census:
    """All source files of the environment whose module fits a glob of `include` and none of `exclude`."""
    library, folders = library_folders()
    fits = _matcher(include)
    unwanted = _matcher(exclude)
    left_out: Counter[tuple[str, str]] = Counter()
    files: dict[tuple[str, bool, bool], SourceFile] = {}
    for file in (*_library_files(library), *_package_files(folders, own, left_out)):
        if not fits(file.module):
            left_out[file.distribution, "not included"] += 1
        elif unwanted(file.module):
            left_out[file.distribution, "excluded by name (tests, vendored or generated code)"] += 1
        else:
            files.setdefault((file.module, file.stub, file.compiled), file)
    return Census([files[key] for key in sorted(files)], left_out)


def _matcher(globs: Sequence[str]) -> re.Pattern[str].fullmatch:  # type: ignore[valid-type]
    pattern = "|".join(fnmatch.translate(glob) for glob in globs) or r"(?!)"
    return re.compile(pattern).match


def _library_files(library: Path) -> Iterator[SourceFile]:
    version = ".".join(map(str, sys.version_info[:3]))
    for folder, folders, names in os.walk(library):
        folders[:] = sorted(f for f in folders if f.isidentifier() and f != "__pycache__")
        for name in sorted(names):
            if name.endswith(".py") and name[:-3].isidentifier():
                path = Path(folder, name)
                yield _source(path.relative_to(library), path, PYTHON, version)


def _package_files(folders: Sequence[Path], own: str, left_out: Counter[tuple[str, str]]) -> Iterator[SourceFile]:
    for distribution in distributions(folders):
        if distribution.name == own:
            continue
        record = distribution.metadata / "RECORD"
        if not record.is_file():
            left_out[distribution.name, "no list of installed files (RECORD)"] += 1
            continue
        folder = distribution.metadata.parent
        for line in record.read_text(encoding="utf-8", errors="replace").splitlines():
            name = line.rsplit(",", 2)[0].strip('"')
            suffix = next((s for s in (".py", ".pyi", *EXTENSION_SUFFIXES) if name.endswith(s)), None)
            if suffix is None or name.startswith(("..", "/")):
                continue
            relative = Path(name)
            if suffix == ".so" and relative.name.startswith("lib"):
                continue
            if all(part.isidentifier() for part in Path(name[: -len(suffix)]).parts):
                yield _source(relative, folder / name, distribution.name, distribution.version, suffix)


def _source(relative: Path, path: Path, distribution: str, version: str, suffix: str = ".py") -> SourceFile:
    parts = list(Path(str(relative)[: -len(suffix)]).parts)
    is_package = parts[-1] == "__init__" and len(parts) > 1
    return SourceFile(
        ".".join(parts[:-1] if is_package else parts),
        str(path),
        relative.as_posix(),
        distribution,
        version,
        is_package,
        stub=suffix == ".pyi",
        compiled=suffix not in (".py", ".pyi"),
    )
