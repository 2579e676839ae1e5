"""Measure the index on plain files: making it, adding to it, searching it, and killing what writes it.

    python bench/knowledge.py all [--work DIR] [--peers /tmp/peers/bm25s/bin/python] [--out bench/results/knowledge.md]
    python bench/knowledge.py make | add | query | peers | kills

The passages are made by `octavo.data.world`: some 100 words each, about invented places and people; the questions are
those that the same maker asks about them. Layers that this installation lacks are named and left out. Indexes that DIR
holds are used again: the one of 100,000 passages with all layers is what takes longest. Parts that were measured are
kept in DIR/measured.json, so that a part can be measured again by itself; every run writes the table.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from aside import circumstances
from knowledge_kills import measure_kills, write_steps

from octavo.data.world.items import Maker
from octavo.kinds.documents import Document
from octavo.knowledge import folder
from octavo.knowledge.index.index import Index
from octavo.knowledge.index.terms import STOP_WORDS, TOKEN
from octavo.knowledge.layers import installed, open_index
from octavo.knowledge.search import METHODS, search

WORDS = 100
SIZES = [1_000, 10_000, 100_000]
TARGETS = {"make": 60.0, "add": 50.0, "sparse": 20.0, "dense": 20.0, "hybrid": 20.0, "graph": 60.0}
"""Seconds for making; milliseconds for the others."""
Measured = dict[str, Any]


# ── what is measured on ────────────────────────────────────────────────────────────────────────────────────────


def world(count: int) -> Iterator[tuple[Document, list[str]]]:
    """`count` documents of some 100 words each, with questions about them; always the same ones."""
    maker = Maker("bench: knowledge")
    made, text, questions = 0, [], []
    while made < count:
        item = maker.item()
        text += item.passages
        questions += [asked.question for asked in item.asked if asked.passage >= 0]
        if sum(len(part.split()) for part in text) >= WORDS:
            yield Document(f"world/{made:06d}", " ".join(text)), questions
            made, text, questions = made + 1, [], []


def passages_file(work: Path, count: int) -> Path:
    """The documents as JSON Lines, and 400 questions spread over them beside."""
    path = work / f"passages-{count}.jsonl"
    if not path.exists():
        partial, asked = path.with_suffix(".partial"), []
        with partial.open("w", encoding="utf-8") as out:
            for number, (document, questions) in enumerate(world(count)):
                out.write(json.dumps({"id": document.id, "text": document.text}, ensure_ascii=False) + "\n")
                if number % max(1, count // 400) == 0 and questions:
                    asked.append({"id": document.id, "question": questions[0]})
        (work / f"questions-{count}.json").write_text(json.dumps(asked[:400]))
        partial.rename(path)
    return path


def questions_of(work: Path, count: int) -> list[dict[str, str]]:
    """The questions about the documents of `passages_file`."""
    found: list[dict[str, str]] = json.loads((work / f"questions-{count}.json").read_text())
    return found


def index_of(work: Path, count: int, layers: tuple[str, ...]) -> Path:
    """An index of `count` documents with these layers, made when it is not there."""
    place = work / f"index-{count}-{'-'.join(layers) or 'bare'}"
    if not (place / "index.sqlite").exists():
        print(f"making {place.name}", file=sys.stderr, flush=True)
        path = passages_file(work, count)
        _, processor = timed(lambda: folder.make([path], place, layers=layers, tried=False))
        (work / f"{place.name}.seconds").write_text(str(processor))
    return place / "index.sqlite"


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Seconds on the wall and of the processor."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


def spread(seconds: list[float]) -> dict[str, float]:
    """Median, 5th and 95th percentile in milliseconds."""
    at = 1000 * np.quantile(seconds, [0.5, 0.05, 0.95])
    return {name: round(float(value), 2) for name, value in zip(("p50", "p05", "p95"), at, strict=True)}


# ── the parts ──────────────────────────────────────────────────────────────────────────────────────────────────


def measure_make(work: Path, runs: int) -> Measured:
    """6,000 passages to an index: bare, with each layer, with all; a process each, so that memory is its own."""
    rows = {}
    kinds: list[tuple[str, ...]] = [(), *((name,) for name in installed())]
    if len(installed()) > 1:
        kinds.append(installed())
    path = passages_file(work, 6000)
    for layers in kinds:
        found = []
        for _ in range(runs):
            shutil.rmtree(work / "made", ignore_errors=True)
            command = [sys.executable, __file__, "made-once", str(path), str(work / "made"), *layers]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found.append(json.loads(done.stdout))
        rows["+".join(("text", *layers))] = {key: [one[key] for one in found] for key in found[0]}
    return rows


def made_once(path: Path, out: Path, layers: tuple[str, ...]) -> None:
    """Make one index and print what it took."""
    wall, processor = timed(lambda: folder.make([path], out, layers=layers))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = (out / "index.sqlite").stat().st_size / 1e6
    print(json.dumps({"wall": wall, "processor": processor, "peak": peak, "size": size}))


def measure_add(work: Path) -> Measured:
    """Adding one document, and the first search after it, in indexes of three sizes, taken in turns."""
    extra = [document for document, _ in world(130)][-30:]
    rows: Measured = {}
    for layers in dict.fromkeys([(), installed()]):
        opened = {}
        for size in SIZES:
            copy = work / f"add-{size}.sqlite"
            shutil.copy(index_of(work, size, layers), copy)
            opened[size] = open_index(copy, write=True)
        walls: dict[int, list[float]] = {size: [] for size in SIZES}
        processors: dict[int, list[float]] = {size: [] for size in SIZES}
        after: dict[int, list[float]] = {size: [] for size in SIZES}
        for number, document in enumerate(extra):
            for size, index in opened.items():
                one = Document(f"extra/{number}", document.text)
                wall, processor = timed(lambda i=index, d=one: i.add([d]))
                seconds, _ = timed(lambda i=index, d=one: search(i.view(), d.text[:80], 5))
                if number >= 5:  # the first ones read what is kept in memory afterwards
                    walls[size].append(wall)
                    processors[size].append(processor)
                    after[size].append(seconds)
        for size, index in opened.items():
            index.close()
            for left in work.glob(f"add-{size}.sqlite*"):
                left.unlink()
            name = f"{'+'.join(('text', *layers))} {size}"
            rows[name] = {"wall": spread(walls[size]), "processor": spread(processors[size])}
            rows[name]["search after"] = spread(after[size])
    return rows


def measure_query(work: Path) -> Measured:
    """Questions to an index of 100,000 passages, the methods in turns; and how often the document is found."""
    size = SIZES[-1]
    layers = installed()
    asked = questions_of(work, size)
    methods = [name for name, (_, _, needed) in METHODS.items() if not needed or needed in layers]
    for name in METHODS:
        if name not in methods:
            print(f"ABSENT: the method {name} is not measured, its layer is not installed", file=sys.stderr)
    with open_index(index_of(work, size, layers)) as index:
        seconds: dict[str, list[float]] = {name: [] for name in methods}
        processors: dict[str, list[float]] = {name: [] for name in methods}
        hits = dict.fromkeys(methods, 0)
        for method in methods:
            for row in asked[:5]:
                search(index.view(), row["question"], 5, method)
        for row in asked[5:205]:
            for method in methods:
                found: list[Any] = []
                wall, processor = timed(
                    lambda m=method, q=row["question"], f=found: f.extend(search(index.view(), q, 5, m))
                )
                seconds[method].append(wall)
                processors[method].append(processor)
                hits[method] += row["id"] in [one.id for one in found]
    made = work / f"index-{size}-{'-'.join(layers) or 'bare'}.seconds"
    return {"size": size, "made": float(made.read_text())} | {
        name: {"wall": spread(seconds[name]), "processor": spread(processors[name]), "hit5": hits[name] / 200}
        for name in methods
    }


# ── peers ──────────────────────────────────────────────────────────────────────────────────────────────────────


def long_queries(work: Path, size: int) -> list[str]:
    """Some 15 words from all over a document each: the hard case of an OR."""
    found = []
    with passages_file(work, size).open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if number % (size // 100) == 0:
                words = [w for w in TOKEN.findall(json.loads(line)["text"]) if w.lower() not in STOP_WORDS]
                found.append(" ".join(random.Random(number).sample(words, min(15, len(words)))))
    return found


def fts_table(work: Path, size: int) -> tuple[Path, float]:
    """The same documents in an FTS5 table that stems as we do; seconds of the processor."""
    path = work / f"fts-{size}.sqlite"
    path.unlink(missing_ok=True)
    c = sqlite3.connect(path)
    c.execute("PRAGMA journal_mode=WAL")
    c.execute("CREATE VIRTUAL TABLE passages USING fts5(id UNINDEXED, text, tokenize='porter unicode61')")

    def fill() -> None:
        with passages_file(work, size).open(encoding="utf-8") as lines, c:
            rows = (json.loads(line) for line in lines)
            c.executemany("INSERT INTO passages VALUES (?, ?)", ((row["id"], row["text"]) for row in rows))

    _, processor = timed(fill)
    c.execute("INSERT INTO passages(passages) VALUES ('optimize')")
    c.commit()
    c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    c.close()
    return path, processor


def fts_search(c: sqlite3.Connection, question: str) -> list[str]:
    """The first five of an OR of the words that carry topic, by FTS5's own BM25."""
    words = dict.fromkeys(w.lower() for w in TOKEN.findall(question) if w.lower() not in STOP_WORDS)
    either = " OR ".join(f'"{word}"' for word in words)
    query = "SELECT id FROM passages WHERE passages MATCH ? ORDER BY rank LIMIT 5"
    return [row[0] for row in c.execute(query, (either,))] if either else []


