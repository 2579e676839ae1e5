"""Measure the search for contamination: fixtures, planted and edited items, siblings with other numbers, speed, memory.

    python bench/contamination.py [--out TABLE.md]

Needs `shared/data` (OCTAVO_SHARED, or ../shared beside the checkout). Beside it, each from its definition and written
here: the n-gram decontamination of datatrove (any 12 words in a row), the janitor of lm-eval (any 13), and decon's
(5-word runs, each tenth looked up, extended both ways until 11 misses, weighted overlap of 0.8, all of it up to 20
words). All see the same words. Speed is process time, methods in turn, five rounds.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
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
from datetime import date
from pathlib import Path

import numpy as np

from octavo.data.contamination.index import build_index
from octavo.data.contamination.items import Item, item_of
from octavo.data.contamination.search import search
from octavo.measures.intervals import wilson

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("OCTAVO_SHARED", ROOT.parent / "shared")) / "data"
RATES = (0.0, 0.05, 0.1, 0.15, 0.2)
SEEDS = (0, 1, 2)
WORD = re.compile(r"\w+")


class Octavo:
    """The search of this project."""

    def __init__(self, items: list[Item]) -> None:
        self.index = build_index(items)

    def find(self, texts: list[str]) -> set[tuple[int, str]]:
        """(number of the text, id of the item)."""
        return {(hit.text, self.index.ids[hit.item]) for hit in search(self.index, texts, 0.6)}


class Runs:
    """Any `n` words in a row that an item has: datatrove with 12, lm-eval's janitor with 13."""

    def __init__(self, items: list[Item], n: int) -> None:
        self.n, self.runs = n, defaultdict(set)
        for item in items:
            for run in self._runs(item.question):
                self.runs[run].add(item.id)

    def _runs(self, text: str) -> list[tuple[str, ...]]:
        words = WORD.findall(text.lower())
        return list(zip(*(words[k:] for k in range(self.n)), strict=False))

    def find(self, texts: list[str]) -> set[tuple[int, str]]:
        """(number of the text, id of the item)."""
        return {
            (k, name) for k, text in enumerate(texts) for run in self._runs(text) for name in self.runs.get(run, ())
        }


class Sampled:
    """decon's definition with words for tokens and the question as the only part."""

    N, EVERY, MISSES, LEAST = 5, 10, 11, 0.8

    def __init__(self, items: list[Item]) -> None:
        self.runs, self.have, self.length = defaultdict(set), {}, {}
        for item in items:
            words = WORD.findall(item.question.lower())
            self.length[item.id] = len(words)
            self.have[item.id] = {tuple(words[k : k + self.N]) for k in range(len(words) - self.N + 1)}
            for run in self.have[item.id]:
                self.runs[run].add(item.id)
        self.idf = {run: math.log(len(items) / len(names)) for run, names in self.runs.items()}
        self.total = {name: sum(self.idf[run] for run in runs) for name, runs in self.have.items()}

    def find(self, texts: list[str]) -> set[tuple[int, str]]:
        """(number of the text, id of the item)."""
        found = set()
        for number, text in enumerate(texts):
            words = WORD.findall(text.lower())
            at = 0
            while at + self.N <= len(words):
                if tuple(words[at : at + self.N]) not in self.runs:
                    at += self.EVERY
                    continue
                matched, end = self._extend(words, at)
                for name, runs in matched.items():
                    share = sum(self.idf[run] for run in runs) / self.total[name] if self.total[name] else 0.0
                    slope = min(1.0, max(0.0, (self.length[name] - 20) / 30))
                    if share >= 1 - slope * (1 - self.LEAST) - 1e-9:
                        found.add((number, name))
                at = max(end, at + self.EVERY)
        return found

    def _extend(self, words: list[str], at: int) -> tuple[dict[str, set[tuple[str, ...]]], int]:
        start = tuple(words[at : at + self.N])
        matched = {name: {start} for name in self.runs[start]}
        end = at
        for step in (-1, 1):
            misses = dict.fromkeys(matched, 0)
            here = at + step
            while misses and 0 <= here <= len(words) - self.N:
                run = tuple(words[here : here + self.N])
                names = self.runs.get(run, ())
                for name in list(misses):
                    if name in names:
                        matched[name].add(run)
                        misses[name] = 0
                        end = max(end, here)
                    else:
                        misses[name] += 1
                        if misses[name] >= self.MISSES:
                            del misses[name]
                here += step
        return matched, end


