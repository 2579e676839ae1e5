"""Measure near-duplicate search beside datatrove's MinHash pipeline: what is found, how fast, in how much memory.

    python bench/dedup.py [--peer PYTHON] [--repeats 3] [--out bench/results/dedup.md] [--only quality|speed|scale]

PYTHON is the interpreter of an environment with `datatrove[processing]`. The texts are the docstrings of this Python
environment, cut into 55,866 records of 25 MB, and the news texts in OCTAVO_SHARED (or ../shared), where it is there.
"""

from __future__ import annotations

import argparse
import ast
import functools
import gzip
import importlib.metadata
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from octavo.data.edits import RATES, scattered
from octavo.measures.intervals import wilson

RECORDS, BYTES = 55_866, 25_000_000
SEEDS = (1, 2, 3)
SHARED = Path(os.environ.get("OCTAVO_SHARED") or Path(__file__).parents[1] / ".." / "shared") / "data" / "curation"

PEER = """
import sys
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup.minhash import (MinhashConfig, MinhashDedupBuckets, MinhashDedupCluster,
                                              MinhashDedupFilter, MinhashDedupSignature)
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter

if __name__ == "__main__":
    given, work, tasks = sys.argv[1], sys.argv[2], int(sys.argv[3])
    config = MinhashConfig()
    def run(pipeline, count, name):
        LocalPipelineExecutor(pipeline=pipeline, tasks=count, workers=min(tasks, count),
                              logging_dir=f"{work}/logs/{name}").run()
    reader = lambda: JsonlReader(given)
    run([reader(), MinhashDedupSignature(output_folder=f"{work}/signatures", config=config)], tasks, "signatures")
    run([MinhashDedupBuckets(input_folder=f"{work}/signatures", output_folder=f"{work}/buckets", config=config)],
        config.num_buckets, "buckets")
    run([MinhashDedupCluster(input_folder=f"{work}/buckets", output_folder=f"{work}/remove", config=config)], 1,
        "cluster")
    run([reader(), MinhashDedupFilter(input_folder=f"{work}/remove",
                                      exclusion_writer=JsonlWriter(f"{work}/removed", compression=None)),
         JsonlWriter(f"{work}/kept", compression=None)], tasks, "filter")
"""
"""The peer with its defaults, all four stages."""