def measure_peers(work: Path, python: Path) -> Measured:
    """Sparse search beside FTS5 (in turns) and bm25s (in a process of its own, right after)."""
    size = SIZES[-1]
    path, processor = fts_table(work, size)
    bare = index_of(work, size, ())
    asked = questions_of(work, size)[:200]
    questions = {"questions": [row["question"] for row in asked], "15 words": long_queries(work, size)}
    expected = [row["id"] for row in asked]
    rows: Measured = {"size": size, "octavo": {}, "FTS5": {"make": processor}, "bm25s": {}}
    rows["octavo"]["make"] = float((work / f"{bare.parent.name}.seconds").read_text())
    c = sqlite3.connect(path)
    with Index.open(bare) as index:
        for name, texts in questions.items():
            ours: list[float] = []
            theirs: list[float] = []
            for text in texts:
                ours.append(timed(lambda t=text: search(index.view(), t, 5, "sparse"))[0])
                theirs.append(timed(lambda t=text: fts_search(c, t))[0])
            rows["octavo"][name], rows["FTS5"][name] = spread(ours), spread(theirs)
            ratio = np.median(np.array(theirs) / np.array(ours))
            rows["FTS5"][f"{name} ratio"] = round(float(ratio), 2)
        for name, found in (
            ("octavo", lambda q: [hit.id for hit in search(index.view(), q, 5, "sparse")]),
            ("FTS5", lambda q: fts_search(c, q)),
        ):
            right = [e in found(q) for q, e in zip(questions["questions"], expected, strict=True)]
            rows[name]["hit5"] = sum(right) / len(right)
    adds = []
    for number, (document, _) in enumerate(list(world(120))[-20:]):

        def insert(n: int = number, text: str = document.text) -> None:
            with c:
                c.execute("INSERT INTO passages VALUES (?, ?)", (f"extra/{n}", text))

        adds.append(timed(insert)[0])
    rows["FTS5"]["add"] = spread(adds)
    c.close()
    rows["octavo"]["size"], rows["FTS5"]["size"] = bare.stat().st_size / 1e6, path.stat().st_size / 1e6
    rows["bm25s"] = bm25s(work, python, questions, expected)
    return rows


