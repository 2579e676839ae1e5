"""Measure annotation: suspected label errors against people's votes, planted errors, and who to believe.

    python bench/annotation.py [--out TABLE.md]

Needs `shared/data` (OCTAVO_SHARED, or ../shared beside the checkout).
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import random
import time
from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np

from octavo.data.annotation.consensus import dawid_skene
from octavo.data.annotation.probabilities import out_of_sample
from octavo.measures.agreement import fleiss, krippendorff
from octavo.measures.intervals import wilson
from octavo.measures.label_errors import find_label_errors, noise

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("OCTAVO_SHARED", ROOT.parent / "shared")) / "data"
SEEDS = (0, 1, 2)


def rows_of(name: str) -> list[dict]:
    with gzip.open(SHARED / name) as lines:
        return [json.loads(line) for line in lines]


def share(right: int, n: int) -> str:
    ends = wilson(right, n)
    return f"{right / n:.3f} [{ends.low:.3f}, {ends.high:.3f}]"


def votes() -> list[str]:
    """Precision of the search among the reviews that people voted on, at several depths."""
    rows = rows_of("curation/label_errors_imdb.jsonl.gz")
    labels, p = [row["given"] for row in rows], np.array([row["p"] for row in rows])
    wrong = {k: row["votes"]["given"] < 3 for k, row in enumerate(rows) if row["votes"]}
    upstream = {k for k, row in enumerate(rows) if row["suspected"]}
    estimate = noise(labels, p)
    orders = {
        f"{prune}, by {rank}": [s.row for s in find_label_errors(labels, p, prune=prune, rank=rank)]
        for prune in ("both", "confident")
        for rank in ("self-confidence", "normalised margin")
    }
    judged = sorted(wrong)
    orders["the same reviews in random order"] = random.Random(0).sample(judged, len(judged))
    orders["least sure first (probability nearest to one half)"] = sorted(judged, key=lambda k: abs(p[k, 0] - 0.5))
    also = len(upstream & set(orders["both, by self-confidence"]))
    lines = [
        f"IMDB reviews, 25,000 labels; estimated share of wrong ones {estimate.value:.3f} [{estimate.low:.3f}, "
        f"{estimate.high:.3f}]. A label is wrong when fewer than three of five people give it. People voted only on "
        f"the {len(upstream):,} that another implementation suspected: {also:,} of them are also suspected here; "
        "recall can't be measured.",
        "",
        "| order | first 100 | first 300 | all |",
        "|---|---|---|---|",
    ]
    for name, order in orders.items():
        seen = [wrong[k] for k in order if k in wrong]
        cells = [share(sum(seen[:n]), len(seen[:n])) for n in (100, 300, len(seen))]
        lines.append(f"| {name} ({len(seen):,}) | {' | '.join(cells)} |")
    return lines


def texts_of(name: str) -> tuple[list[str], list[int]]:
    if name == "HateCheck":
        rows = rows_of("safety/hatecheck.jsonl.gz")
        return [row["text"] for row in rows], [int(row["label"] == "hateful") for row in rows]
    rows = rows_of("detection/pairs_xsum_writing.jsonl.gz")
    kept = {row["human"]: int(row["dataset"] == "writing") for row in rows}
    return list(kept), list(kept.values())


def planted() -> list[str]:
    """Recall and precision of planted wrong labels, from texts and labels alone; beside: what the model calls wrong."""
    lines = [
        "| texts | wrong labels planted | found | precision | precision, all the model disagrees with | at random |",
        "|---|---|---|---|---|---|",
    ]
    for name in ("news or story", "HateCheck"):
        texts, true = texts_of(name)
        for rate in (0.02, 0.05, 0.1, 0.2):
            found = n = hits = right = disagreed = disagreed_right = 0
            for seed in SEEDS:
                r = random.Random(seed)
                wrong = set(r.sample(range(len(true)), round(rate * len(true))))
                given = [1 - label if k in wrong else label for k, label in enumerate(true)]
                p = out_of_sample(texts, given, 2)
                said = {suspect.row for suspect in find_label_errors(given, p)}
                other = set(np.flatnonzero(p.argmax(axis=1) != given).tolist())
                found, n = found + len(said & wrong), n + len(wrong)
                hits, right = hits + len(said), right + len(said & wrong)
                disagreed, disagreed_right = disagreed + len(other), disagreed_right + len(other & wrong)
            cells = [share(found, n), share(right, hits), share(disagreed_right, disagreed)]
            lines.append(f"| {name} ({len(true):,}) | {rate:.0%} | {' | '.join(cells)} | {rate:.3f} |")
    return lines


def believed() -> list[str]:
    """Which label is taken where people disagree: the majority's, or that of Dawid and Skene."""
    rows = rows_of("safety/hatecheck.jsonl.gz")
    people = sorted({who for row in rows for who in row["votes"]})
    labels = ("hateful", "non-hateful")
    answers = [
        (k, people.index(who), labels.index(label))
        for k, row in enumerate(rows)
        for who, label in row["votes"].items()
        if label in labels
    ]
    items = [[label for label in row["votes"].values() if label in labels] for row in rows]
    alpha, kappa = krippendorff(items), fleiss(items)
    lines = [
        f"HateCheck, {len(rows):,} texts, {len(people)} annotators: Krippendorff's alpha {alpha.value:.3f} "
        f"[{alpha.low:.3f}, {alpha.high:.3f}], Fleiss's kappa {kappa.value:.3f} [{kappa.low:.3f}, {kappa.high:.3f}].",
        "",
        "| answers | majority right | Dawid–Skene right |",
        "|---|---|---|",
    ]
    truth = np.array([labels.index(row["label"]) for row in rows])
    for guessers in (0, 3, 6):
        right = {"majority": 0, "dawid": 0}
        for seed in SEEDS:
            r = random.Random(seed)
            extra = [(k, len(people) + g, r.randrange(2)) for k in range(len(rows)) for g in range(guessers)]
            all_answers = answers + extra
            counts = np.zeros((len(rows), 2))
            for item, _, label in all_answers:
                counts[item, label] += 1
            right["majority"] += int((counts.argmax(axis=1) == truth).sum())
            found = dawid_skene(*zip(*all_answers, strict=True), 2)
            right["dawid"] += int((found.labels.argmax(axis=1) == truth).sum())
        n = len(rows) * len(SEEDS)
        what = "as given" if not guessers else f"and {guessers} people who guess"
        lines.append(f"| {what} | {share(right['majority'], n)} | {share(right['dawid'], n)} |")
    sizes = Counter(len(item) for item in items)
    return [*lines, "", f"Answers a text: {', '.join(f'{size} ({count:,} texts)' for size, count in sizes.items())}."]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "bench/results/annotation.md")
    out = parser.parse_args().out
    began = time.process_time()
    parts = [
        "# Annotation",
        "",
        f"`python bench/annotation.py`, {date.today()}, Python {platform.python_version()}, numpy {np.__version__}, "
        f"{platform.machine()}. Shares with 95 % Wilson intervals; nothing here depends on the speed of the machine.",
        "",
        "## Suspected label errors, judged by people",
        "",
        *votes(),
        "",
        "## Planted label errors, from texts and labels alone",
        "",
        "Three seeds together. Both kinds of text are hard or easy by nature: news against stories is easy, HateCheck "
        "was made so that single words do not decide (but its texts come from templates, which helps).",
        "",
        *planted(),
        "",
        "## Whom to believe",
        "",
        *believed(),
        "",
    ]
    out.write_text("\n".join(parts), encoding="utf-8")
    print("\n".join(parts), f"\n{time.process_time() - began:.0f} s")


if __name__ == "__main__":
    main()
