"""Small packages written to disk, installed as far as collecting is concerned: a folder with metadata beside them."""

from __future__ import annotations

from pathlib import Path

from octavo.data.python.environment import SourceFile
from octavo.data.python.names import Names
from octavo.data.python.objects import read_objects
from octavo.data.python.popularity import popularity
from octavo.data.python.records import Catalogue, documents
from octavo.kinds.documents import Document


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write `{"pack/mod.py": source}` below the folder."""
    for name, source in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
    return folder


def install(site: Path, name: str, version: str, files: dict[str, str]) -> None:
    """The same with a `dist-info` folder that lists the files."""
    write(site, files)
    metadata = site / f"{name}-{version}.dist-info"
    metadata.mkdir()
    (metadata / "RECORD").write_text("".join(f"{file},,\n" for file in files))


def collected(files: dict[str, str], mentions: dict[str, int] | None = None) -> dict[str, Document]:
    """The documents of a package given as sources, by id."""
    facts = []
    homes = {}
    for name, source in sorted(files.items()):
        stem = name.rpartition(".")[0]
        parts = stem.split("/")
        is_package = parts[-1] == "__init__"
        module = ".".join(parts[:-1] if is_package else parts)
        one = read_objects(source.encode(), module, is_package=is_package)
        one["file"] = name
        facts.append(one)
        homes.setdefault(module, (parts[0], "1.0", name))
    catalogue = Catalogue(Names(facts), homes, mentions)
    from collections import Counter

    found = documents(catalogue, popularity(catalogue, {}, {}), {}, Counter())
    return {document.id: document for document in found}


def source_file(path: Path, root: Path, module: str) -> SourceFile:
    """A file to read."""
    return SourceFile(module, str(path), path.relative_to(root).as_posix(), "pack", "1.0")