PEER = """
import json, sys, time, bm25s, Stemmer
stemmer = Stemmer.Stemmer("english")
rows = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
asked = json.load(open(sys.argv[2], encoding="utf-8"))
began = time.process_time()
model = bm25s.BM25()
model.index(bm25s.tokenize([row["text"] for row in rows], stemmer=stemmer, show_progress=False), show_progress=False)
found = {"version": bm25s.__version__, "make": time.process_time() - began}
for name, questions in asked["questions"].items():
    times, right = [], 0
    for number, question in enumerate(questions):
        began = time.perf_counter()
        tokens = bm25s.tokenize(question, stemmer=stemmer, show_progress=False)
        ids, _ = model.retrieve(tokens, k=5, show_progress=False)
        times.append(time.perf_counter() - began)
        if name == "questions":
            right += asked["expected"][number] in [rows[i]["id"] for i in ids[0]]
    found[name] = times
    if name == "questions":
        found["hit5"] = right / len(questions)
print(json.dumps(found))
"""


def bm25s(work: Path, python: Path, questions: dict[str, list[str]], expected: list[str]) -> Measured:
    """The same questions to bm25s, whose index lies in memory and can't grow."""
    if not python.exists():
        print(f"ABSENT: bm25s is not measured, there is no {python}", file=sys.stderr)
        return {"absent": True}
    given = work / "peer.json"
    given.write_text(json.dumps({"questions": questions, "expected": expected}))
    command = [str(python), "-c", PEER, str(passages_file(work, SIZES[-1])), str(given)]
    found: Measured = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {name: spread(value) if isinstance(value, list) else value for name, value in found.items()}


