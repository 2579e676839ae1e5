"""Measure retrieval by vectors that are learnt from the documents alone, beside BM25, its floor and their sums.

    python bench/retriever.py DOCUMENTS_FOLDER [--index FILE] [--rerank N] [--passages N] [--out TABLE.md]

DOCUMENTS_FOLDER is an artifact of documents (the default project's for the probes of bench/probe); --index is
an index of them that has learnt vectors already, as `octavo knowledge index` makes; without it one is made.
MuSiQue is read from OCTAVO_SHARED or ../shared and left out when it isn't there.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np

from octavo.kinds.documents import DUPLICATE_REASONS, Document, read_documents, read_removed
from octavo.knowledge.answer.answer import Answerer
from octavo.knowledge.dense.hybrid import Hybrid, standard
from octavo.knowledge.dense.layer import Vectors
from octavo.knowledge.dense.ranker import Dense
from octavo.knowledge.index.index import Index
from octavo.knowledge.index.postings import FIELDS, by_field, counted
from octavo.knowledge.index.sparse import Sparse, best
from octavo.knowledge.index.view import View
from octavo.knowledge.layers import open_index
from octavo.measures.intervals import wilson

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("OCTAVO_SHARED", ROOT.parent / "shared")) / "data" / "factuality"
PROBES = (
    ROOT / "bench/probe/plain.jsonl",
    ROOT / "bench/probe/fresh.jsonl",
    ROOT / "src/octavo/apps/own_model/probe.jsonl",
)
Ranking = Callable[[str], list[str]]


class Texts(Sparse):
    """BM25 over what the documents themselves say, without the phrasebook's field."""

    def scores(self, question: str) -> np.ndarray:
        """The score of each passage by number."""
        total = np.zeros(len(self.view), np.float32)
        with self.view.index.reading():
            for term in dict.fromkeys(counted(question)):
                rows = self.view.occurrences(term)
                counts = np.zeros(len(self.view), np.float32)
                for field, (passages, n) in enumerate(by_field(rows) if len(rows) else []):
                    if field != FIELDS.index("asked"):
                        counts[passages] += n
                held = np.flatnonzero(counts)
                idf = math.log(1 + (self.view.live - len(held) + 0.5) / (len(held) + 0.5))
                total[held] += np.float32(idf * 2.2) * counts[held] / (counts[held] + self._norm[held])
        return total


