"""How well `unsupported claims` agrees with people: FRANK and SummEdits against a length-only judge.

    python bench/claims.py [--write]

Reads `factuality/` in the folder named by OCTAVO_SHARED (default: `../shared/data` beside the checkout) and prints the
table; `--write` stores it as bench/results/claims.md. Thresholds were chosen on the development halves; the table
is of the test halves. Intervals: bootstrap over source documents.
"""

from __future__ import annotations

import argparse
import datetime
import gzip
import json
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from octavo.measures.claims import COVERED, is_supported, judge_answer
from octavo.measures.intervals import Floats, bootstrap

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Row:
    """One summary with its source text and what people said."""

    group: str
    document: str
    text: str
    summary: str
    consistent: bool
    development: bool
    factcc: float | None = None


def folder() -> Path:
    """Where the labelled sets lie; says loudly when they don't."""
    place = Path(os.environ.get("OCTAVO_SHARED", HERE.parent.parent / "shared" / "data"))
    for candidate in (place / "factuality", place / "data" / "factuality"):
        if candidate.is_dir():
            return candidate
    sys.exit(
        f"NOT MEASURED: {place}/factuality is not there.\n"
        "Set OCTAVO_SHARED to the folder that holds factuality/frank_summaries.jsonl.gz and summedits.jsonl.gz."
    )


def rows(place: Path) -> Iterator[Row]:
    """All rows of both sets."""
    articles = {row["hash"]: row["article"] for row in _read(place / "frank_articles.jsonl.gz")}
    for row in _read(place / "frank_summaries.jsonl.gz"):
        summary = row["summary"].replace("\\'", "'").replace('\\"', '"')
        yield Row(
            f"FRANK {row['dataset']}",
            row["hash"],
            articles[row["hash"]],
            summary,
            row["factuality"] == 1,
            row["upstream_split"] == "valid",
            row["baseline_metrics"].get("FactCC"),
        )
    texts = {row["doc"]: row["text"] for row in _read(place / "summedits_docs.jsonl.gz")}
    for row in _read(place / "summedits.jsonl.gz"):
        yield Row(
            f"SummEdits {row['domain']}",
            row["doc"],
            texts[row["doc"]],
            row["summary"],
            row["consistent"],
            row["upstream_split"] == "evaluation",
        )


def _read(path: Path) -> Iterator[dict]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def balanced(table: Floats) -> float:
    """Balanced accuracy of rows (said consistent, is consistent); one class missing counts as chance."""
    said, true = table[:, 0], table[:, 1] > 0.5
    if true.all() or not true.any():
        return 0.5
    return float((said[true].mean() + 1 - said[~true].mean()) / 2)


def fit_length(development: Sequence[Row]) -> tuple[int, bool]:
    """The best (limit in words, shorter is consistent) on the development rows."""
    true = [row.consistent for row in development]
    lengths = [len(row.summary.split()) for row in development]
    choices = [(limit, shorter) for limit in range(3, 120) for shorter in (True, False)]
    return max(
        choices,
        key=lambda choice: balanced(
            np.array([((n <= choice[0]) == choice[1], t) for n, t in zip(lengths, true)], dtype=float)
        ),
    )


def line(name: str, chosen: Sequence[Row], length: tuple[int, bool]) -> str:
    """One row of the table."""
    documents = [row.document for row in chosen]
    true = [float(row.consistent) for row in chosen]
    judges = {
        "claims": [float(is_supported(row.summary, [row.text])) for row in chosen],
        "length": [float((len(row.summary.split()) <= length[0]) == length[1]) for row in chosen],
    }
    if all(row.factcc is not None for row in chosen):
        judges["factcc"] = [float((row.factcc or 0) >= 0.5) for row in chosen]
    cells = []
    for judge in ("claims", "length", "factcc"):
        if judge not in judges:
            cells.append("–")
            continue
        table = list(zip(judges[judge], true))
        interval = bootstrap(table, balanced, clusters=documents, resamples=500)
        cells.append(f"{balanced(np.array(table)):.3f} [{interval.low:.3f}, {interval.high:.3f}]")
    return f"| {name} | {len(chosen)} | {len(set(documents))} | {np.mean(true):.2f} | {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--write", action="store_true")
    write = arguments.parse_args().write
    everything = list(rows(folder()))
    test = [row for row in everything if not row.development]
    lines = []
    for name in [*sorted({row.group for row in test}), "SummEdits"]:
        inside = [row for row in test if row.group.startswith(name)]
        development = [row for row in everything if row.development and row.group.startswith(name)]
        label = "**SummEdits, all domains**" if name == "SummEdits" else name
        lines.append(line(label, inside, fit_length(development)))
    verdicts: dict[str, int] = {}
    for row in test:
        for judged in judge_answer(row.summary, [row.text]):
            verdicts[judged.verdict] = verdicts.get(judged.verdict, 0) + 1
    page = "\n".join(
        [
            "# Unsupported claims against people's labels",
            "",
            f"`python bench/claims.py`, {datetime.date.today()}, Python {platform.python_version()}, "
            f"numpy {np.__version__}, {platform.machine()}.",
            "A summary counts as consistent when every claim of it is supported by the source "
            f"(lexical entailment, coverage {COVERED}).",
            "Balanced accuracy with a 95 % interval (bootstrap over source documents), test halves; chance is 0.500. "
            "Length only: the best limit of words, with its direction, chosen on the development half of the same "
            "group. FactCC: the scores that come with FRANK, from 0.5.",
            "",
            "| set | n | documents | consistent | unsupported claims | length only | FactCC |",
            "|---|---|---|---|---|---|---|",
            *lines,
            "",
            "The two halves of FRANK are not added up: they differ so much in how often a summary is consistent that "
            "telling the set by length alone would look like judging.",
            "",
            "Verdicts on the claims: " + ", ".join(f"{name} {n}" for name, n in sorted(verdicts.items())) + ".",
            "",
        ]
    )
    print(page)
    if write:
        (HERE / "results").mkdir(exist_ok=True)
        (HERE / "results" / "claims.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