# ── the table ──────────────────────────────────────────────────────────────────────────────────────────────────


def verdict(value: float, target: float) -> str:
    """Whether the target is met."""
    return "met" if value <= target else f"MISSED by {value / target:.1f} ×"


def report(measured: Measured) -> str:
    """The table of everything that was measured."""
    lines = ["# The index", "", measured["machine"], "", __doc__.split("\n\n")[2].strip(), ""]
    busy = measured.get("load", 0.0) > 1.5
    if busy:
        lines += [f"The machine was busy with other work (load {measured['load']:.1f} on {os.cpu_count()} cores).", ""]
    for name, table in (("make", _make), ("add", _add), ("query", _query), ("peers", _peers), ("kills", _kills)):
        if name in measured:
            lines += [*table(measured[name]), ""]
        else:
            lines += [f"**Not measured yet: `python bench/knowledge.py {name}`.**", ""]
    return "\n".join(lines)


def _make(rows: Measured) -> list[str]:
    lines = ["## Making an index of 6,000 passages of some 100 words", ""]
    lines += ["| | seconds, all runs | processor seconds | peak MB | MB on disk | target 60 s |"]
    lines += ["|---|---|---|---|---|---|"]
    for name, row in rows.items():
        walls, processors = (", ".join(f"{one:.1f}" for one in row[key]) for key in ("wall", "processor"))
        worst = verdict(max(row["wall"]), TARGETS["make"])
        lines.append(f"| {name} | {walls} | {processors} | {max(row['peak']):.0f} | {row['size'][0]:.1f} | {worst} |")
    return lines


def _add(rows: Measured) -> list[str]:
    lines = ["## Adding one document, fsync included, and the first search after it", ""]
    lines += ["In ms: median, 5th to 95th percentile.", ""]
    lines += ["| layers, passages | wall | processor | search after | target 50 ms |", "|---|---|---|---|---|"]
    for name, row in rows.items():
        cells = [_span(row[key]) for key in ("wall", "processor", "search after")]
        lines.append(f"| {name} | {' | '.join(cells)} | {verdict(row['wall']['p50'], TARGETS['add'])} |")
    return lines


def _query(rows: Measured) -> list[str]:
    lines = [f"## A question at {rows['size']:,} passages (ms: median, 5th to 95th percentile), 200 questions", ""]
    lines += [f"The index with all layers took {rows['made']:.0f} s of processor time when it was made.", ""]
    lines += ["| method | wall | processor | its document in the first five | target |", "|---|---|---|---|---|"]
    for name in METHODS:
        if name not in rows:
            lines.append(f"| {name} | not installed | | | |")
            continue
        row, target = rows[name], TARGETS[name]
        met = f"{target:.0f} ms: {verdict(row['wall']['p50'], target)}"
        lines.append(f"| {name} | {_span(row['wall'])} | {_span(row['processor'])} | {row['hit5']:.0%} | {met} |")
    return lines


