"""Fit what the search weighs by (`weights.json`) and when it declines (`abstain.json`) on questions for tuning.

The phrasebook was written by people who could have seen such questions; so that its share in a match is not
overrated, most of the fitting sees indexes whose phrasebook rows are dropped or thinned at random.
"""

from __future__ import annotations

import json
import random
import re
import tempfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from octavo.kinds.documents import DUPLICATE_REASONS, read_documents, read_removed
from octavo.knowledge import abstain, postings, thesaurus, weights
from octavo.knowledge.index import Index
from octavo.knowledge.retrieve import Retriever
from octavo.knowledge.weights import FEATURES, Weights
from scipy.optimize import minimize

VARIANTS = ("full", "thin", "none", "even", "odd")
USED = (
    "relative", "match", "said in parents", "phrase in last", "phrase in parents", "name matched", "name unmatched",
    "summary matched", "asked matched", "uses", "standard", "duplicate", "dunder", "deprecated", "private", "depth",
    "short", "long", "is module", "is class", "is function", "is method", "is property", "is data", "wanted",
)  # fmt: skip
"""The features of the ranker that are fitted; the others added nothing in cross-validation and stay 0."""


@dataclass
class Row:
    """A question on one variant: features of the candidates and which are right; features for declining."""

    variant: str
    number: int
    kind: str
    candidates: np.ndarray
    right: np.ndarray
    declining: np.ndarray | None = None
    first: bool = False


def thinned(variant: str) -> dict[str, str]:
    """The phrasebook of a variant."""
    rng = random.Random(9)
    rows = {}
    for name, asked in thesaurus.phrasebook().items():
        half = zlib.crc32(asked.encode()) % 2 == 0
        share = {"full": 1.0, "thin": 0.4, "none": 0.0, "even": 0.75 * half, "odd": 0.75 * (not half)}[variant]
        rows[name] = " ".join(word for word in re.findall(r"\S+", asked) if rng.random() < share)
        if variant == "thin" and rng.random() < 0.3:
            rows[name] = ""
    return rows


def gather(documents: Path, questions: list[dict], chosen: Weights) -> list[Row]:
    """All questions on all variants."""
    docs = list(read_documents(documents))
    removed = [r for r in read_removed(documents) if r.reason in DUPLICATE_REASONS]
    rows = []
    original_rows, original_abstain = postings.phrasebook, abstain.phrasebook
    for variant in VARIANTS:
        book = thinned(variant)
        postings.phrasebook = abstain.phrasebook = lambda book=book: book
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "index.sqlite"
            Index.build(path, [*docs, *(r.document for r in removed)], {r.document.id: r.duplicate_of for r in removed})
            with Index.open(path, immutable=True) as index:
                rows += [_row(Retriever(index, chosen), index, variant, n, q) for n, q in enumerate(questions)]
    postings.phrasebook, abstain.phrasebook = original_rows, original_abstain
    return rows


def _row(retriever: Retriever, index: Index, variant: str, number: int, question: dict) -> Row:
    found = retriever.find(question["question"], 60)
    right = []
    for hit in found.hits:
        document = index.numbered(hit.number)[0]
        right.append(bool({document.id, *document.aliases} & set(question["accept"])))
    usable = [hit for hit in found.hits if hit.features]
    features = np.array([hit.features for hit in usable]).reshape(-1, len(FEATURES))
    marks = np.array([r for r, hit in zip(right, found.hits) if hit.features], bool)
    declining = abstain.features(found, index)
    vector = np.array([declining[name] for name in abstain.NAMES])
    return Row(variant, number, question["set"], features, marks, vector, bool(right and right[0]))


def fit_ranker(rows: list[Row], l2: float = 2e-3) -> dict[str, float]:
    """Listwise softmax regression: the right documents before the others."""
    used = np.array([name in USED for name in FEATURES])
    data = [(r.candidates * used, r.right) for r in rows if r.right.any()]

    def loss(b: np.ndarray) -> tuple[float, np.ndarray]:
        total, slope = 0.0, np.zeros_like(b)
        for x, y in data:
            z = x @ b
            p = np.exp(z - z.max())
            p /= p.sum()
            q = np.where(y, p, 0)
            total -= np.log(q.sum() + 1e-12)
            slope -= x.T @ (q / (q.sum() + 1e-12) - p)
        return total / len(data) + l2 * (b @ b), slope / len(data) + 2 * l2 * b

    best = minimize(loss, np.zeros(len(FEATURES)), jac=True, method="L-BFGS-B", options={"maxiter": 400}).x * used
    return {name: round(float(value), 3) for name, value in zip(FEATURES, best) if value}


