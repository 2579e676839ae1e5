"""Floor: word vectors from counting alone, the start of what is learnt: hashed TF-IDF beside a truncated SVD of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from octavo.knowledge.dense.bag import DIMENSIONS, Words, hashed, unit

if TYPE_CHECKING:
    import scipy.sparse
    from numpy.typing import NDArray

    from octavo.knowledge.dense.corpus import Corpus

MEANING = 0.7
"""The part of the SVD in a word's direction; the rest is the word itself, by hash. The SVD alone takes rare names for
each other; the hash alone knows no meaning."""
SMALLEST = 64
"""Below so many passages or words there is nothing to decompose: words are themselves."""


def floor(corpus: Corpus, dimensions: int = DIMENSIONS) -> tuple[Words, float]:
    """The lexicon of a corpus, and the length of the vectors of words that are not in it."""
    idf = corpus.idf()
    own = np.stack([hashed(word, dimensions) for word in corpus.words]) if corpus.words else np.zeros((0, dimensions))
    directions = own.astype(np.float32)
    if min(len(corpus), len(corpus.words)) >= SMALLEST:
        meaning = _meanings(corpus.matrix(), idf, min(dimensions, len(corpus) // 2, len(corpus.words) // 2))
        directions = (1 - MEANING) * directions
        directions[:, : meaning.shape[1]] += MEANING * meaning
    return Words(corpus.words, (idf[:, None] * directions).astype(np.float32)), float(np.log(1 + max(1, len(corpus))))


def _meanings(rows: scipy.sparse.csr_matrix, idf: NDArray[np.float32], dimensions: int) -> NDArray[np.float32]:
    """A direction for each word from the SVD of the TF-IDF rows, singular values at half their power."""
    import scipy.sparse

    weighted = (rows @ scipy.sparse.diags(idf)).tocsr()
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    weighted = (scipy.sparse.diags(1 / np.maximum(lengths, 1e-9)) @ weighted).tocsr().astype(np.float32)
    right, values = truncated_svd(weighted, dimensions)
    return unit((right * np.sqrt(values)).astype(np.float32))


def truncated_svd(
    matrix: scipy.sparse.csr_matrix, rank: int, *, rounds: int = 3, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Right singular vectors (columns × rank) and values, largest first, by subspace iteration from a random start.

    Source: Halko, Martinsson and Tropp (2011), Finding structure with randomness.
    """
    wide = min(rank + 32, *matrix.shape)
    start = np.random.default_rng(seed).standard_normal((matrix.shape[1], wide)).astype(np.float32)
    found = matrix @ start
    for _ in range(rounds):
        basis, _ = np.linalg.qr(found)
        found = matrix @ (matrix.T @ basis)
    basis, _ = np.linalg.qr(found)
    small = matrix.T @ basis
    values, turns = np.linalg.eigh(small.T @ small)
    order = np.argsort(-values)[:rank]
    singular = np.sqrt(np.maximum(values[order], 1e-12)).astype(np.float32)
    right: NDArray[np.float32] = (small @ turns[:, order] / singular).astype(np.float32)
    signs = np.sign(right[np.abs(right).argmax(axis=0), np.arange(right.shape[1])])
    return right * np.where(signs == 0, 1, signs).astype(np.float32), singular