def methods(items: list[Item]) -> dict[str, Octavo | Runs | Sampled]:
    return {
        "Octavo": Octavo(items),
        "decon, as defined": Sampled(items),
        "datatrove, 12 words": Runs(items, 12),
        "lm-eval janitor, 13 words": Runs(items, 13),
    }


def rows_of(name: str) -> list[dict]:
    with gzip.open(SHARED / name) as lines:
        return [json.loads(line) for line in lines]


def edited(text: str, rate: float, r: random.Random, words: list[str]) -> str:
    """The text with a share of its words replaced, deleted, or followed by another."""
    parts = text.split()
    for at in r.sample(range(len(parts)), round(rate * len(parts))):
        parts[at] = r.choice([r.choice(words), "", f"{parts[at]} {r.choice(words)}"])
    return " ".join(part for part in parts if part)


def planted(around: str, text: str, r: random.Random) -> str:
    words = around.split(" ")
    at = r.randrange(len(words))
    return " ".join([*words[:at], text, *words[at:]])


def renumbered(text: str, r: random.Random) -> str:
    return re.sub(r"\d+", lambda number: str(int(number[0]) + r.randrange(1, 9)), text)


def fixtures() -> tuple[int, int]:
    """(right, judged) of decon's fixtures with an agreed answer."""
    rows = rows_of("curation/contamination_fixtures.jsonl.gz")
    references = defaultdict(list)
    for row in rows:
        if row["role"] == "reference":
            references[row["file"]].append(item_of({**row["record"], "id": str(row["line"])}, ""))
    right = judged = 0
    for row in rows:
        expected = row["expected"] or "" if row["role"] == "training" else ""
        if expected.startswith(("match", "no match")):
            found = {name for _, name in Octavo(references[row["against"]]).find([row["record"]["text"]])}
            lines = row["reference_lines"]
            least = {"match": 1, "no match": 0}.get(expected, 2)
            right += len(found) >= least and (lines is None or found == {str(line) for line in lines})
            judged += 1
    return right, judged


def share(right: int, n: int) -> str:
    if not n:
        return "none"
    ends = wilson(right, n)
    return f"{right / n:.3f} [{ends.low:.3f}, {ends.high:.3f}]"


