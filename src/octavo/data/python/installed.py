"""Installed: the documentation of the whole environment, from census to documents, resumable batch by batch."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import as_completed
from pathlib import Path

from octavo.data.python.environment import PYTHON, Census, SourceFile, census
from octavo.data.python.names import Names
from octavo.data.python.objects import Facts
from octavo.data.python.popularity import popularity
from octavo.data.python.records import Catalogue, Home, documents
from octavo.data.python.sources import as_rows, batches, load, read_batch
from octavo.data.python.topics import read_topics
from octavo.kinds.documents import Document, Removed
from octavo.spine.errors import OctavoError
from octavo.spine.process.executors import executor
from octavo.spine.progress import progress, reading


def read_environment(
    include: Sequence[str], exclude: Sequence[str], workers: int, scratch: Path
) -> tuple[list[Document], list[Removed]]:
    """All documents of the environment in order of id, and what was left out."""
    found = census(include, exclude)
    facts, names, attributes, failures = _read(found.files, workers, scratch)
    homes = homes_of(found.files, facts)
    _complete(found, facts)
    catalogue = Catalogue(Names(facts), homes, names)
    uses = popularity(catalogue, names, attributes)
    version = ".".join(map(str, sys.version_info[:3]))
    records = documents(catalogue, uses, names, found.left_out)
    records += read_topics(version)
    records.sort(key=lambda document: document.id)
    if not records:
        raise OctavoError(
            "D001",
            "The installed Python environment has no documentation",
            likely="the setting include fits no module, or Python runs without docstrings in its sources",
            do="correct include and exclude, or give a folder of documents: octavo new NAME --docs FOLDER",
        )
    removed = _removed(found.left_out, failures, {file.distribution: file.version for file in found.files})
    reading(documents=len(records), modules=len(facts), left_out=sum(found.left_out.values()) + len(failures))
    return records, removed


def _read(
    files: Sequence[SourceFile], workers: int, scratch: Path
) -> tuple[list[Facts], Counter[str], Counter[str], list[tuple[str, str, str, str]]]:
    """The facts of all modules in order of name, the mentions, and the files that could not be read."""
    targets = []
    waiting: list[tuple[list[SourceFile], Path]] = []
    for batch in batches(files):
        digest = hashlib.sha256(json.dumps(as_rows(batch)).encode()).hexdigest()[:24]
        targets.append(scratch / f"{digest}.jsonl")
        if not targets[-1].is_file():
            waiting.append((batch, targets[-1]))
    inspected = scratch / "inspected.jsonl"
    bar = progress("read sources", len(files), "files")
    bar.advance(len(files) - sum(len(batch) for batch, _ in waiting))
    with executor("processes", workers or None) as pool:
        jobs = {pool.submit(read_batch, batch, target): len(batch) for batch, target in waiting}
        inspection = None if inspected.is_file() else _inspect(inspected)
        for job in as_completed(jobs):
            job.result()
            bar.advance(jobs[job])
        if inspection is not None and inspection.wait() != 0:
            raise OctavoError(
                "D006",
                "The compiled modules of the standard library could not be inspected",
                where=sys.executable,
                likely="the process that imports them was ended, or one of them cannot be imported safely",
                do="run the same command again; if it fails again look at the message above",
            )
    facts: list[Facts] = []
    names: Counter[str] = Counter()
    attributes: Counter[str] = Counter()
    failures: list[tuple[str, str, str, str]] = []
    for target in (*targets, inspected):
        some, last = load(target)
        facts += some
        names.update(last["names"])
        attributes.update(last["attributes"])
        failures += [tuple(row) for row in last["failures"]]
    return facts, names, attributes, failures


def _inspect(target: Path) -> subprocess.Popen[bytes]:
    """Begin the inspection in a process of its own: what a module shows must not depend on what ran here before."""
    package = str(Path(__file__).parents[3])
    code = f"import sys; sys.path.insert(0, {package!r})\n"
    code += "from pathlib import Path; from octavo.data.python.sources import read_inspected\n"
    code += f"read_inspected(Path({str(target)!r}))"
    return subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def homes_of(files: Iterable[SourceFile], facts: Iterable[Facts]) -> dict[str, Home]:
    """Module → where it is from; a source goes before a stub or a compiled file of the same name."""
    homes: dict[str, Home] = {}
    for file in sorted(files, key=lambda f: (f.compiled, f.stub)):
        homes.setdefault(file.module, (file.distribution, file.version, file.relative))
    version = ".".join(map(str, sys.version_info[:3]))
    for one in facts:
        homes.setdefault(one["module"], (PYTHON, version, ""))
    return homes


def _complete(found: Census, facts: Sequence[Facts]) -> None:
    """Count the compiled modules of packages for which no stub with documentation was found."""
    known = {one["module"] for one in facts}
    for file in found.files:
        if file.compiled and file.module not in known:
            found.left_out[file.distribution, "compiled module without a source or a documented stub"] += 1


def _removed(
    left_out: Counter[tuple[str, str]], failures: Iterable[tuple[str, str, str, str]], versions: dict[str, str]
) -> list[Removed]:
    rows = []
    for (package, reason), times in left_out.items():
        stand_in = Document(f"{package}: {reason}", "", "summary", package=package, version=versions.get(package, ""))
        rows.append(Removed(stand_in, reason, count=times))
    for relative, package, reason, detail in failures:
        file = Document(relative, "", "file", package=package, version=versions.get(package, ""), file=relative)
        rows.append(Removed(file, reason, detail))
    return sorted(rows, key=lambda row: (row.document.package, row.reason, row.document.id))
