"""Unigram: a vocabulary of pieces pruned until it is small, by the likelihood of the words (Kudo 2018, 1804.10959).

Learnt from the counted words, block by block, the same on every run. (The trainer of the `tokenizers` library adds up
in the order of a hash table and so gives another vocabulary each time.)
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import digamma  # type: ignore[import-untyped]

from octavo.spine.progress import progress
from octavo.tokenizer.learn.cuts import assembled, byte_characters
from octavo.tokenizer.learn.lattice import LONGEST_PIECE, Array, best_paths, edges_of, expected, grown
from octavo.tokenizer.learn.table import Table

LONGEST_WORD = 64
"""Bytes: of longer words the beginning is learnt from."""
SEEDS = 8
"""Candidates at the start, for each token wanted."""
KEPT = 0.75
"""Share of the pieces that a round of pruning keeps."""
SWEEPS = 2
"""Passes over the words in each round."""
BLOCK = 400_000
"""Bytes of words looked at together."""
NEVER = -1000.0
"""Score of special tokens: no text is ever cut into them."""


@dataclass
class Pieces:
    """The vocabulary as it stands: texts and their log-probabilities; the first 256 are the bytes."""

    texts: list[bytes]
    scores: Array


def learn_unigram(table: Table, vocabulary: int, least: int, state: Path) -> Pieces:
    """Learn at most `vocabulary` pieces, all 256 bytes among them. `state` is what a killed attempt leaves."""
    words = _by_length(table)
    if state.exists():
        pieces = _read(state)
    else:
        pieces = _seeds(words, max(SEEDS * vocabulary, 1000), least)
        _write(state, pieces)
    rounds = max(1, int(np.ceil(np.log(max(1.0, len(pieces.texts) / (1.1 * vocabulary))) / -np.log(KEPT))))
    bar = progress("prune pieces", (rounds + 1) * SWEEPS * len(words), "blocks")
    while True:
        for _ in range(SWEEPS):
            totals = np.zeros(len(pieces.texts))
            for edges, weights in _edges(words, pieces):
                totals += expected(edges, pieces.scores, weights)[0]
                bar.advance()
            pieces = _rescored(pieces, totals / table.scale, vocabulary)
        if len(pieces.texts) <= vocabulary:
            return pieces
        last = len(pieces.texts) * KEPT <= 1.1 * vocabulary
        most = vocabulary if last else int(len(pieces.texts) * KEPT)
        pieces = _pruned(words, pieces, most, vocabulary)
        _write(state, pieces)


def _by_length(table: Table) -> list[tuple[Array, Array]]:
    """Blocks of words of one length: bytes uint8 [n, t], weights float64 [n]."""
    words = table.words
    ends = np.cumsum(words.lengths)
    starts = ends - words.lengths
    lengths = np.minimum(words.lengths, LONGEST_WORD)
    blocks = []
    for length in range(1, LONGEST_WORD + 1):
        mine = np.flatnonzero((lengths == length) & (words.counts > 0))
        for at in range(0, len(mine), max(1, BLOCK // length)):
            some = mine[at : at + max(1, BLOCK // length)]
            letters = words.bytes_[starts[some][:, None] + np.arange(length)]
            blocks.append((letters, words.counts[some].astype(np.float64)))
    return blocks


def _seeds(words: Sequence[tuple[Array, Array]], most: int, least: int) -> Pieces:
    """The bytes, and the substrings of words that cover most of the text, each at least twice."""
    bar = progress("find candidates", LONGEST_PIECE, "lengths")
    found: list[tuple[float, bytes]] = []
    totals = np.zeros(256)
    for letters, weights in words:
        totals += np.bincount(letters.ravel(), np.repeat(weights, letters.shape[1]), 256)
    current = [np.zeros(letters.shape, np.uint64) for letters, _ in words]
    frequent: Array | None = None
    for length in range(1, LONGEST_PIECE + 1):
        hashes, counts, owners, places = [], [], [], []
        for at, (letters, weights) in enumerate(words):
            t = letters.shape[1]
            if t < length:
                continue
            before = current[at][:, : t - length + 1]
            alive = np.ones(before.shape, bool) if frequent is None else _among(before, frequent)
            current[at] = grown(before, letters[:, length - 1 :])
            row, column = np.nonzero(alive)
            hashes.append(current[at][row, column])
            counts.append(weights[row])
            owners.append(np.full(len(row), at, np.int32))
            places.append(row * t + column)
        bar.advance()
        if length == 1:
            continue
        every = np.concatenate(hashes) if hashes else np.zeros(0, np.uint64)
        if not len(every):
            break
        order = np.argsort(every, kind="stable")
        every, weight = every[order], np.concatenate(counts)[order]
        begins = np.flatnonzero(np.concatenate(([True], every[1:] != every[:-1])))
        sums = np.add.reduceat(weight, begins)
        good = sums >= least
        frequent = every[begins[good]]
        gains = sums[good] * length
        first = order[begins[good]]
        best = np.lexsort((frequent, -gains))[:most]
        owner, place = np.concatenate(owners)[first[best]], np.concatenate(places)[first[best]]
        for gain, at, where in zip(gains[best].tolist(), owner.tolist(), place.tolist(), strict=True):
            letters = words[at][0]
            row, column = divmod(where, letters.shape[1])
            found.append((-gain, letters[row, column : column + length].tobytes()))
        found = sorted(found)[:most]
    texts = [bytes([byte]) for byte in range(256)] + [text for _, text in found]
    weights = np.concatenate((np.maximum(totals, 0.5), [-gain / len(text) for gain, text in found]))
    return Pieces(texts, np.log(weights) - np.log(weights.sum()))


def _among(values: Array, ordered: Array) -> Array:
    if not len(ordered):
        return np.zeros(values.shape, bool)
    at = np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)
    found: Array = ordered[at] == values
    return found


def _hashed(pieces: Pieces) -> tuple[Array, Array]:
    """The hashes of all pieces in ascending order, and their numbers."""
    hashes = np.zeros(len(pieces.texts), np.uint64)
    for numbers, letters in _same_length(pieces):
        for at in range(letters.shape[1]):
            hashes[numbers] = grown(hashes[numbers], letters[:, at])
    order = np.argsort(hashes, kind="stable")
    return hashes[order], order.astype(np.int32)


def _same_length(pieces: Pieces) -> Iterator[tuple[Array, Array]]:
    sizes = np.array([len(text) for text in pieces.texts])
    for length in range(1, LONGEST_PIECE + 1):
        numbers = np.flatnonzero(sizes == length)
        if len(numbers):
            letters = np.frombuffer(b"".join(pieces.texts[at] for at in numbers.tolist()), np.uint8)
            yield numbers, letters.reshape(len(numbers), length)


def _edges(words: Sequence[tuple[Array, Array]], pieces: Pieces) -> Iterator[tuple[Array, Array]]:
    hashes, ids = _hashed(pieces)
    for letters, weights in words:
        yield edges_of(letters, hashes, ids), weights


def _rescored(pieces: Pieces, totals: Array, fewest: int) -> Pieces:
    """New log-probabilities from expected counts; what is hardly expected goes where more than `fewest` are left; bytes
    stay."""
    kept = (totals >= 0.5) | (np.arange(len(totals)) < 256)
    lacking = max(0, fewest - np.count_nonzero(kept))
    order = np.lexsort((np.arange(len(totals)), -totals, kept))
    kept[order[:lacking]] = True
    counts = np.maximum(totals[kept], 0.5)
    texts = [text for text, keep in zip(pieces.texts, kept.tolist(), strict=True) if keep]
    return Pieces(texts, digamma(counts) - digamma(counts.sum()))


def _pruned(words: Sequence[tuple[Array, Array]], pieces: Pieces, most: int, fewest: int) -> Pieces:
    """The bytes and the pieces whose loss would cost most likelihood: `most` in all, less (but not below `fewest`)
    where some are of no use."""
    uses = np.zeros(len(pieces.texts))
    for edges, weights in _edges(words, pieces):
        paths, _ = best_paths(edges, pieces.scores)
        there = paths >= 0
        uses += np.bincount(paths[there], np.repeat(weights, there.sum(1)), len(uses))
    total = uses.sum()
    losses = np.full(len(uses), -np.inf)
    hashes, ids = _hashed(pieces)
    for numbers, letters in _same_length(pieces):
        if letters.shape[1] == 1:
            losses[numbers] = np.inf
            continue
        paths, score = best_paths(edges_of(letters, hashes, ids), pieces.scores, whole=False)
        there = paths >= 0
        mine = uses[numbers]
        with np.errstate(divide="ignore", invalid="ignore"):
            instead = np.where(there, np.log(uses[paths] + mine[:, None]), 0).sum(1)
            after = there.sum(1) * np.log(total + mine * (there.sum(1) - 1))
            loss = mine / total * (np.log(mine) - np.log(total) - instead + after)
        losses[numbers] = np.where((mine > 0) & (pieces.scores[numbers] > score), loss, -np.inf)
    best = np.lexsort((np.arange(len(losses)), -losses))[:most]
    useful = np.count_nonzero(losses[best] > -np.inf)
    kept = np.sort(best[: max(useful, fewest)])
    return Pieces([pieces.texts[at] for at in kept.tolist()], pieces.scores[kept])


def _write(path: Path, pieces: Pieces) -> None:
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    with partial.open("wb") as out:
        out.write(json.dumps([text.hex() for text in pieces.texts]).encode() + b"\n")
        np.save(out, pieces.scores)
    partial.replace(path)


def _read(path: Path) -> Pieces:
    with path.open("rb") as lines:
        texts = [bytes.fromhex(text) for text in json.loads(lines.readline())]
        return Pieces(texts, np.load(lines, allow_pickle=False))


def unigram_tokenizer(pieces: Pieces, special_tokens: tuple[str, ...]) -> Any:
    """What was learnt as a `tokenizers.Tokenizer`. The format asks for an unknown token; no text ever needs it."""
    from tokenizers import models

    characters = byte_characters()
    scored = [
        (round(float(score), 6), "".join(characters[byte] for byte in text))
        for score, text in zip(pieces.scores, pieces.texts, strict=True)
    ]
    scored.sort(key=lambda one: (-one[0], one[1]))
    vocabulary = [(token, NEVER) for token in special_tokens] + [(text, score) for score, text in scored]
    return assembled(models.Unigram(vocab=vocabulary, unk_id=0, byte_fallback=False), special_tokens)
