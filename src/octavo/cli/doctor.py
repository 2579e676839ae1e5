"""`octavo doctor`: whether this machine and this project are in order; asks nobody but the machine."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import click

from octavo import __version__
from octavo.cli.options import json_option, project_option
from octavo.cli.talk import answer, answer_json, say, size, table
from octavo.spine.errors import WORK_FAILED
from octavo.spine.project import FILE, open_project

FLAGS = ("avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16", "amx_int8", "asimd", "bf16", "sve")
LIBRARIES = ("numpy", "scipy", "pydantic", "tokenizers", "safetensors", "torch", "fastapi", "uvicorn", "transformers")
NEEDED = {"numpy", "scipy", "pydantic", "tokenizers", "safetensors"}
ENOUGH_MEMORY = 6_000_000_000
ENOUGH_DISK = 2_000_000_000


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: good, worth a look, or wrong."""

    name: str
    state: Literal["good", "look", "wrong"]
    value: str
    do: str = ""


@click.command()
@project_option
@click.option("--thorough", is_flag=True, help="Read every stored byte again.")
@json_option
def command(folder: Path, thorough: bool, as_json: bool) -> int:
    """Look at Python, processor, memory, disk, libraries and the project's store; needs no network."""
    findings = [*_machine(folder), *_libraries(), *_project(folder, thorough)]
    if as_json:
        answer_json({"octavo": __version__, "findings": [vars(finding) for finding in findings]})
    else:
        marks = {"good": "ok", "look": "look", "wrong": "WRONG"}
        rows = [[marks[f.state], f.name, f.value + (f"  → {f.do}" if f.do else "")] for f in findings]
        answer(table(rows))
        wrong = sum(finding.state == "wrong" for finding in findings)
        say("something is wrong" if wrong else "all is well")
    return WORK_FAILED if any(finding.state == "wrong" for finding in findings) else 0


def _machine(folder: Path) -> list[Finding]:
    flags = _processor_flags()
    shown = [flag for flag in FLAGS if flag in flags]
    memory, free = _memory()
    while not folder.exists():
        folder = folder.parent
    disk = shutil.disk_usage(folder).free
    return [
        Finding("octavo", "good", __version__),
        Finding("python", "good", f"{platform.python_version()} ({sys.executable})"),
        Finding("system", "good", platform.platform()),
        Finding("cores", "good", f"{len(os.sched_getaffinity(0))} for this process, {os.cpu_count()} in all"),
        Finding("processor", "good", ", ".join(shown) or "none of the vector extensions that make training fast"),
        Finding(
            "bfloat16", "good", "in hardware" if {"avx512_bf16", "amx_bf16", "bf16"} & flags else "not in hardware"
        ),
        Finding(
            "memory",
            "good" if free >= ENOUGH_MEMORY else "look",
            f"{size(free)} free of {size(memory)}",
            ""
            if free >= ENOUGH_MEMORY
            else "the default project may need 6 GB; close programs or choose a smaller size",
        ),
        Finding(
            "disk",
            "good" if disk >= ENOUGH_DISK else "look",
            f"{size(disk)} free",
            ""
            if disk >= ENOUGH_DISK
            else "a run of the default project needs about 2 GB; octavo clean gives some back",
        ),
    ]


def _processor_flags() -> set[str]:
    """What the processor can do, as Linux says it; empty elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return set()
    return {flag for line in lines if line.startswith(("flags", "Features")) for flag in line.partition(":")[2].split()}


def _memory() -> tuple[int, int]:
    """Bytes of memory for this process, in all and free, a control group's limit respected."""
    facts = {}
    for line in Path("/proc/meminfo").read_text(encoding="ascii", errors="replace").splitlines():
        name, _, value = line.partition(":")
        facts[name] = int(value.split()[0]) * 1024
    total, free = facts["MemTotal"], facts.get("MemAvailable", facts["MemFree"])
    limit, used = (_number(Path("/sys/fs/cgroup") / name) for name in ("memory.max", "memory.current"))
    if limit is not None and limit < total:
        total, free = limit, min(free, limit - (used or 0))
    return total, free


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):  # not in a control group, or "max": no limit
        return None


def _libraries() -> list[Finding]:
    from importlib.metadata import PackageNotFoundError, version

    findings = []
    for name in LIBRARIES:
        try:
            findings.append(Finding(name, "good", version(name)))
        except PackageNotFoundError:
            needed = name in NEEDED
            do = "install Octavo again" if needed else ""
            findings.append(Finding(name, "wrong" if needed else "look", "not installed", do))
    return findings


def _project(folder: Path, thorough: bool) -> list[Finding]:
    from octavo.spine.clean import damages, leftovers, pins

    if not (folder / FILE).is_file():
        return [Finding("project", "look", f"none in {folder}", "octavo new, or --project DIR")]
    project = open_project(folder)
    store = project.store
    findings: list[Finding] = [Finding("project", "good", f"{project.name} ({project.folder})")]
    if not store.folder.is_dir():
        return [*findings, Finding("store", "good", "empty: nothing has been run yet")]
    wrong = damages(store, thorough=thorough)
    for damage in wrong:
        findings.append(
            Finding(
                "store",
                "wrong",
                f"{damage.digest[:12]}: {damage}",
                "octavo run makes it again; or octavo clean --damaged",
            )
        )
    made = store.manifests()
    how = "every byte read" if thorough else "names, sizes and times; --thorough reads every byte"
    if not wrong:
        findings.append(Finding("store", "good", f"{len(made)} artifacts are sound ({how})"))
    found = leftovers(store, keep=3)
    findings.append(
        Finding("leftovers", "good", f"{size(sum(found.bytes.values()))} that octavo clean could give back")
    )
    if pins(store):
        findings.append(Finding("pins", "good", ", ".join(pins(store))))
    return findings
