"""Measure the searches for repeated lines, repeated pieces and records of the same meaning.

    python bench/repeats.py [--shared FOLDER] [--out bench/results/repeats.md]

Three questions. (1) Throughput a core and, at ten times the data, time and memory: each in a process of its own, on
text made of the shared collections. (2) Completeness and borders of cuts: pieces of 60 to 400 characters planted into
other texts. (3) What the semantic search adds: pairs of summaries of the same article by different writers, against
pairs of different articles; the threshold is chosen on half of the articles for a precision of .95 and measured on the
other half, three times, beside word triples (Jaccard) and beside length alone.
"""

from __future__ import annotations

import argparse
import datetime
import gzip
import json
import os
import platform
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from octavo.data.repeats.borders import is_border
from octavo.data.repeats.cuts import by_row, read_cuts, texts_of
from octavo.data.repeats.lines import LineLimits, find_lines
from octavo.data.repeats.meaning.embedding import learn, rarity_of
from octavo.data.repeats.meaning.features import COLUMNS, count_features
from octavo.data.repeats.meaning.semantic import SemanticLimits, find_semantic
from octavo.data.repeats.substring import SubstringLimits, find_substrings
from octavo.kinds.records import Shard, read_shard, shards

KINDS = ("line", "substring", "semantic")
TARGETS = {"line": 20.0, "substring": 2.0, "semantic": 1.0}
"""Megabytes a second and core."""
TEXT_FIELDS = ("text", "article", "human", "generated")


def texts_in(shared: Path) -> list[str]:
    """All longer texts of the shared collections, in the order of their files."""
    found = []
    for folder in ("curation", "factuality", "detection", "news"):
        for path in sorted((shared / "data" / folder).glob("*.jsonl.gz")):
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                for line in lines:
                    row = json.loads(line)
                    if isinstance(row, dict):
                        found += [row[name] for name in TEXT_FIELDS if isinstance(row.get(name), str)]
    return [text for text in found if len(text) >= 300]


