"""Measure the graph: evidence for questions over several passages, beside what a language model's triples give; time.

    python bench/graph.py [--out TABLE.md] [--passages 100000]

Needs `shared/data` (OCTAVO_SHARED, or ../shared beside the checkout). What can be chosen is chosen on one half of the
questions, by a hash of their ids, and read off on the other.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import platform
import random
import statistics
import tempfile
import time
from collections import Counter
from datetime import date
from itertools import product
from pathlib import Path

import numpy as np
import scipy
from scipy import sparse

from octavo.kinds.documents import Document
from octavo.knowledge.dense.hybrid import Hybrid
from octavo.knowledge.dense.ranker import Dense
from octavo.knowledge.graph.gaps import Asked, counted, diagnose
from octavo.knowledge.graph.layer import Graph
from octavo.knowledge.graph.ranker import Walk
from octavo.knowledge.graph.seeds import seeds
from octavo.knowledge.graph.text.extract import mentions
from octavo.knowledge.graph.text.keys import key_of
from octavo.knowledge.graph.text.trie import Trie
from octavo.knowledge.index.index import Index
from octavo.knowledge.index.sparse import Sparse
from octavo.knowledge.layers import layer
from octavo.measures.intervals import paired_bootstrap
from octavo.measures.recall import recall_at

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("OCTAVO_SHARED", ROOT.parent / "shared")) / "data"
K = 5
SYNONYM = 0.8


def rows_of(name: str) -> list[dict]:
    with gzip.open(SHARED / "factuality" / name) as lines:
        return [json.loads(line) for line in lines]


class Triples:
    """Retrieval over triples that a large model wrote, in the manner of HippoRAG (Gutiérrez et al. 2024 and 2025):
    their ends are joined by the triples, by likeness of their letters, and to their passages; questions begin at their
    names (the nearest end when none is the same), weighted 1 / passages, and at passages by BM25."""

    def __init__(self, passages: list[dict]) -> None:
        ends: dict[str, int] = {}
        cells: Counter[tuple[int, int]] = Counter()
        joined: Counter[tuple[int, int]] = Counter()
        for number, passage in enumerate(passages):
            for triple in (t for t in passage["gpt35_triples"] if len(t) == 3):
                one, other = (key_of(triple[0]), key_of(triple[2]))
                for key in filter(None, (one, other)):
                    cells[number, ends.setdefault(key, len(ends))] += 1
                if one and other and one != other:
                    joined[ends[one], ends[other]] += 1
        size = (len(ends), len(ends))
        self.ends = ends
        self.held = sparse.csr_matrix(
            (np.array(list(cells.values()), np.float32), tuple(zip(*cells))), shape=(len(passages), len(ends))
        )
        self.counts = np.diff(self.held.T.tocsr().indptr)
        edges = sparse.csr_matrix((np.array(list(joined.values()), np.float32), tuple(zip(*joined))), shape=size)
        self._learn(list(ends))
        alike = (self.letters @ self.letters.T).tocoo()
        near = (alike.data >= SYNONYM) & (alike.row != alike.col)
        alike = sparse.csr_matrix((alike.data[near], (alike.row[near], alike.col[near])), shape=size)
        whole = sparse.bmat([[edges + edges.T + alike, self.held.T > 0], [self.held > 0, None]]).tocsr()
        out = np.asarray(whole.sum(axis=0)).ravel()
        self.step = (whole @ sparse.diags(1 / np.maximum(out, 1e-9))).tocsr()

    def _learn(self, names: list[str]) -> None:
        self.grams: dict[str, int] = {}
        cells = [(n, self.grams.setdefault(g, len(self.grams))) for n, name in enumerate(names) for g in grams(name)]
        table = sparse.csr_matrix((np.ones(len(cells), np.float32), tuple(zip(*cells))))
        self.rarity = np.log(len(names) / np.diff(table.T.tocsr().indptr))
        table = table @ sparse.diags(self.rarity)
        lengths = np.sqrt(np.asarray(table.multiply(table).sum(axis=1)).ravel())
        self.letters = (sparse.diags(1 / np.maximum(lengths, 1e-9)) @ table).tocsr()

    def nearest(self, key: str) -> int:
        """The end whose letters are most like those of a name."""
        vector = np.zeros(len(self.grams), np.float32)
        for gram in grams(key):
            if gram in self.grams:
                vector[self.grams[gram]] += self.rarity[self.grams[gram]]
        return int(np.argmax(self.letters @ vector))

    def scores(self, names: list[str], words: np.ndarray, damping: float, from_passages: float) -> np.ndarray:
        """Where the walker is found, by passage."""
        start = np.zeros(len(self.ends) + len(words))
        for key in names:
            end = self.ends.get(key, -1)
            end = self.nearest(key) if end < 0 else end
            start[end] += 1 / self.counts[end]
        if start.sum():
            start /= start.sum()
        if words.sum():
            start[len(self.ends) :] = from_passages * words / words.sum()
        start /= max(start.sum(), 1e-9)
        p = start.copy()
        for _ in range(20):
            p = (1 - damping) * start + damping * (self.step @ p)
        return p[len(self.ends) :]


def grams(name: str) -> list[str]:
    padded = f" {name} "
    return [padded[at : at + 3] for at in range(len(padded) - 2)]


def order(scores: np.ndarray, titles: list[str] | None = None, depth: int = 60) -> list[int]:
    """Passages by score; with titles each further one of a title lowered as `Walk` does."""
    best = np.argsort(-scores, kind="stable")[:depth].tolist()
    if titles is None:
        return best
    seen: Counter[str] = Counter()
    lowered = []
    for passage in best:
        lowered.append((-(scores[passage] - 0.7 * seen[titles[passage]]), passage))
        seen[titles[passage]] += 1
    return [passage for _, passage in sorted(lowered, key=lambda pair: pair[0])]


def triples_runs(passages: list[dict], questions: list[dict], *scores: list[np.ndarray]):
    """Rankings over the stored triples: plain, and joined with words and vectors as `Walk` does."""
    words, rests, nears = scores
    graph = Triples(passages)
    names = Trie(key_of(p["title"]) for p in passages)
    asked = [
        list(dict.fromkeys(m.key for m in mentions(q["question"], names) if not m.part and m.kind in ("name", "known")))
        for q in questions
    ]
    titles = [p["title"] for p in passages]
    for damping, share in product((0.5, 0.7), (0.05, 0.2, 0.5)):
        scores = [graph.scores(a, w, damping, share) for a, w in zip(asked, words)]
        yield "plain", f"d {damping}, passages {share}", [order(s)[:K] for s in scores]
        begins = [0.4 * w + 0.6 * n for w, n in zip(words, nears)]
        near = [graph.scores(a, b, damping, share) for a, b in zip(asked, begins)]
        for weight in (0.25, 0.4):
            fused = [np.log(s / s.max() + 1e-6) + weight * np.log(r + 0.05) for s, r in zip(scores, rests)]
            yield "joined", f"d {damping}, passages {share}, words {weight}", [order(s, titles)[:K] for s in fused]
            both = [
                np.log(s / s.max() + 1e-6) + weight * np.log(r + 0.05) + 0.5 * np.log(n + 0.05)
                for s, r, n in zip(near, rests, nears)
            ]
            yield "with vectors", f"d {damping}, passages {share}, words {weight}", [order(s, titles)[:K] for s in both]


def scaled(scores: np.ndarray) -> np.ndarray:
    return scores / scores.max() if scores.max() > 0 else scores


def musique(folder: Path) -> list[str]:
    passages, questions = rows_of("musique100_passages.jsonl.gz"), rows_of("musique100_questions.jsonl.gz")
    gold = [sorted({p["passage"] for p in q["paragraphs"] if p["supporting"]}) for q in questions]
    second = np.array([hashlib.sha256(q["id"].encode()).digest()[-1] % 2 == 1 for q in questions])
    path = folder / "musique.sqlite"
    clock = time.process_time()
    documents = [Document(p["id"], p["text"], title=p["title"]) for p in passages]
    Index.build(path, documents, length=10_000)
    seconds = {"index": time.process_time() - clock}
    with Index.open(path, write=True) as index:
        for name in ("graph", "dense"):
            clock = time.process_time()
            new = layer(name)
            index.attach(new)
            index.build_layer(new)
            seconds[name] = time.process_time() - clock
        view = index.view()
        walk, dense = Walk(view), Dense(view)
        rankers = {
            "BM25": Sparse(view),
            "dense alone": dense,
            "hybrid": Hybrid(view),
            "graph": walk,
            "graph without vectors": Walk(view, meaning=False),
        }
        ranked = {}
        for name, ranker in rankers.items():
            ranked[name] = [[view.id_of(p) for p, _ in ranker.rank(q["question"], K)] for q in questions]
        number = {p["id"]: at for at, p in enumerate(passages)}
        place = np.array([number[view.id_of(p)] for p in range(len(view))])
        words, rests, nears = [], [], []
        for question in questions:
            inside, rest = walk._words(question["question"], seeds(view, question["question"])[0])
            near = np.maximum(dense.scores(question["question"]), 0)
            for scores, kept in ((inside + rest, words), (rest, rests), (near, nears)):
                by_row = np.zeros(len(passages))
                by_row[place] = scaled(scores)
                kept.append(by_row)
        nears = [near**2 for near in nears]
        asked = [Asked(q["id"], q["question"], tuple(g)) for q, g in zip(questions, gold)]
        causes = counted(diagnose(view, asked, K))
    ids = [p["id"] for p in passages]
    chosen: dict[str, tuple[float, str, list[list[str]]]] = {}
    for kind, how, rows in triples_runs(passages, questions, words, rests, nears):
        found = [[ids[p] for p in row] for row in rows]
        value = float(np.mean([recall_at(f, g, K) for f, g, s in zip(found, gold, second) if not s]))
        if kind not in chosen or value > chosen[kind][0]:
            chosen[kind] = (value, how, found)
    ranked["GPT-3.5 triples, PageRank"] = chosen["plain"][2]
    ranked["GPT-3.5 triples, PageRank, joined with words"] = chosen["joined"][2]
    ranked["GPT-3.5 triples, PageRank, joined with words and vectors"] = chosen["with vectors"][2]
    return [
        "## Evidence for questions of two to four hops (MuSiQue-100, 1,890 passages)",
        "",
        "Recall and *all gold* among the first five; in brackets the difference *graph − other* with its paired 95 % "
        "bootstrap interval over questions. The other half is what nothing was chosen on. GPT-3.5's triples cost a "
        "call of a large model for every passage; all others none but, for vectors, one learnt from these passages.",
        "",
        *compared(ranked, gold, second),
        "",
        f"The triples' walk was given the same freedom: {chosen['plain'][1]}; joined: {chosen['joined'][1]}; "
        f"with vectors: {chosen['with vectors'][1]} (the best of 6, of 12 and of 12 on the first half).",
        "",
        "What is missed, as `octavo knowledge gaps` counts it: "
        + ", ".join(f"{cause} {n}" for cause, n in causes.items())
        + ".",
        "",
        "Seconds of processor time for all passages: "
        + ", ".join(f"{name} {value:.1f}" for name, value in seconds.items())
        + f"; graph {1e3 * seconds['graph'] / len(passages):.2f} ms a passage.",
    ]


def compared(ranked: dict[str, list[list[str]]], gold: list[list[str]], second: np.ndarray) -> list[str]:
    def values(name: str, whole: bool) -> np.ndarray:
        rows = zip(ranked[name], gold)
        return np.array([float(set(g) <= set(r)) if whole else recall_at(r, g, K) for r, g in rows])

    lines = [
        "| | recall@5, other half | all gold@5, other half | recall@5, all | all gold@5, all |",
        "|---|---|---|---|---|",
    ]
    for name in ranked:
        cells = []
        for half, whole in ((True, False), (True, True), (False, False), (False, True)):
            keep = second if half else np.ones(len(second), bool)
            own, other = values("graph", whole)[keep], values(name, whole)[keep]
            cell = f"{other.mean():.3f}"
            if name != "graph":
                ends = paired_bootstrap(other.tolist(), own.tolist())
                cell += f" ({own.mean() - other.mean():+.3f} [{ends.low:+.3f}, {ends.high:+.3f}])"
            cells.append(cell)
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def made(count: int, seed: int = 0):
    """Passages of about 80 words that name some of 40,000 made-up people, places and works, the frequent ones often."""
    chance = random.Random(seed)
    syllables = [
        a + b
        for a in ["b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z"]
        for b in ["a", "e", "i", "o", "u", "ar", "en", "il", "os", "um"]
    ]

    def word() -> str:
        return "".join(chance.choices(syllables, k=chance.choice((2, 2, 3))))

    names = [f"{word().capitalize()} {word().capitalize()}" for _ in range(40_000)]
    vocabulary = [word() for _ in range(20_000)]
    name_weight = list(np.cumsum([1 / (n + 20) for n in range(len(names))]))
    word_weight = list(np.cumsum([1 / (n + 5) for n in range(len(vocabulary))]))
    for number in range(count):
        text = chance.choices(vocabulary, cum_weights=word_weight, k=68)
        for name in chance.choices(names, cum_weights=name_weight, k=6):
            text.insert(chance.randrange(1, len(text)), name)
        title = names[number % len(names)] if number % 3 else f"{word().capitalize()} {number}"
        yield Document(f"m{number}", " ".join(text).capitalize() + ".", title=title), text


def speed(folder: Path, count: int) -> list[str]:
    path = folder / "large.sqlite"
    chance, asked = random.Random(1), []
    documents = []
    for document, text in made(count):
        documents.append(document)
        if chance.random() < 80 / count:
            names = [part for part in text if part[0].isupper()]
            asked.append(
                f"What {chance.choice(text)} links {names[0]} with {chance.choice(text)} {chance.choice(text)}?"
            )
    clock = time.process_time()
    Index.build(path, documents)
    indexed = time.process_time() - clock
    with Index.open(path, write=True) as index:
        clock = time.process_time()
        graph = Graph()
        index.attach(graph)
        index.build_layer(graph)
        built = time.process_time() - clock
        view = index.view()
        clock = time.process_time()
        walk = Walk(view)
        walk.rank(asked[0], 10)
        first = time.process_time() - clock
        taken, alone = [], []
        for question in asked:
            for ranker, kept in ((walk, taken), (walk._sparse, alone)):
                clock = time.process_time()
                ranker.rank(question, 10)
                kept.append(1e3 * (time.process_time() - clock))
        adding = []
        for number in range(20):
            new = Document(f"new{number}", documents[number].text, title=f"New Title {number}")
            clock = time.process_time()
            index.add([new])
            adding.append(1e3 * (time.process_time() - clock))
        clock = time.process_time()
        Walk(index.view()).rank(asked[0], 10)
        again = time.process_time() - clock
    size = path.stat().st_size / 2**20
    p95 = float(np.quantile(taken, 0.95))
    return [
        f"## Time at {count:,} passages of about 80 words (made-up text, seconds of processor time, one core)",
        "",
        "| | |",
        "|---|---|",
        f"| a question by the graph, p50 (p95) of {len(asked)} | {statistics.median(taken):.1f} ms ({p95:.1f} ms) |",
        f"| the same by BM25 alone, which the walk begins with | {statistics.median(alone):.1f} ms |",
        f"| first question, matrices made | {first:.2f} s |",
        f"| first question after 20 additions, matrices grown | {again:.2f} s |",
        f"| adding one document, p50 of 20 (index and graph) | {statistics.median(adding):.1f} ms |",
        f"| graph of all passages | {built:.0f} s, {1e3 * built / count:.2f} ms a passage |",
        f"| index of all passages | {indexed:.0f} s |",
        f"| file | {size:.0f} MiB |",
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=ROOT / "bench/results/graph.md")
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--busy", action="store_true", help="Note that the machine was doing other things.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        parts = [musique(Path(folder)), speed(Path(folder), options.passages)]
    busy = "; the machine was busy with other work" if options.busy else ""
    versions = f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}"
    head = [
        "# Graph",
        "",
        f"`python bench/graph.py`, {date.today():%d %B %Y}, {versions}, {os.cpu_count()} cores{busy}.",
    ]
    lines = [*head, *(line for part in parts for line in ("", *part))]
    options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
