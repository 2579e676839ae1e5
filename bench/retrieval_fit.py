"""Fit what the search weighs by (`weights.json`) and when it declines (`abstain.json`) on questions for tuning.

The phrasebook was written by people who could have seen such questions; so that its share in a match is not
overrated, much of the fitting sees indexes whose phrasebook rows are dropped or thinned at random.
"""

from __future__ import annotations

import json
import random
import re
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from octavo.kinds.documents import DUPLICATE_REASONS, read_documents, read_removed
from octavo.knowledge.answer import abstain, weights
from octavo.knowledge.answer.retrieve import Retriever
from octavo.knowledge.answer.weights import FEATURES, Weights
from octavo.knowledge.index import postings, thesaurus
from octavo.knowledge.index.index import Index

VARIANTS = ("full", "thin", "even", "none")
RANKED = ("full", "thin")
"""The variants that the ranker is fitted to; the other two only say how much rests on the phrasebook."""
USED = (
    "relative", "match", "said in parents", "phrase in last", "phrase in parents", "name matched", "name unmatched",
    "summary matched", "asked matched", "uses", "standard", "duplicate", "dunder", "deprecated", "private", "depth",
    "short", "long", "is module", "is class", "is function", "is method", "is property", "is data", "wanted",
)  # fmt: skip
"""The features of the ranker that are fitted; the others added nothing in cross-validation and stay 0."""


DECLINED, DECLINED_FILES = 0.9, 0.8
"""The share of unanswerable questions that should be declined; other people's answerable questions are harder than
the ones fitted to, so that no more is asked for."""
LEFT_OUT = ("content",)
"""How many words a question has tells these probes apart, not questions in general."""
NOT_FOR_FILES = (*LEFT_OUT, "person", "private", "asked", "named", "popular", "phrases", "vocabulary", "python")


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
        share = {"full": 1.0, "thin": 0.4, "none": 0.0, "even": 0.75 * half}[variant]
        rows[name] = " ".join(word for word in re.findall(r"\S+", asked) if rng.random() < share)
        if variant == "thin" and rng.random() < 0.3:
            rows[name] = ""
    return rows


def build(documents: Path, work: Path) -> None:
    """The indexes of all variants, in `work`."""
    docs = list(read_documents(documents))
    removed = [r for r in read_removed(documents) if r.reason in DUPLICATE_REASONS]
    original = postings.phrasebook
    for variant in VARIANTS:
        book = thinned(variant)
        postings.phrasebook = lambda book=book: book
        path = work / f"{variant}.sqlite"
        path.unlink(missing_ok=True)
        Index.build(path, [*docs, *(r.document for r in removed)], {r.document.id: r.duplicate_of for r in removed})
    postings.phrasebook = original