def docstrings() -> Iterator[str]:
    """The docstrings of the environment's sources."""
    warnings.simplefilter("ignore")
    for root in (sysconfig.get_paths()["purelib"], sysconfig.get_paths()["stdlib"]):
        for path in sorted(Path(root).rglob("*.py")):
            try:
                tree = ast.parse(path.read_text(encoding="utf-8"))
            except (SyntaxError, ValueError, UnicodeDecodeError, RecursionError):
                continue
            for part in ast.walk(tree):
                if isinstance(part, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                    text = ast.get_docstring(part)
                    if text and len(text) > 40:
                        yield text


@functools.cache
def record_texts() -> list[str]:
    """55,866 texts of some 450 bytes: docstrings, cut where they are much longer."""
    most = 5 * BYTES // (2 * RECORDS)
    pieces: list[str] = []
    for text in docstrings():
        pieces += [text[at : at + most] for at in range(0, len(text), most) if len(text[at : at + most]) > 40]
        if len(pieces) >= RECORDS:
            break
    random.Random(1).shuffle(pieces)
    return (pieces * (1 + RECORDS // len(pieces)))[:RECORDS]


def write_records(folder: Path, times: int = 1) -> list[Path]:
    """`times` × 55,866 records of some 450 bytes in two files, since the peer doesn't cut files; from the second time
    on every second word of a record is marked with the number of the time."""
    pieces = record_texts()
    folder.mkdir(parents=True)
    paths = [folder / f"part{number}.jsonl" for number in range(2)]
    outs = [path.open("w", encoding="utf-8") for path in paths]
    for time_ in range(times):
        for number, text in enumerate(pieces):
            if time_:
                words = text.split(" ")
                words[::2] = [f"{word}{time_}" for word in words[::2]]
                text = " ".join(words)
            row = {"id": f"{time_}-{number}", "text": text}
            outs[number % 2].write(json.dumps(row, ensure_ascii=False) + "\n")
    for out in outs:
        out.close()
    return paths


def measured(command: Sequence[str]) -> tuple[float, float, float, str]:
    """(seconds, processor seconds, peak MB of the process and all it started together, its output) of a command."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    seen = Seen()
    watcher = threading.Thread(target=seen.watch, args=(process.pid,), daemon=True)
    watcher.start()
    out, error = process.communicate()
    seconds = time.perf_counter() - began
    watcher.join(1)
    assert process.returncode == 0, error[-3000:]
    return seconds, sum(seen.ticks.values()) / os.sysconf("SC_CLK_TCK"), seen.peak, out


class Seen:
    """What a process and all it started need, looked at every 50 ms; also of those whose parent never asks."""

    def __init__(self) -> None:
        self.peak = 0.0
        """MB at once; memory that several share counts once."""
        self.ticks: dict[int, int] = {}

    def watch(self, pid: int) -> None:
        """Look until the process is gone."""
        while Path(f"/proc/{pid}").exists():
            total, todo = 0.0, [pid]
            while todo:
                one = todo.pop()
                try:
                    for task in Path(f"/proc/{one}/task").glob("*/children"):
                        todo += [int(child) for child in task.read_text().split()]
                    times = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()[11:13]
                    self.ticks[one] = sum(map(int, times))
                    rollup = Path(f"/proc/{one}/smaps_rollup").read_text()
                except OSError:
                    continue
                total += (
                    next((int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0) / 1024
                )
            self.peak = max(self.peak, total)
            time.sleep(0.05)


def ours(paths: Sequence[Path], out: Path, *more: str) -> list[str]:
    """The command that is measured."""
    given = [str(path) for path in paths]
    return [
        sys.executable,
        "-m",
        "octavo",
        "data",
        "dedup",
        *given,
        "-o",
        str(out),
        "--yes",
        "--json",
        "--workers",
        "2",
        *more,
    ]


def peers(python: str, given: Path, work: Path) -> list[str]:
    """The peer's command on the files of a folder."""
    script = work.parent / f"{work.name}.py"
    script.write_text(PEER)
    return [python, str(script), str(given), str(work), "2"]


def speed(python: str | None, repeats: int, folder: Path) -> list[str]:
    """Seconds end to end on the same 25 MB, alternately."""
    paths = write_records(folder / "speed")
    size = sum(path.stat().st_size for path in paths) / 1e6
    lines = [f"## Speed: {RECORDS:,} records, {size:.1f} MB, two cores each, process start and writing included", ""]
    mine, theirs = [], []
    for number in range(repeats):
        mine.append(measured(ours(paths, folder / f"out{number}.jsonl")))
        if python:
            theirs.append(measured(peers(python, folder / "speed", folder / f"peer{number}")))
    rows = [("octavo data dedup", mine), *([("datatrove MinHash", theirs)] if theirs else [])]
    lines += ["| | seconds (median, least to most) | processor seconds | peak MB |", "|---|---|---|---|"]
    for name, runs in rows:
        wall, spent, peak = ([run[at] for run in runs] for at in range(3))
        lines.append(
            f"| {name} | {statistics.median(wall):.2f} ({min(wall):.2f} to {max(wall):.2f}) "
            f"| {statistics.median(spent):.2f} ({min(spent):.2f} to {max(spent):.2f}) | {max(peak):.0f} |"
        )
    lines.append("")
    if theirs:
        fast = [other[0] / one[0] for one, other in zip(mine, theirs, strict=True)]
        spent = [other[1] / one[1] for one, other in zip(mine, theirs, strict=True)]
        lines.append(
            f"Ratio, pair by pair: {statistics.median(fast):.1f} × in seconds ({min(fast):.1f} to {max(fast):.1f})"
            f", {statistics.median(spent):.1f} × in processor seconds ({min(spent):.1f} to {max(spent):.1f});"
            " the target is 10."
        )
        kept = sum(sum(1 for _ in path.open("rb")) for path in (folder / "peer0" / "kept").glob("*"))
        lines.append(f"Kept: {json.loads(mine[0][3])['kept']:,} here, {kept:,} there.")
    return [*lines, ""]


def scale(repeats: int, folder: Path) -> list[str]:
    """Seconds and memory at ten times the data."""
    lines = ["## Scale", "", "| data | seconds | processor seconds | peak MB, all processes |", "|---|---|---|---|"]
    found: dict[int, list[float]] = {}
    for times in (1, 10):
        paths = write_records(folder / f"scale{times}", times)
        runs = [measured(ours(paths, folder / f"scaled{times}.jsonl")) for _ in range(repeats)]
        found[times] = [statistics.median(run[at] for run in runs) for at in range(3)]
        size = sum(path.stat().st_size for path in paths) / 1e6
        seconds, spent, peak = found[times]
        lines.append(f"| {size:.0f} MB, {times * RECORDS:,} records | {seconds:.2f} | {spent:.2f} | {peak:.0f} |")
    one, ten = found[1], found[10]
    lines += [
        "",
        f"Ten times the data: {ten[0] / one[0]:.1f} × the seconds, {ten[1] / one[1]:.1f} × the processor seconds (the "
        f"target is 11), {ten[2] / one[2]:.2f} × the memory (1.5). Medians of {repeats}.",
        "",
    ]
    return lines


def rows_of(name: str) -> list[dict[str, Any]]:
    """The rows of a shared file."""
    with gzip.open(SHARED / name, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def quality(python: str | None, folder: Path) -> list[str]:
    """Recall by share of edited words and precision, on news texts with planted copies."""
    if not (SHARED / "near_dup_articles.jsonl.gz").exists():
        return [f"## Quality: not measured, there is no {SHARED}", ""]
    rows = rows_of("near_dup_articles.jsonl.gz")
    truth = {frozenset((row["a"], row["b"])) for row in rows_of("near_dup_truth.jsonl.gz")}
    clusters = folder / "clusters.jsonl"
    given = folder / "news" / "in.jsonl"
    given.parent.mkdir(parents=True)
    given.write_text("".join(json.dumps({"id": row["id"], "text": row["text"]}) + "\n" for row in rows))
    measured(ours([given], folder / "news.jsonl", "--clusters", str(clusters)))
    pairs = {frozenset((row["id"], row["kept"])) for row in map(json.loads, clusters.open())}
    lines = ["## Quality: 250 news texts of some 250 words and an edited copy of each, among 750 others", ""]
    lines.append(f"The {len(truth)} planted pairs of the set: {len(pairs & truth)} found, {len(pairs - truth)} false.")
    lines += [
        "",
        "| edited words | octavo: recall (95 %) | precision (95 %) | datatrove: recall |",
        "|---|---|---|---|",
    ]
    paired = {name for pair in truth for name in pair}
    texts = [row["text"] for row in rows if row["id"] not in paired]
    words = " ".join(texts).split()
    for share in RATES:
        right = wrong = caught = total = 0
        for seed in SEEDS:
            rng = random.Random(seed)
            chosen = rng.sample(range(len(texts)), 250)
            name = f"edited-{share}-{seed}"
            path = folder / name / "in.jsonl"
            path.parent.mkdir()
            with path.open("w") as out:
                for number, text in enumerate(texts):
                    out.write(json.dumps({"id": str(number), "text": text}) + "\n")
                for number in chosen:
                    out.write(
                        json.dumps({"id": f"c{number}", "text": scattered(texts[number], share, words, rng)}) + "\n"
                    )
            measured(ours([path], folder / f"{name}.jsonl", "--clusters", str(clusters)))
            for row in map(json.loads, clusters.open()):
                same = row["id"].lstrip("c") == row["kept"].lstrip("c")
                right, wrong = right + same, wrong + (not same)
            total += len(chosen)
            if python and seed == SEEDS[0]:
                measured(peers(python, path.parent, folder / f"{name}-peer"))
                gone = [
                    json.loads(line)["id"]
                    for part in (folder / f"{name}-peer" / "removed").glob("*")
                    for line in part.open()
                ]
                caught = len({one.lstrip("c") for one in gone} & set(map(str, chosen)))
        recall, precision = wilson(right, total), "none found"
        if right + wrong:
            sure = wilson(right, right + wrong)
            precision = f"{right / (right + wrong):.3f} ({sure.low:.3f} to {sure.high:.3f}), {right + wrong} pairs"
        lines.append(
            f"| {share:.0%} | {right / total:.3f} ({recall.low:.3f} to {recall.high:.3f}) | {precision} "
            f"| {f'{caught / 250:.3f}' if python else 'not measured'} |"
        )
    lines += [
        "",
        "Targets: recall .95 at 5 %, .90 at 10 %, precision .99. Three seeds here, the first of them there.",
        "",
    ]
    return lines + templates(folder)


def templates(folder: Path) -> list[str]:
    """What is removed of forms filled in with other words each time, which are no copies."""
    texts = [row["text"] for row in rows_of("near_dup_articles.jsonl.gz")][:100]
    words = " ".join(texts).split()
    lines = ["| words filled in, of some 250 | 2 of each form | 3 | 10 |", "|---|---|---|---|"]
    for slots in (10, 20, 40):
        cells = []
        for each in (2, 3, 10):
            rng = random.Random(slots)
            path = folder / f"forms-{slots}-{each}.jsonl"
            with path.open("w") as out:
                for number, text in enumerate(texts):
                    form = text.split()
                    places = rng.sample(range(len(form)), slots)
                    for one in range(each):
                        for place in places:
                            form[place] = rng.choice(words)
                        out.write(json.dumps({"id": f"{number}-{one}", "text": " ".join(form)}) + "\n")
            said = json.loads(measured(ours([path], folder / "forms.jsonl"))[3])
            cells.append(f"{said['share']:.1%}")
        lines.append(f"| {slots} | {' | '.join(cells)} |")
    return [
        "Share removed of filled-in forms (no copies; two of a form can't be told from an original and its copy):",
        "",
        *lines,
        "",
    ]


def machine() -> str:
    """The date, the machine and the versions."""
    load = os.getloadavg()[0]
    busy = f", machine busy (load {load:.1f})" if load > 1 else ""
    versions = f"Python {platform.python_version()}, numpy {importlib.metadata.version('numpy')}"
    return f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores {platform.machine()}{busy}; {versions}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", default="/tmp/peers/datatrove/bin/python")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "dedup.md")
    parser.add_argument("--only", choices=["quality", "speed", "scale"])
    given = parser.parse_args()
    python = given.peer if Path(given.peer).exists() else None
    about = machine()
    if python:
        ask = "import importlib.metadata as m; print(m.version('datatrove'))"
        about += (
            ", datatrove "
            + subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout.strip()
        )
    lines = ["# Near duplicates", "", about + ".", "", "    python bench/dedup.py", ""]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if given.only in (None, "quality"):
            lines += quality(python, folder)
        if given.only in (None, "speed"):
            lines += speed(python, given.repeats, folder)
        if given.only in (None, "scale"):
            lines += scale(given.repeats, folder)
    text = "\n".join(lines).rstrip() + "\n"
    print(text)
    if given.only is None:
        given.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
