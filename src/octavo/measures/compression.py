"""Compression: bits per byte of held-out text, comparable between tokenizers, and what a plain compressor reaches."""

from __future__ import annotations

import lzma
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from octavo.kinds.scores import Score
from octavo.measures.intervals import ratio_bootstrap

WORST = 32.0
"""Upper end of the range: more bits per byte than any model with a sane vocabulary needs."""


@dataclass(frozen=True)
class Likelihood:
    """One document under a model: negative log-likelihood in nats, and its length in UTF-8 bytes."""

    nll: float
    bytes: int


def bits_per_byte(
    documents: Sequence[Likelihood],
    *,
    name: str = "bits per byte",
    baseline: float | None = None,
    baseline_name: str = "",
) -> Score:
    """Total bits over total bytes, with a bootstrap over documents; lower is better.

    A document whose likelihood is not a finite number counts as `WORST` bits for each of its bytes and as unparsed.
    """
    kept = [document for document in documents if document.bytes > 0]
    if not kept:
        raise ValueError("bits per byte needs at least one document that is not empty")
    bad = [not math.isfinite(document.nll) for document in kept]
    bits = [
        WORST * document.bytes if broken else min(document.nll / math.log(2), WORST * document.bytes)
        for document, broken in zip(kept, bad, strict=True)
    ]
    sizes = [float(document.bytes) for document in kept]
    low, high, method = 0.0, WORST, "one document: any value is possible"
    if len(kept) > 1:
        interval = ratio_bootstrap(bits, sizes)
        low, high, method = interval.low, interval.high, "bits / bytes, bootstrap over documents"
    return Score(
        name=name,
        value=sum(bits) / sum(sizes),
        n=len(kept),
        low=low,
        high=high,
        direction="lower",
        unit="bits per byte",
        range=(0.0, WORST),
        method=method,
        unparsed=sum(bad),
        baseline=baseline,
        baseline_name=baseline_name,
    )


def compressed(texts: Sequence[str], *, known: str = "") -> tuple[float, str]:
    """Bits per byte of `texts` under the better of lzma and zlib, and its name.

    The texts are packed together, after `known` text (what a model may have been trained on), whose cost is taken
    off: packing each alone would only measure the archive's header.
    """
    data = "\0".join(texts).encode("utf-8", "replace")
    if not data:
        raise ValueError("there is nothing to compress")
    before = known.encode("utf-8", "replace")
    best: dict[str, int] = {}
    for label, pack in (("lzma", _lzma), ("zlib", _zlib)):
        best[label] = pack(before + data) - (pack(before) if before else pack(b""))
    label = min(best, key=lambda one: (best[one], one))
    return 8 * max(best[label], 0) / len(data), label


def _lzma(data: bytes) -> int:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 6 | lzma.PRESET_EXTREME}]
    return len(lzma.compress(data, format=lzma.FORMAT_RAW, filters=filters))


def _zlib(data: bytes) -> int:
    return len(zlib.compress(data, 9))