def quality(items: list[Item], news: list[str], known: dict) -> list[str]:
    lines = [
        "| method | words edited | items found | precision, documents | precision, items |",
        "|---|---|---|---|---|",
    ]
    words = [word for text in news[:300] for word in text.split()]
    for name, method in known.items():
        for rate in RATES:
            found = n = documents = hits = right = right_documents = 0
            for seed in SEEDS:
                r = random.Random(seed)
                chosen = r.sample(items, len(items) // 2)
                texts = [planted(r.choice(news), edited(item.question, rate, r, words), r) for item in chosen]
                said = method.find([*texts, *news])
                truth = {(k, item.id) for k, item in enumerate(chosen)}
                found, n = found + len(said & truth), n + len(truth)
                hits, right = hits + len(said), right + len(said & truth)
                documents += len({k for k, _ in said})
                right_documents += len({k for k, _ in said if k < len(chosen)})
            cells = [name, f"{rate:.0%}", share(found, n), share(right_documents, documents), share(right, hits)]
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def siblings(items: list[Item], news: list[str], known: dict) -> list[str]:
    """How often a problem with other numbers is taken for the item."""
    lines = ["| method | problems with other numbers taken for the item |", "|---|---|"]
    for name, method in known.items():
        wrong = n = 0
        for seed in SEEDS:
            r = random.Random(seed)
            chosen = [item for item in items if len(re.findall(r"\d+", item.question)) >= 2]
            texts = [planted(r.choice(news), renumbered(item.question, r), r) for item in chosen]
            wrong, n = wrong + len({k for k, _ in method.find(texts)}), n + len(texts)
        lines.append(f"| {name} | {share(wrong, n)} |")
    return lines


def speed(news: list[str], known: dict) -> list[str]:
    texts = news * 3
    size = sum(len(text.encode()) for text in texts) / 1e6
    seconds = defaultdict(list)
    for _ in range(5):
        for name, method in known.items():
            began = time.process_time()
            method.find(texts)
            seconds[name].append(time.process_time() - began)
    ratios = {name: [t / own for t, own in zip(row, seconds["Octavo"], strict=True)] for name, row in seconds.items()}
    lines = ["| method | MB/s | µs a document | time beside Octavo (least–most of five) |", "|---|---|---|---|"]
    for name, row in seconds.items():
        middle = statistics.median(row)
        lines.append(
            f"| {name} | {size / middle:.1f} | {1e6 * middle / len(texts):.0f} | "
            f"{statistics.median(ratios[name]):.1f} ({min(ratios[name]):.1f}–{max(ratios[name]):.1f}) |"
        )
    return lines


PEAK = """
import sys, resource
from pathlib import Path
from octavo.data.contamination.files import search_files
search_files([Path(sys.argv[1])], [Path(sys.argv[2])], Path(sys.argv[3]), on="serial")
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_maxrss / 1024, used.ru_utime + used.ru_stime)
"""


def growth(news: list[str]) -> list[str]:
    """Peak memory and time of the search in files, at ten times the data."""
    lines = ["| training texts | peak memory | process time |", "|---|---|---|"]
    with tempfile.TemporaryDirectory() as name:
        for times in (6, 60):
            train = Path(name, f"{times}.jsonl")
            with train.open("w") as out:
                for k in range(times):
                    out.writelines(json.dumps({"id": f"{k}-{at}", "text": text}) + "\n" for at, text in enumerate(news))
            against = SHARED / "curation/gsm8k_test_sample.jsonl.gz"
            call = [sys.executable, "-c", PEAK, str(train), str(against), str(Path(name, f"s{times}"))]
            peak, seconds = subprocess.run(call, capture_output=True, text=True, check=True).stdout.split()
            lines.append(f"| {train.stat().st_size / 1e6:.0f} MB | {float(peak):.0f} MB | {float(seconds):.1f} s |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "bench/results/contamination.md")
    out = parser.parse_args().out
    items = [item_of(row, "") for row in rows_of("curation/gsm8k_test_sample.jsonl.gz")]
    news = [row["text"] for row in rows_of("curation/near_dup_articles.jsonl.gz")]
    news += [row["human"] for row in rows_of("detection/pairs_xsum_writing.jsonl.gz")]
    known = methods(items)
    right, judged = fixtures()
    busy = os.getloadavg()[0] > 1.5
    parts = [
        "# Contamination",
        "",
        f"`python bench/contamination.py`, {date.today()}, Python {platform.python_version()}, numpy {np.__version__}, "
        f"{platform.machine()}, {os.cpu_count()} cores{', machine busy' if busy else ''}.",
        "",
        f"Fixtures of decon with an agreed answer: {right} of {judged} right.",
        "",
        f"Half of {len(items)} GSM8K items planted into {len(news):,} news and story texts, which are searched too; "
        "three seeds together; 95 % Wilson intervals. Edits are random: a word replaced, deleted, or "
        "followed by another. "
        "The other methods are written from their definitions and see words, not tokens; "
        "decon with the question as the only part.",
        "",
        *quality(items, news, known),
        "",
        "The same problems with every number changed (two or more numbers), which are other problems:",
        "",
        *siblings(items, news, known),
        "",
        f"Speed over {len(news) * 3:,} texts without planted items (decon itself, in Rust: 34 µs a document of "
        "unknown length, as published):",
        "",
        *speed(news, known),
        "",
        "Memory holds the evaluation items, not the texts:",
        "",
        *growth(news),
        "",
    ]
    out.write_text("\n".join(parts), encoding="utf-8")
    print("\n".join(parts))


if __name__ == "__main__":
    main()