def rows_of(path: Path) -> list[dict]:
    """The rows of a packed file of JSON Lines."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def documents_of(view: View, ranked: list[tuple[int, float]], k: int = 5) -> list[str]:
    """Ids of the first documents."""
    return list(dict.fromkeys(view.id_of(passage) for passage, _ in ranked))[:k]


def ways(learnt: Index, floor: Index) -> dict[str, Ranking]:
    """Name → what gives the ids of the five best documents."""
    view, low = learnt.view(), floor.view()
    sparse, texts, dense, hybrid, lowest = Sparse(view), Texts(view), Dense(view), Hybrid(view), Dense(low)
    prior = hybrid._prior if hybrid._prior is not None else np.zeros(len(view), np.float32)

    def summed(question: str, nearness: float, used: float) -> list[str]:
        score = nearness * standard(dense.scores(question), view.visible) + np.float32(used) * prior
        if nearness < 1:
            score += (1 - nearness) * standard(texts.scores(question), view.visible)
        return documents_of(view, best(view, score - score.min() + 1, 60))

    return {
        "BM25, texts alone": lambda q: documents_of(view, texts.rank(q, 60)),
        "BM25 as indexed (`sparse`)": lambda q: documents_of(view, sparse.rank(q, 60)),
        "floor": lambda q: documents_of(low, lowest.rank(q, 60)),
        "learnt (`dense`)": lambda q: documents_of(view, dense.rank(q, 60)),
        "learnt + BM25 of texts alone": lambda q: summed(q, 0.8, 0.0),
        "the same + popularity": lambda q: summed(q, 0.8, 0.3),
        "as shipped (`hybrid`)": lambda q: documents_of(view, hybrid.rank(q, 60)),
    }


def vectors_of(path: Path, folder: Path) -> tuple[Index, Index, float]:
    """An index with learnt vectors and one at the floor, and the CPU seconds of learning and embedding."""
    seconds = 0.0
    with open_index(path, write=True) as index:
        if "dense" not in index.layer_names():
            began = time.process_time()
            index.build_layer(Vectors())
            seconds = time.process_time() - began
    low = folder / f"floor-{path.name}"
    shutil.copyfile(path, low)
    with open_index(low, write=True) as index:
        index.renew(Vectors(learning=False))
    return open_index(path), open_index(low), seconds


def musique(folder: Path) -> list[str]:
    """Recall@5 and all gold passages in the first five."""
    source = SHARED / "musique100_passages.jsonl.gz"
    if not source.is_file():
        return [f"MuSiQue was not there ({source}) and is left out."]
    passages = rows_of(source)
    questions = rows_of(SHARED / "musique100_questions.jsonl.gz")
    path = folder / "musique.sqlite"
    Index.build(path, [Document(p["id"], p["text"], title=p["title"]) for p in passages])
    learnt, floor, seconds = vectors_of(path, folder)
    rows = [
        "| | recall@5 | all gold in 5 | ms a question (CPU) | recall against BM25 (95 %) |",
        "|---|---|---|---|---|",
    ]
    base: np.ndarray | None = None
    for name, rank in ways(learnt, floor).items():
        if "popularity" in name:
            continue
        began = time.process_time()
        found = [set(rank(q["question"])) for q in questions]
        spent = (time.process_time() - began) * 1000 / len(questions)
        gold = [{p["passage"] for p in q["paragraphs"] if p["supporting"]} for q in questions]
        recall = np.array([len(f & g) / len(g) for f, g in zip(found, gold)])
        every = sum(g <= f for f, g in zip(found, gold))
        base = recall if base is None else base
        picks = np.random.default_rng(0).integers(0, len(recall), (4000, len(recall)))
        low, high = np.percentile((recall - base)[picks].mean(1), [2.5, 97.5])
        rows.append(f"| {name} | {recall.mean():.3f} | {share(every, len(gold))} | {spent:.1f} | {recall.mean() - base.mean():+.3f} ({low:+.3f} to {high:+.3f}) |")  # fmt: skip  # noqa: E501
    return [*rows, "", f"{len(passages):,} passages, {len(questions)} questions; vectors in {seconds:.0f} s of CPU."]


def share(hits: int, of: int) -> str:
    """`.54 (.45–.63)`."""
    interval = wilson(hits, of)
    return f"{hits / of:.3f} ({interval.low:.2f}–{interval.high:.2f})"


def probes(source: Path, path: Path | None, folder: Path) -> list[str]:
    """First and first five right for each probe and way."""
    if path is None:
        path = folder / "documents.sqlite"
        removed = [r for r in read_removed(source) if r.reason in DUPLICATE_REASONS]
        every = [*read_documents(source), *(r.document for r in removed)]
        Index.build(path, every, {r.document.id: r.duplicate_of for r in removed})
    learnt, floor, seconds = vectors_of(path, folder)
    answerer = Answerer(learnt, threshold=0.0)
    every = {**ways(learnt, floor), "the answerer, with its phrasebook": lambda q: [c.document for c in answerer.ask(q).citations]}  # fmt: skip  # noqa: E501
    names: dict[str, set[str]] = {}
    heads, table = ["", "|---|"], {name: f"| {name} |" for name in every}
    for probe in PROBES:
        questions = [json.loads(line) for line in probe.read_text(encoding="utf-8").splitlines()]
        for kind in ("named", "free"):
            here = [q for q in questions if q["set"] == kind]
            if not here:
                continue
            heads[0] += f" {probe.stem} {kind}, first | first five |"
            heads[1] += "---|---|"
            for name, rank in every.items():
                right = []
                for q in here:
                    found = rank(q["question"])
                    for one in found:
                        if one not in names:
                            document = learnt.document(one)
                            names[one] = {document.id, *document.aliases}
                    right.append([bool(names[one] & set(q["accept"])) for one in found])
                first, five = sum(any(r[:1]) for r in right), sum(any(r[:5]) for r in right)
                table[name] += f" {share(first, len(here))} | {share(five, len(here))} |"
    note = f"{len(learnt):,} documents, {len(learnt.view()):,} passages" + (f"; vectors in {seconds:.0f} s of CPU" if seconds else "") + "."  # fmt: skip  # noqa: E501
    return [f"| |{heads[0]}", heads[1], *table.values(), "", note]


def reranked(count: int, folder: Path) -> list[str]:
    """What the shipped model's likelihood does to the order, and what it costs."""
    from octavo.knowledge.dense.rerank import Likelihood, Reranked
    from octavo.model.reading.place import checkpoint_named

    path = folder / "musique.sqlite"
    if not path.is_file():
        return ["There was nothing to rerank."]
    questions = rows_of(SHARED / "musique100_questions.jsonl.gz")
    with open_index(path) as index:
        view, by = index.view(), Likelihood.of(checkpoint_named("seed"))
        rows = ["| weight of the model | recall@5 | s a question (CPU) |", "|---|---|---|"]
        for weight in (0.0, 0.2, 0.5):
            ranker, began, recall = Reranked(view, Hybrid(view), by, weight=weight), time.process_time(), []
            for q in questions[:count]:
                gold = {p["passage"] for p in q["paragraphs"] if p["supporting"]}
                recall.append(len(set(documents_of(view, ranker.rank(q["question"], 10))) & gold) / len(gold))
            spent = (time.process_time() - began) / len(recall)
            rows.append(f"| {weight} | {np.mean(recall):.3f} | {spent:.2f} |")
    return [
        *rows,
        "",
        f"The first {count} questions of MuSiQue-100, ten candidates of `hybrid`, the shipped checkpoint.",
    ]


