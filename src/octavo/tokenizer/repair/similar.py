"""Similar: embedding rows for new tokens from old tokens that are used alike, after FOCUS (Dobler & de Melo 2023).

FOCUS compares tokens by word vectors trained on the new text. Here these are counts of neighbours under random
projection (Kanerva et al. 2000), which need no training and are the same on every machine.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import tokenizers
from numpy.typing import NDArray

from octavo.kinds.records import read_shard
from octavo.tokenizer.audit.open import Opened
from octavo.tokenizer.audit.usage import corpus_files, corpus_tasks, training_row
from octavo.tokenizer.repair.vocabulary import Repaired

WIDTH = 256
REACH = 2
"""Neighbours on each side that count."""
NEAREST = 8
SHARPNESS = 10.0
"""Weights are e ** (SHARPNESS · cosine) of the nearest tokens, normalised."""
LIMIT = 32 * 2**20
"""Characters of the corpus that are read at most."""

Weighted = list[tuple[Sequence[int], Sequence[float] | None]]


def similar(old: Opened, repaired: Repaired, corpus: Sequence[Path], scratch: Path) -> Weighted:
    """For each token its old row, or the weighted old tokens that are used most like it in `corpus`.

    A new token that does not occur there is the mean of its sources.
    """
    new = Opened(old.path, tokenizers.Tokenizer.from_str(json.dumps(repaired.row)), "tokenizer.json")
    vectors, counts = _vectors(new, _texts(old, corpus, scratch))
    shared = np.array([n for n, source in enumerate(repaired.sources) if len(source) == 1 and counts[n] > 0])
    found: Weighted = []
    for number, source in enumerate(repaired.sources):
        if len(source) == 1 or not counts[number] or len(shared) <= NEAREST:
            found.append((source, None))
            continue
        cosines = vectors[shared] @ vectors[number]
        best = np.argsort(-cosines, kind="stable")[:NEAREST]
        weights = np.exp(SHARPNESS * (cosines[best] - cosines[best[0]]))
        found.append(([repaired.sources[int(n)][0] for n in shared[best]], [float(w) for w in weights]))
    return found


def _vectors(new: Opened, texts: Iterator[str]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Unit vectors of what stands beside each token, and how often it occurs."""
    generator = np.random.default_rng(zlib.crc32(b"neighbours"))
    marks = generator.choice(np.array([-1, 1], dtype=np.float32), size=(new.top, WIDTH))
    sums = np.zeros((new.top, WIDTH), dtype=np.float64)
    counts = np.zeros(new.top, dtype=np.int64)
    for text in texts:
        ids = np.array(new.encode(text), dtype=np.int64)
        np.add.at(counts, ids, 1)
        for step in range(1, REACH + 1):
            np.add.at(sums, ids[:-step], marks[ids[step:]])
            np.add.at(sums, ids[step:], marks[ids[:-step]])
    used = sums[counts > 0]
    sums -= used.mean(axis=0) if len(used) else 0.0
    return (sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)).astype(np.float32), counts


def _texts(old: Opened, corpus: Sequence[Path], scratch: Path) -> Iterator[str]:
    read = 0
    for _, shard, documents in corpus_tasks(old.path, corpus_files(corpus), scratch):
        for row in read_shard(shard, []):
            text = training_row(row, documents)
            if text is None:
                continue
            yield text.encode("utf-8", "replace").decode()
            read += len(text)
            if read > LIMIT:
                return
