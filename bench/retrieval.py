"""Measure an index on questions with known answers, beside plain BM25 and most-used-first over the same records.

    python bench/retrieval.py evaluate DOCUMENTS_FOLDER PROBE.jsonl… [--index FILE] [--out TABLE.md]
    python bench/retrieval.py fit      DOCUMENTS_FOLDER PROBE.jsonl…

A probe has one question a line: {"id", "question", "set": "named" | "free" | "unanswerable", "accept": [ids…]}. A
citation is right when its document, or one of the document's other names, is accepted.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import resource
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from octavo.kinds.documents import DUPLICATE_REASONS, Document, read_documents, read_removed
from octavo.knowledge.answer.answer import Answerer
from octavo.knowledge.index.index import Index
from octavo.measures.intervals import wilson

WORD = re.compile(r"[a-z0-9]+")


class PlainBM25:
    """BM25 (k1 = 1.2, b = 0.75) on name and text in lower-case words: the baseline."""

    def __init__(self, documents: list[Document]) -> None:
        self.ids = [d.id for d in documents]
        self.length = np.zeros(len(documents))
        found: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, document in enumerate(documents):
            counts = Counter(WORD.findall(f"{document.id} {document.text}".lower()))
            self.length[number] = sum(counts.values())
            for word, count in counts.items():
                found[word].append((number, count))
        self.found = {word: np.array(rows) for word, rows in found.items()}

    def rank(self, question: str, k: int = 5) -> list[str]:
        """Ids of the best documents."""
        score = np.zeros(len(self.ids))
        for word in dict.fromkeys(WORD.findall(question.lower())):
            if word in self.found:
                where, count = self.found[word].T
                idf = math.log(1 + (len(self.ids) - len(where) + 0.5) / (len(where) + 0.5))
                score[where] += (
                    idf * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * self.length[where] / self.length.mean()))
                )
        return [self.ids[i] for i in np.argsort(-score, kind="stable")[:k] if score[i] > 0]


def share(hits: list[bool]) -> str:
    """`83.5 % (79.0–87.2, n = 260)`."""
    if not hits:
        return "no question"
    interval = wilson(sum(hits), len(hits))
    return f"{sum(hits) / len(hits):.1%} ({interval.low:.1%}–{interval.high:.1%}, n = {len(hits)})"


def evaluate(documents: Path, probes: list[Path], index: Path | None, out: Path | None) -> None:
    """Print (and write) the table."""
    questions = [json.loads(line) for path in probes for line in path.read_text(encoding="utf-8").splitlines()]
    docs = [*read_documents(documents)]
    removed = [r for r in read_removed(documents) if r.reason in DUPLICATE_REASONS]
    with tempfile.TemporaryDirectory() as folder:
        path, seconds = index or Path(folder) / "index.sqlite", 0.0
        if index is None:
            began = time.perf_counter()
            duplicates = {r.document.id: r.duplicate_of for r in removed}
            Index.build(path, [*docs, *(r.document for r in removed)], duplicates)
            seconds = time.perf_counter() - began
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        with Index.open(path, immutable=True) as opened:
            asked = [_asked(Answerer(opened), Answerer(opened, threshold=0.0), opened, q) for q in questions]
            size = path.stat().st_size / 1e6
    every = [*docs, *(r.document for r in removed)]
    text = "\n".join([*_table(asked, questions, every), "", *_cost(asked, len(every), seconds, size, memory)])
    print(text)
    if out is not None:
        out.write_text(f"# Retrieval on {', '.join(p.name for p in probes)}\n\n{text}\n", encoding="utf-8")


def _asked(answerer: Answerer, always: Answerer, index: Index, question: dict) -> dict:
    began = time.perf_counter()
    answer = answerer.ask(question["question"])
    seconds = time.perf_counter() - began
    right = []
    for citation in (answer if not answer.declined else always.ask(question["question"])).citations:
        document = index.document(citation.document)
        right.append(bool({document.id, *document.aliases} & set(question["accept"])))
    return {"seconds": seconds, "declined": answer.declined, "right": right, "set": question["set"]}


def _table(asked: list[dict], questions: list[dict], documents: list[Document]) -> list[str]:
    names = {d.id: {d.id, *d.aliases} for d in documents}
    bm25 = PlainBM25(documents)
    popular = [d.id for d in sorted(documents, key=lambda d: (-d.uses, d.id))[:5]]
    rows = ["| | Octavo | plain BM25 | most used |", "|---|---|---|---|"]
    for kind in ("named", "free"):
        here = [(a, q) for a, q in zip(asked, questions) if a["set"] == kind]
        if not here:
            continue
        plain = [[bool(names[i] & set(q["accept"])) for i in bm25.rank(q["question"])] for _, q in here]
        most = [[bool(names[i] & set(q["accept"])) for i in popular] for _, q in here]
        for k in (1, 5):
            mine = share([any(a["right"][:k]) for a, _ in here])
            rows.append(f"| {kind}: right in the first {k} | {mine} | {share([any(r[:k]) for r in plain])} | "
                        f"{share([any(r[:k]) for r in most])} |")  # fmt: skip
        given = [not a["declined"] and any(a["right"][:1]) for a, _ in here]
        rows.append(f"| {kind}: answered, first citation right | {share(given)} | | |")
        rows.append(f"| {kind}: declined | {share([a['declined'] for a, _ in here])} | | |")
    answerable = [a["declined"] for a in asked if a["set"] != "unanswerable"]
    rows.append(f"| answerable: declined | {share(answerable)} | | |")
    unanswerable = [a["declined"] for a in asked if a["set"] == "unanswerable"]
    if unanswerable:
        rows.append(f"| unanswerable: declined | {share(unanswerable)} | | |")
    return rows


def _cost(asked: list[dict], documents: int, seconds: float, size: float, memory: float) -> list[str]:
    taken = sorted(a["seconds"] * 1000 for a in asked)
    built = f"built in {seconds:.1f} s, " if seconds else ""
    return [
        f"{documents:,} documents, {built}{size:.1f} MB, {memory:.0f} MB of memory at the peak of building; a question "
        f"takes {taken[len(taken) // 2]:.1f} ms (p50), {taken[int(len(taken) * 0.95)]:.1f} ms (p95)."
    ]


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=("evaluate", "fit"))
    parser.add_argument("documents", type=Path)
    parser.add_argument("probes", type=Path, nargs="+")
    parser.add_argument("--index", type=Path)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    if chosen.verb == "fit":
        from retrieval_fit import fit

        print(json.dumps(fit(chosen.documents, chosen.probes), indent=1))
    else:
        evaluate(chosen.documents, chosen.probes, chosen.index, chosen.out)


if __name__ == "__main__":
    main()