def write_collection(path: Path, texts: Sequence[str], size: int, seed: int) -> int:
    """Records of about a kilobyte, of sentences drawn from the texts, `size` bytes in all; how many bytes it became.

    A tenth of the records repeat a line, a tenth have a piece of another record.
    """
    chance = random.Random(seed)
    sentences = [one for text in texts for one in re.split(r"(?<=[.!?]) +", text) if 40 < len(one) < 300]
    feet = [chance.choice(sentences) for _ in range(50)]
    held, last = 0, ""
    with path.open("wb") as out:
        while held < size:
            words = " ".join(chance.sample(sentences, 7)).split()
            # each word may become another one, so that ten times the data is not ten times the repeats
            for at in chance.sample(range(len(words)), len(words) // 3):
                words[at] = f"{words[at]}{chance.randrange(10**5)}"
            text = " ".join(words)
            if chance.random() < 0.1:
                text += f"\n{chance.choice(feet)}\n"
            if last and chance.random() < 0.1:
                text = f"{text} {last[100:500]}"
            last = text
            held += out.write(json.dumps({"id": str(held), "text": text}, ensure_ascii=False).encode() + b"\n")
    return held


def search(kind: str, source: Path) -> None:
    """One search in this process; prints seconds of the processor, of the clock, and the peak of memory in bytes."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        parts = shards([source], scratch)
        counts = [sum(1 for _ in read_shard(part)) for part in parts]
        before, clock = time.process_time(), time.perf_counter()
        if kind == "line":
            find_lines(parts, LineLimits(), scratch / "work", on="serial")
        elif kind == "substring":
            find_substrings(parts, SubstringLimits(), scratch / "work", on="serial")
        else:
            find_semantic(parts, counts, SemanticLimits(), scratch / "work", on="serial")
        spent = time.process_time() - before
        # not ru_maxrss, which a process takes over from the one that started it
        status = Path("/proc/self/status").read_text()
        peak = int(status.partition("VmHWM:")[2].split()[0]) * 1024
        print(json.dumps({"cpu": spent, "wall": time.perf_counter() - clock, "memory": peak}))


def measured(kind: str, source: Path) -> dict[str, float]:
    """`search` in a process of its own, on one thread."""
    done = subprocess.run(
        [sys.executable, __file__, "--search", kind, str(source)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def speed(texts: Sequence[str], size: int, repeats: int) -> list[list[str]]:
    """Throughput, and time and memory at ten times the data; sizes take turns."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        small, large = Path(name) / "small.jsonl", Path(name) / "large.jsonl"
        bytes_small, bytes_large = (
            write_collection(small, texts, size, 1),
            write_collection(large, texts, 10 * size, 2),
        )
        for kind in KINDS:
            runs = [(measured(kind, small), measured(kind, large)) for _ in range(repeats)]
            rates = [bytes_large / 1e6 / large["cpu"] for _, large in runs]
            times = [large["cpu"] / small["cpu"] for small, large in runs]
            memory = [large["memory"] / small["memory"] for small, large in runs]
            most = max(large["memory"] for _, large in runs) / 2**20
            rows.append(
                [
                    kind,
                    f"{statistics.median(rates):.1f} ({min(rates):.1f}–{max(rates):.1f})",
                    f"{TARGETS[kind]:.0f}",
                    f"{statistics.median(times) * 10 * bytes_small / bytes_large:.1f}",
                    f"{statistics.median(memory):.2f}",
                    f"{most:,.0f} MiB",
                ]
            )
    return rows


def planted(texts: Sequence[str], seed: int) -> dict[str, float]:
    """Pieces of one half of the texts put into the other half, at a random place between two words: how many of those
    of at least 100 characters are cut, how much of their characters, and how many cuts split a word."""
    chance = random.Random(seed)
    # no text twice, and none that shares a piece with another one to begin with
    chosen = list(dict.fromkeys(text[:1500] for text in chance.sample(list(texts), 1200)))
    half = len(chosen) // 2
    givers, takers = chosen[:half], chosen[half : 2 * half]
    rows, truth = list(givers), []
    for giver, taker in zip(givers, takers, strict=True):
        length = chance.randrange(60, 400)
        start = chance.randrange(max(1, len(giver) - length))
        piece = giver[start : start + length]
        gaps = [found.end() for found in re.finditer(r"\s+", taker)]
        at = chance.choice(gaps or [0])
        rows.append(taker[:at] + piece + " " + taker[at:])
        truth.append((at, at + len(piece)))
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / "in.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in rows))
        (part,) = shards([place / "in.jsonl"], place, 2**30)
        exact, drawn = (by_row(read_cuts(_substrings(part, borders, place))) for borders in (False, True))
        read = list(texts_of(part))
    long = [(n + half, *span) for n, span in enumerate(truth) if span[1] - span[0] >= 100]
    hit = [_covered(exact.get(row), start, end) for row, start, end in long]
    kept = [_covered(drawn.get(row), start, end) for row, start, end in long]
    ends = [(row, int(place)) for row, cuts in drawn.items() for cut in cuts for place in (cut["start"], cut["end"])]
    short = [_covered(exact.get(n + half), *span) for n, span in enumerate(truth) if span[1] - span[0] < 90]
    return {
        "pieces": len(long),
        "found": sum(share == 1 for share in hit) / len(hit),
        "characters": sum(kept) / len(kept),
        "split": sum(not is_border(read[row], place) for row, place in ends),
        "ends": len(ends),
        "short": sum(share > 0.9 for share in short),
    }


def _substrings(part: Shard, borders: bool, place: Path) -> Path:
    return find_substrings([part], SubstringLimits(100, borders), place / str(borders), on="serial")[0]


def _covered(cuts: Any, start: int, end: int) -> float:
    if cuts is None:
        return 0.0
    inside = np.minimum(cuts["end"], end).astype(int) - np.maximum(cuts["start"], start).astype(int)
    return float(np.maximum(inside, 0).sum() / (end - start))


def summaries(shared: Path) -> tuple[list[str], list[str], list[str]]:
    """Summaries by several writers (FRANK) and summaries with a few words changed (SummEdits), what each is a version
    of, and the articles."""
    texts: list[str] = []
    labels: list[str] = []
    articles = []
    with gzip.open(shared / "data/factuality/frank_summaries.jsonl.gz", "rt") as lines:
        for row in map(json.loads, lines):
            texts.append(row["summary"].replace("\\'", "'"))
            labels.append(row["hash"])
    with gzip.open(shared / "data/factuality/frank_articles.jsonl.gz", "rt") as lines:
        for row in map(json.loads, lines):
            texts.append(row["reference"])
            labels.append(row["hash"])
            articles.append(row["article"])
    with gzip.open(shared / "data/factuality/summedits.jsonl.gz", "rt") as lines:
        for row in map(json.loads, lines):
            if row["consistent"] and row["summary"] != row["original_summary"]:
                texts.append(row["summary"])
                labels.append(f"edits {row['doc']} {row['original_summary']}")
    return texts, labels, articles


def likeness(texts: Sequence[str], articles: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Three ways to compare all texts with each other."""
    counts = count_features([*texts, *articles])
    frequencies = np.bincount(counts.columns, minlength=COLUMNS)
    space = learn(counts, rarity_of(frequencies, len(texts) + len(articles)))
    vectors = space(texts).astype(np.float64)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1)
    triples = []
    for text in texts:
        words = re.findall(r"\w+", text.lower())
        triples.append({tuple(words[n : n + 3]) for n in range(len(words) - 2)})
    numbers: dict[Any, int] = {}
    columns = [[numbers.setdefault(one, len(numbers)) for one in sorted(found)] for found in triples]
    sizes = np.array([len(one) for one in columns], float)
    first = np.concatenate([[0], np.cumsum(sizes)]).astype(int)
    flat = np.array([one for column in columns for one in column], int)
    table = sparse.csr_matrix((np.ones(len(flat)), flat, first), shape=(len(texts), max(len(numbers), 1)))
    shared_triples = (table @ table.T).toarray()
    union = sizes[:, None] + sizes[None, :] - shared_triples
    length = np.array([len(text) for text in texts], float)
    return {
        "semantic": vectors @ vectors.T,
        "word triples": shared_triples / np.maximum(union, 1),
        "length": np.minimum(length[:, None], length) / np.maximum(length[:, None], length),
    }


def meaning(shared: Path, edited: bool) -> list[list[str]]:
    """Recall and precision on one half of the articles, with the threshold chosen on the other half; on the summaries
    with changed words or on those by several writers."""
    texts, labels, articles = summaries(shared)
    chosen_rows = [n for n, label in enumerate(labels) if label.startswith("edits ") == edited]
    texts, labels = [texts[n] for n in chosen_rows], [labels[n] for n in chosen_rows]
    ways = likeness(texts, articles)
    names = sorted(set(labels))
    number = np.array([names.index(label) for label in labels])
    found: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    fixed: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for seed in range(3):
        chosen = np.random.default_rng(seed).permutation(len(names)) < len(names) // 2
        tune, test = (np.flatnonzero(chosen[number] == side) for side in (True, False))
        for way, table in ways.items():
            least = _least(*_pairs(table, number, tune), precision=0.95)
            found[way].append((least, *_judged(*_pairs(table, number, test), least)))
        fixed["semantic"].append((0.9, *_judged(*_pairs(ways["semantic"], number, test), 0.9)))
        fixed["word triples"].append((0.5, *_judged(*_pairs(ways["word triples"], number, test), 0.5)))
    found.update({f"{way}, at the default": results for way, results in fixed.items()})
    rows = []
    for way, results in found.items():
        columns = list(zip(*results, strict=True))
        rows.append([way, *(f"{statistics.mean(one):.3f} ({min(one):.3f}–{max(one):.3f})" for one in columns)])
    return rows


def _pairs(
    table: NDArray[np.float64], number: NDArray[np.int64], rows: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    first, second = np.triu_indices(len(rows), 1)
    return table[rows[first], rows[second]], number[rows[first]] == number[rows[second]]


def _least(values: NDArray[np.float64], same: NDArray[np.bool_], precision: float) -> float:
    """The lowest threshold with at least this precision; above all values when none has it."""
    order = np.argsort(-values, kind="stable")
    right = np.cumsum(same[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero((right >= precision) & (np.diff(values[order], append=-1) < 0))
    return float(values[order][good[-1]]) if len(good) else 1.01


def _judged(values: NDArray[np.float64], same: NDArray[np.bool_], least: float) -> tuple[float, float]:
    picked = values >= least
    return float(picked[same].mean()), float(same[picked].mean()) if picked.any() else float("nan")


def table_of(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    here = Path(__file__).resolve().parents[1]
    parser.add_argument("--shared", type=Path, default=Path(os.environ.get("OCTAVO_SHARED", here.parent / "shared")))
    parser.add_argument("--out", type=Path, default=here / "bench/results/repeats.md")
    parser.add_argument("--megabytes", type=float, default=10, help="size of the small collection")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--search", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.search:
        search(given.search[0], Path(given.search[1]))
        return
    if not (given.shared / "data").is_dir():
        sys.exit(f"the collections are not at {given.shared}; say where with --shared")
    busy = os.getloadavg()[0]
    texts = texts_in(given.shared)
    written, changed = meaning(given.shared, False), meaning(given.shared, True)
    cut = [planted(texts, seed) for seed in range(3)]
    fast = speed(texts, int(given.megabytes * 1e6), given.repeats)
    pieces = sum(one["pieces"] for one in cut)
    state = f"machine busy: load {busy:.1f} at the start" if busy > 1 else "machine quiet"
    page = f"""# Repeats: lines, pieces, meaning

{datetime.datetime.now(datetime.UTC):%Y-%m-%d}, Python {platform.python_version()}, numpy {np.__version__}, \
{os.cpu_count()} cores ({platform.machine()}), {state}. `python bench/repeats.py`

## Throughput of one core, and ten times the data ({given.megabytes:g} MB and {10 * given.megabytes:g} MB)

{table_of(["search", "MB/s (range)", "to reach", "time, 10 ×", "memory, 10 ×", "most memory"], fast)}

Seconds of the processor in one process. To reach at ten times the data: time at most 11, memory at most 1.5.

## Pieces planted into other texts (three seeds)

{
        table_of(
            ["", ""],
            [
                ["pieces of 100 to 400 characters", f"{pieces:,}"],
                ["found whole, before borders", " / ".join(f"{one['found']:.4f}" for one in cut)],
                ["share of their characters cut, at borders", " / ".join(f"{one['characters']:.3f}" for one in cut)],
                [
                    "ends of cuts inside a word",
                    f"{sum(one['split'] for one in cut):.0f} of {sum(one['ends'] for one in cut):,}",
                ],
                ["pieces below 90 characters that were cut", " / ".join(f"{one['short']:.0f}" for one in cut)],
            ],
        )
    }

## Pairs of summaries of one article by different writers (FRANK)

{table_of(["compared by", "threshold", "recall", "precision"], written)}

## Pairs of versions of one summary, a few words changed without changing what it says (SummEdits)

{table_of(["compared by", "threshold", "recall", "precision"], changed)}

Mean and range of three halvings; the threshold is the lowest with a precision of .95 on the first half. Two different
articles on one event count as a wrong pair. Word triples are what the search for near duplicates verifies.
"""
    given.out.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