def fit_logistic(x: np.ndarray, y: np.ndarray, l2: float = 0.5) -> np.ndarray:
    """Logistic regression by Newton's method; the first weight is the bias."""
    a = np.c_[np.ones(len(x)), x]
    ridge = np.eye(a.shape[1]) * l2
    ridge[0, 0] = 1e-6
    b = np.zeros(a.shape[1])
    for _ in range(60):
        p = 1 / (1 + np.exp(-a @ b))
        step = np.linalg.solve((a * (p * (1 - p))[:, None]).T @ a + ridge, a.T @ (p - y) + ridge @ b)
        b -= step
        if abs(step).max() < 1e-9:
            break
    return b


def probability(b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Of the logistic regression."""
    return 1 / (1 + np.exp(-(np.c_[np.ones(len(x)), x] @ b)))


def fit_declining(
    rows: list[Row], variants: tuple[str, ...], declined: float, without: tuple[str, ...] = ()
) -> tuple[dict, dict]:
    """Weights and threshold for one calibration, and the cross-validated shares declined."""
    chosen = [r for r in rows if r.variant in variants]
    keep = np.array([name not in without for name in abstain.NAMES])
    x = np.array([r.declining * keep for r in chosen])
    answerable = np.array([r.kind != "unanswerable" for r in chosen])
    first = np.array([r.first for r in chosen])
    number = np.array([r.number for r in chosen])
    fold = np.random.default_rng(0).integers(0, 5, number.max() + 1)[number]
    learn = first | ~answerable  # a wrong first hit is neither: it should rather be declined, but needn't be
    p = np.zeros(len(chosen))
    for f in range(5):
        train = (fold != f) & learn
        p[fold == f] = probability(fit_logistic(x[train], first[train].astype(float)), x[fold == f])
    threshold = float(np.quantile(p[answerable], declined))
    report = {"answerable declined": float((p[answerable] < threshold).mean())}
    report["unanswerable declined"] = float((p[~answerable] < threshold).mean())
    report["of wrong first citations declined"] = float((p[answerable & ~first] < threshold).mean())
    for variant in variants:
        here = np.array([r.variant == variant for r in chosen])
        report[f"{variant}: answerable declined"] = float((p[here & answerable] < threshold).mean())
        report[f"{variant}: unanswerable declined"] = float((p[here & ~answerable] < threshold).mean())
    b = fit_logistic(x[learn], first[learn].astype(float))
    fitted = {
        "bias": round(float(b[0]), 4),
        "weights": {n: round(float(v), 4) for n, v in zip(abstain.NAMES, b[1:]) if keep[abstain.NAMES.index(n)]},
        "threshold": round(threshold, 4),
    }
    return fitted, {name: round(value, 3) for name, value in report.items()}


def fit(documents: Path, probes: list[Path]) -> dict:
    """Fit both and write them into the package; returns the cross-validated figures."""
    questions = [json.loads(line) for path in probes for line in path.read_text(encoding="utf-8").splitlines()]
    free = {n for n, q in enumerate(questions) if q["set"] == "free"}
    rows = gather(documents, questions, weights.shipped())
    ranked = [r for r in rows if r.number in free and r.variant != "full"]
    fold = np.random.default_rng(0).integers(0, 5, len(questions))
    report: dict = {}
    for variant in VARIANTS:
        hits1 = hits5 = 0
        for f in range(5):
            ranker = fit_ranker([r for r in ranked if fold[r.number] != f])
            b = np.array([ranker.get(name, 0.0) for name in FEATURES])
            for r in rows:
                if r.variant == variant and r.number in free and fold[r.number] == f and len(r.right):
                    order = np.argsort(-(r.candidates @ b), kind="stable")[:5]
                    hits1 += bool(r.right[order[0]])
                    hits5 += bool(r.right[order].any())
        report[f"free, {variant}"] = (round(hits1 / len(free), 3), round(hits5 / len(free), 3))
    ranker = fit_ranker(ranked)
    how = f"bench/retrieval.py fit on {', '.join(p.name for p in probes)}: {len(questions)} questions, 5 folds"
    _write(weights.PATH, {"format": 1, "fitted": how, "cross-validated": dict(report), "ranker": ranker})
    rows = gather(documents, questions, replace(Weights(), ranker={n: ranker.get(n, 0.0) for n in FEATURES}))
    objects, shares = fit_declining(rows, ("full", "thin", "even", "odd"), 0.12)
    files, plain = fit_declining(rows, ("none",), 0.15, ("asked", "named", "popular", "phrases", "vocabulary", "python"))
    report |= {"objects": shares, "files": plain}
    calibrated = {"objects": objects, "files": files}
    _write(abstain.PATH, {"format": 1, "fitted": how, "cross-validated": {"objects": shares, "files": plain}, "calibrations": calibrated})
    return report


def _write(path: Path, data: dict) -> None:
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