def _peers(rows: Measured) -> list[str]:
    lines = [f"## Sparse search at {rows['size']:,} passages beside others (ms: median, 5th to 95th percentile)", ""]
    lines += [
        "| | questions | 15 words with OR | in the first five | made, processor s | MB | adding one |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, row in ((name, rows[name]) for name in ("octavo", "FTS5", "bm25s")):
        if row.get("absent"):
            lines.append(f"| {name} | not installed | | | | | |")
            continue
        shown = f"{name} {row['version']}" if "version" in row else name
        size = f"{row['size']:.0f}" if "size" in row else "in memory"
        add = _span(row["add"]) if "add" in row else ("see above" if name == "octavo" else "can't")
        lines.append(
            f"| {shown} | {_span(row['questions'])} | {_span(row['15 words'])} | {row['hit5']:.0%} "
            f"| {row['make']:.1f} | {size} | {add} |"
        )
    ratios = [f"{rows['FTS5'][f'{name} ratio']:.1f} × on {name}" for name in ("questions", "15 words")]
    lines += ["", f"FTS5's time over ours, question by question, median: {', '.join(ratios)}."]
    return lines


def _kills(row: Measured) -> list[str]:
    with_layers = f" with {', '.join(row['layers'])}" if row["layers"] else ""
    return [
        "## Killed while it writes",
        "",
        f"{row['kills']} times `kill -9` at a random moment of making an index, adding, replacing, deleting, going",
        f"back, pruning, forgetting and learning the vectors anew{with_layers}; {row['hit']} found the writer at work,",
        f"{row['steps']} changes were made in all. Not loadable afterwards, or layers that don't agree with the",
        f"documents: {row['unloadable']}. Something acknowledged lost: {row['lost']}.",
    ]


def _span(row: dict[str, float]) -> str:
    return f"{row['p50']:.1f} ({row['p05']:.1f} to {row['p95']:.1f})"


def main() -> None:
    """Measure what was asked for, and write the table."""
    if sys.argv[1:2] == ["made-once"]:
        made_once(Path(sys.argv[2]), Path(sys.argv[3]), tuple(sys.argv[4:]))
        return
    if sys.argv[1:2] == ["write-steps"]:
        write_steps(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="?", default="all", choices=["all", "make", "add", "query", "peers", "kills"])
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "octavo-bench-knowledge")
    parser.add_argument("--peers", type=Path, default=Path("/tmp/peers/bm25s/bin/python"))
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "knowledge.md")
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--most", type=int, default=SIZES[-1], help="Passages of the largest index.")
    given = parser.parse_args()
    SIZES[:] = [size for size in SIZES if size < given.most] + [given.most]
    given.work.mkdir(parents=True, exist_ok=True)
    kept = given.work / "measured.json"
    measured: Measured = json.loads(kept.read_text()) if kept.exists() else {}
    parts: dict[str, Callable[[], Measured]] = {
        "make": lambda: measure_make(given.work, given.runs),
        "add": lambda: measure_add(given.work),
        "query": lambda: measure_query(given.work),
        "peers": lambda: measure_peers(given.work, given.peers),
        "kills": lambda: measure_kills(given.work, given.kills),
    }
    for name, part in parts.items():
        if given.part in ("all", name):
            print(f"measuring: {name}", file=sys.stderr, flush=True)
            measured["load"] = max(os.getloadavg()[0], measured.get("load", 0.0) if given.part != "all" else 0.0)
            measured[name] = part()
            measured["machine"] = circumstances("python bench/knowledge.py all", "numpy")
            kept.write_text(json.dumps(measured, indent=1))
            given.out.write_text(report(measured), encoding="utf-8")
    print(given.out.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