def gather(work: Path, questions: list[dict], chosen: Weights, variants: tuple[str, ...] = VARIANTS) -> list[Row]:
    """All questions on the indexes of some variants."""
    rows = []
    original = abstain.phrasebook
    for variant in variants:
        book = thinned(variant)
        abstain.phrasebook = lambda book=book: book
        with Index.open(work / f"{variant}.sqlite", immutable=True) as index:
            retriever = Retriever(index, chosen)
            rows += [_row(retriever, index, variant, n, q) for n, q in enumerate(questions)]
    abstain.phrasebook = original
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
    rows: list[Row], variants: tuple[str, ...], declined: float, without: tuple[str, ...]
) -> tuple[dict, dict]:
    """Weights and threshold for one calibration, and what cross-validation says about them.

    The weights tell answerable questions from others; scale and bias are then set so that the number is the
    probability that the first citation is right; the threshold is where `declined` of the unanswerable are declined.
    """
    chosen = [r for r in rows if r.variant in variants]
    keep = np.array([name not in without for name in abstain.NAMES])
    x = np.array([r.declining * keep for r in chosen])
    answerable = np.array([r.kind != "unanswerable" for r in chosen])
    first = np.array([r.first for r in chosen])
    number = np.array([r.number for r in chosen])
    fold = np.random.default_rng(0).integers(0, 5, number.max() + 1)[number]
    z = np.zeros(len(chosen))
    for f in range(5):
        b = fit_logistic(x[fold != f], answerable[fold != f].astype(float))
        z[fold == f] = np.c_[np.ones((fold == f).sum()), x[fold == f]] @ b
    bias, scale = fit_logistic(z[:, None], first.astype(float), 1e-3)
    p = 1 / (1 + np.exp(-(bias + scale * z)))
    threshold = float(np.quantile(p[~answerable], declined))
    report = {"answerable declined": float((p[answerable] < threshold).mean())}
    report["unanswerable declined"] = float((p[~answerable] < threshold).mean())
    report["of wrong first citations declined"] = float((p[answerable & ~first] < threshold).mean())
    for low, high in ((0.0, 0.3), (0.3, 0.6), (0.6, 0.8), (0.8, 1.0)):
        inside = (p >= low) & (p < high)
        report[f"right where the confidence is {low} to {high}"] = float(first[inside].mean())
    for variant in variants:
        here = np.array([r.variant == variant for r in chosen])
        report[f"{variant}: answerable declined"] = float((p[here & answerable] < threshold).mean())
        report[f"{variant}: unanswerable declined"] = float((p[here & ~answerable] < threshold).mean())
    b = fit_logistic(x, answerable.astype(float)) * scale
    fitted = {
        "bias": round(float(b[0] + bias), 4),
        "weights": {n: round(float(v), 4) for n, v in zip(abstain.NAMES, b[1:]) if keep[abstain.NAMES.index(n)]},
        "threshold": round(threshold, 4),
    }
    return fitted, {name: round(value, 3) for name, value in report.items()}


def fit(documents: Path, probes: list[Path]) -> dict:
    """Fit both and write them into the package; returns the cross-validated figures."""
    questions = [json.loads(line) for path in probes for line in path.read_text(encoding="utf-8").splitlines()]
    how = f"bench/retrieval.py fit on {', '.join(p.name for p in probes)}: {len(questions)} questions, 5 folds"
    with tempfile.TemporaryDirectory() as folder:
        build(documents, Path(folder))
        free = [q for q in questions if q["set"] == "free"]
        rows = gather(Path(folder), free, weights.shipped())
        report = cross_validated_ranking(rows, len(free))
        ranker = fit_ranker([r for r in rows if r.variant in RANKED])
        _write(weights.PATH, {"format": 1, "fitted": how, "cross-validated": dict(report), "ranker": ranker})
        return report | calibrate(Path(folder), questions, how)


def cross_validated_ranking(rows: list[Row], count: int) -> dict:
    """Per variant the shares of questions whose first, and one of whose first five hits, is right."""
    fold = np.random.default_rng(0).integers(0, 5, count)
    hits = {variant: [0, 0] for variant in VARIANTS}
    for f in range(5):
        ranker = fit_ranker([r for r in rows if fold[r.number] != f and r.variant in RANKED])
        b = np.array([ranker.get(name, 0.0) for name in FEATURES])
        for r in rows:
            if fold[r.number] == f and len(r.right):
                order = np.argsort(-(r.candidates @ b), kind="stable")[:5]
                hits[r.variant][0] += bool(r.right[order[0]])
                hits[r.variant][1] += bool(r.right[order].any())
    return {f"free, {variant}": tuple(round(h / count, 3) for h in both) for variant, both in hits.items()}


def calibrate(work: Path, questions: list[dict], how: str) -> dict:
    """Fit when to decline, with the ranking as it is shipped now."""
    weights.shipped.cache_clear()
    rows = gather(work, questions, weights.shipped(), ("thin", "even", "none"))
    objects, shares = fit_declining(rows, ("thin", "even", "none"), DECLINED, LEFT_OUT)
    files, plain = fit_declining(rows, ("none",), DECLINED_FILES, NOT_FOR_FILES)
    report = {"objects": shares, "files": plain}
    _write(
        abstain.PATH,
        {"format": 1, "fitted": how, "cross-validated": report, "calibrations": {"objects": objects, "files": files}},
    )
    return report


def _write(path: Path, data: dict) -> None:
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
