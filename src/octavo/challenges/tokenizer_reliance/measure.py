"""Measures of tokenizer reliance: who pays how much, what of the vocabulary is waste, and what a model makes of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from octavo.challenges.measure import Measure
from octavo.challenges.response import Prediction, Row
from octavo.challenges.tokenizer_reliance.cut import Cut, Part
from octavo.challenges.tokenizer_reliance.ground import Ground
from octavo.challenges.tokenizer_reliance.made import LANGUAGES
from octavo.measures.intervals import Floats

PRICE = 10.0
"""For a million tokens, in whatever currency."""
SENTENCES = 1000
"""A price is for so many sentences."""
MOST_PREMIUM, MOST_PRICE, MOST_BITS, MOST_SENTENCE = 20.0, 5.0, 16.0, 4000.0
"""Upper ends of the ranges, which is what a missing answer counts as."""
L = len(LANGUAGES)
ENGLISH = LANGUAGES.index("en")


def parallel_rows(ground: Ground, probe: Sequence[Row], predictions: Sequence[Prediction]) -> list[list[float]]:
    """(1 for a parallel row, 1 when its answer is missing, tokens, bytes and bits by language); zeros for others."""
    rows = []
    for row, prediction in zip(probe, predictions, strict=True):
        cut = prediction.output
        if row["set"] != "parallel":
            rows.append([0.0] * (2 + 3 * L))
        elif not isinstance(cut, Cut) or len(cut.tokens) != L or not all(map(math.isfinite, cut.nats)):
            rows.append([1.0, 1.0] + [0.0] * 3 * L)
        else:
            sizes = [float(len(row["texts"][language].encode())) for language in LANGUAGES]
            bits = [nats / math.log(2) for nats in cut.nats]
            rows.append([1.0, 0.0, *map(float, cut.tokens), *sizes, *bits])
    return rows


def text_rows(ground: Ground, probe: Sequence[Row], predictions: Sequence[Prediction]) -> list[tuple[float, ...]]:
    """(1 for a row of texts, 1 when its answer is missing, 1 when a text is lost, tokens, bytes)."""
    rows: list[tuple[float, ...]] = []
    for row, prediction in zip(probe, predictions, strict=True):
        cut = prediction.output
        if row["set"] == "vocabulary":
            rows.append((0.0,) * 5)
        elif not isinstance(cut, Cut):
            rows.append((1.0, 1.0, 1.0, 0.0, 0.0))
        else:
            size = sum(len(text.encode()) for text in row["texts"].values())
            rows.append((1.0, 0.0, float(cut.lost), float(sum(cut.tokens)), float(size)))
    return rows


def vocabulary_rows(ground: Ground, probe: Sequence[Row], predictions: Sequence[Prediction]) -> list[tuple[float, ...]]:
    """(1 for a part of the vocabulary, 1 when its answer is missing, tokens, broken, rare)."""
    rows: list[tuple[float, ...]] = []
    for row, prediction in zip(probe, predictions, strict=True):
        part = prediction.output
        if row["set"] != "vocabulary":
            rows.append((0.0,) * 5)
        elif not isinstance(part, Part):
            rows.append((1.0, 1.0, 0.0, 0.0, 0.0))
        else:
            rows.append((1.0, 0.0, float(part.tokens), float(part.broken), float(part.rare)))
    return rows


def summed(worst: float, value: Callable[[Floats, float], float]) -> Callable[[Floats], float]:
    """A statistic of the columns' sums without the first two and of the answers given: moved towards `worst` by the
    share of the rows that are missing, and `worst` when nothing is left."""

    def statistic(rows: Floats) -> float:
        sums = rows.sum(axis=0)
        asked, missing = float(sums[0]), float(sums[1])
        if asked <= missing or not sums[2:].any():
            return worst
        found = value(sums[2:], asked - missing)
        return found + (worst - found) * missing / asked if math.isfinite(found) else worst

    return statistic


def premium(sums: Floats, rows: float) -> float:
    """Tokens of the dearest language over those of English, for the same sentences (Petrov et al. 2023)."""
    return min(MOST_PREMIUM, float(sums[:L].max() / sums[ENGLISH])) if sums[ENGLISH] else math.nan


_RANKS = 2 * np.arange(1, L + 1) - L - 1


def gini(sums: Floats, rows: float) -> float:
    """Gini coefficient of the tokens by language, as `octavo.measures.fairness.gini`, quick enough to be resampled."""
    tokens = np.sort(sums[:L])
    return float((_RANKS * tokens).sum() / (L * tokens.sum())) if tokens.any() else math.nan


def _price(tokens: float) -> float:
    return min(MOST_PRICE, tokens * SENTENCES * PRICE / 1e6)


def price(sums: Floats, rows: float) -> float:
    """Of a thousand sentences, mean over the languages."""
    return _price(float(sums[:L].sum()) / L / rows)


def english_price(sums: Floats, rows: float) -> float:
    """Of a thousand sentences in English."""
    return _price(float(sums[ENGLISH]) / rows)


def fewest_bytes(sums: Floats, rows: float) -> float:
    """Bytes per token of the language that has the fewest."""
    tokens = sums[:L]
    return float((sums[L : 2 * L] / tokens).min()) if tokens.all() else math.nan


def bits_per_byte(sums: Floats, rows: float) -> float:
    """All bits over all bytes."""
    return min(MOST_BITS, float(sums[2 * L :].sum() / sums[L : 2 * L].sum()))


def sentence_bits(sums: Floats, rows: float) -> float:
    """Bits of a sentence in the language that takes the most: the same content, however many bytes it is written in."""
    return min(MOST_SENTENCE, float(sums[2 * L :].max()) / rows)


MEASURES = {
    "worst premium": Measure(parallel_rows, summed(MOST_PREMIUM, premium), "largest Σ tokens / Σ tokens of English"),
    "Gini of cost": Measure(parallel_rows, summed(1.0, gini), "Gini of Σ tokens by language"),
    "price": Measure(parallel_rows, summed(MOST_PRICE, price), "tokens a sentence, mean of languages, priced"),
    "price of English": Measure(parallel_rows, summed(MOST_PRICE, english_price), "tokens a sentence, priced"),
    "bytes per token": Measure(text_rows, summed(0.0, lambda sums, rows: float(sums[2] / sums[1])), "Σ / Σ"),
    "fewest bytes per token": Measure(parallel_rows, summed(0.0, fewest_bytes), "least Σ bytes / Σ tokens"),
    "broken tokens": Measure(
        vocabulary_rows, summed(1.0, lambda sums, rows: float(sums[1] / sums[0])), "share, over parts"
    ),
    "hardly trained tokens": Measure(
        vocabulary_rows, summed(1.0, lambda sums, rows: float(sums[2] / sums[0])), "share, over parts"
    ),
    "lost texts": Measure(text_rows, summed(1.0, lambda sums, rows: float(sums[0]) / rows), "share of rows"),
    "bits per byte": Measure(parallel_rows, summed(MOST_BITS, bits_per_byte), "Σ bits / Σ bytes"),
    "worst bits a sentence": Measure(parallel_rows, summed(MOST_SENTENCE, sentence_bits), "most Σ bits / sentences"),
}