def speed(size: int, folder: Path) -> list[str]:
    """Time of a question over `size` made-up passages of 60 words."""
    rng = np.random.default_rng(0)
    words = np.array([f"w{n}" for n in range(30_000)])
    weights = 1 / np.arange(10, 30_010)
    weights /= weights.sum()
    texts = (" ".join(rng.choice(words, 60, p=weights)) for _ in range(size))
    path = folder / "large.sqlite"
    Index.build(path, (Document(f"d{n}", text) for n, text in enumerate(texts)))
    with Index.open(path, write=True) as index:
        index.build_layer(Vectors(learning=False))
    with open_index(path) as index:
        view, rows = index.view(), []
        for name, ranker in (("sparse", Sparse(view)), ("dense", Dense(view)), ("hybrid", Hybrid(view))):
            asked = [" ".join(rng.choice(words, 8, p=weights)) for _ in range(41)]
            walls, cpus = [], []
            for question in asked:
                wall, cpu = time.perf_counter(), time.process_time()
                ranker.rank(question, 10)
                walls.append((time.perf_counter() - wall) * 1000)
                cpus.append((time.process_time() - cpu) * 1000)
            rows.append(f"| {name} | {np.median(walls):.1f} | {np.percentile(walls, 95):.1f} | {np.median(cpus):.1f} |")
    return [f"| {size:,} passages | ms p50 | p95 | CPU ms p50 |", "|---|---|---|---|", *rows]


def main() -> None:
    """Read the command line, measure, write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("documents", type=Path)
    parser.add_argument("--index", type=Path)
    parser.add_argument("--rerank", type=int, default=40)
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--busy", action="store_true", help="note that other work ran on the machine")
    parser.add_argument("--out", type=Path, default=ROOT / "bench/results/retriever.md")
    chosen = parser.parse_args()
    where = f"{time.strftime('%d %B %Y')}, Python {platform.python_version()}, numpy {version('numpy')}"
    where += f", {os.cpu_count()} cores{', machine busy' if chosen.busy else ''}"
    text = [f"# Retriever\n\n`python bench/retriever.py DOCUMENTS`, {where}.", NOTES]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts: dict[str, Callable[[], list[str]]] = {
            "MuSiQue-100": lambda: musique(folder),
            "Probes": lambda: probes(chosen.documents, chosen.index, folder),
            "Reranking by likelihood": lambda: reranked(chosen.rerank, folder) if chosen.rerank else [],
            "Time": lambda: speed(chosen.passages, folder) if chosen.passages else [],
        }
        for title, measure in parts.items():  # each is kept as soon as it is there
            if rows := measure():
                text.append(f"## {title}\n\n" + "\n".join(rows))
                print(text[-1], flush=True)
                chosen.out.write_text("\n\n".join(text) + "\n", encoding="utf-8")


NOTES = """Shares with their 95 % Wilson interval; differences with a bootstrap interval over the same questions.
*Learnt* knows the documents alone, and synonyms of the shipped thesaurus in questions; no question or label
is learnt from. Popularity is how often sources refer to an object. BM25 *as indexed* and `hybrid` include
what the shipped phrasebook says of objects it knows. How titles and first sentences are weighed, and the
weights of the sums, were chosen with these data in sight, in forty to fifty tries (`probe.jsonl` named the weight
beside the phrasebook): these figures are optimistic, on other data they may be lower."""

if __name__ == "__main__":
    main()
