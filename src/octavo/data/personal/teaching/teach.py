"""Teach: makes the weights of the tagger from made-up sentences; `python -m octavo.data.personal.teaching.teach`.

The same seed gives the same sentences and, on one machine with one version of Python and torch, the same weights to
the bit. Elsewhere they may differ in the last digits, so the file is kept with the package and made anew only on
purpose.
"""

from __future__ import annotations

import ast
import random
import sysconfig
from pathlib import Path

import numpy as np

from octavo.data.personal.detect import find_many
from octavo.data.personal.names.features import BUCKETS, features, read, worth_reading
from octavo.data.personal.names.tagger import LABELS, WEIGHTS
from octavo.data.personal.names.words import GROUPS, Words
from octavo.data.personal.spans import STRUCTURED, Span
from octavo.data.personal.teaching.sentences import Writer
from octavo.spine.progress import progress

SENTENCES = 30_000
DOCSTRINGS = 3_000
EPOCHS = 4
BATCH = 256
DROPPED = 0.4
"""Share of the features left out of each word in teaching, so that no sentence is learnt by heart."""
HIDDEN = 0.25
"""Share of the labels before a word that are hidden in teaching, since in use they may be wrong."""


def examples(seed: int, count: int) -> list[tuple[str, list[Span]]]:
    """Made-up sentences, and docstrings of the standard library, which count as prose without names."""
    writer = Writer(seed)
    made = [writer.sentence() for _ in range(count)]
    return made + [(text, []) for text in docstrings(DOCSTRINGS * count // SENTENCES)]


def docstrings(count: int) -> list[str]:
    """Paragraphs of the standard library's documentation."""
    found: list[str] = []
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        for item in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(item, ast.Module | ast.ClassDef | ast.FunctionDef):
                text = ast.get_docstring(item) or ""
                found += [
                    part
                    for part in text.split("\n\n")
                    if 30 < len(part) < 500 and "uthor" not in part and "@" not in part
                ]
    random.Random(7).shuffle(found)  # noqa: S311
    return found[:count]


def rows_of(made: list[tuple[str, list[Span]]]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Features (words × features), groups, labels before, labels: of the words that are worth reading."""
    known = [
        [one for one in found if not any(one.start < s.end and s.start < one.end for s in spans)]
        for (_, spans), found in zip(made, find_many([text for text, _ in made], STRUCTURED), strict=True)
    ]
    reading = read([text for text, _ in made], known)
    labels = np.zeros(len(reading.words), np.int64)
    for (_, spans), (first, end) in zip(made, reading.bounds, strict=True):
        for word in range(first, end):
            own = next((s for s in spans if s.start <= reading.places[word][0] < s.end), None)
            if own:
                labels[word] = LABELS.index(f"{'B' if own.start == reading.places[word][0] else 'I'}-{own.type}")
    rows = worth_reading(reading)
    groups = Words.seen().groups[reading.ids[rows]].astype(np.int64)
    return np.ascontiguousarray(features(reading, rows).T), groups, labels[rows - 1], labels[rows]


def teach(made: list[tuple[str, list[Span]]], seed: int = 0, epochs: int = EPOCHS) -> tuple[np.ndarray, np.ndarray]:
    """Weights (BUCKETS × labels) and what follows what (groups × labels × labels), from labelled texts, by stochastic
    gradient descent."""
    import torch

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    features, groups, before, labels = (torch.from_numpy(part) for part in rows_of(made))
    weights = torch.nn.EmbeddingBag(BUCKETS, len(LABELS), mode="sum", sparse=True, padding_idx=0)
    follows = torch.nn.Embedding(GROUPS * len(LABELS), len(LABELS), sparse=True)
    for part in (weights, follows):
        torch.nn.init.zeros_(part.weight)
    steps = torch.optim.Adagrad([*weights.parameters(), *follows.parameters()], lr=0.12)
    torch.sparse.check_sparse_tensor_invariants.disable()
    bar = progress("teach", epochs * len(labels), "words")
    for _ in range(epochs):
        order = torch.randperm(len(labels))
        for at in range(0, len(order), BATCH):
            some = order[at : at + BATCH]
            hidden = torch.rand(len(some)) < HIDDEN
            last = torch.where(hidden, torch.zeros_like(before[some]), before[some])
            # a label that goes on must not be learnt from a hidden beginning as if it could begin
            kept = ~(hidden & (labels[some] > 0) & (labels[some] % 2 == 0))
            seen = features[some] * (torch.rand(features[some].shape) >= DROPPED)
            logits = weights(seen) / (1 - DROPPED) + follows(groups[some] * len(LABELS) + last)
            loss = torch.nn.functional.cross_entropy(logits[kept], labels[some][kept])
            steps.zero_grad()
            loss.backward()
            steps.step()
            bar.advance(len(some))
    return weights.weight.detach().numpy(), follows.weight.detach().numpy().reshape(GROUPS, len(LABELS), len(LABELS))


def keep(weights: np.ndarray, follows: np.ndarray, path: Path = WEIGHTS) -> None:
    """Write the weights as whole numbers of 8 bits; what can't go on (an I after another type) is forbidden."""
    scale = np.float32(np.abs(weights).max() / 127)
    for label, name in enumerate(LABELS):
        if name[0] == "I":
            wrong = [at for at, other in enumerate(LABELS) if other[1:] != name[1:]]
            follows[:, wrong, label] = -30.0
    small = np.round(weights / scale).astype(np.int8)
    np.savez_compressed(path, weights=small, scale=scale, follows=follows.astype(np.float16))


if __name__ == "__main__":
    keep(*teach(examples(0, SENTENCES)))
