"""Known answers: what a fair, lossless tokenizer with a good model would give to the probe, and a useless one."""

from __future__ import annotations

from collections.abc import Sequence

from octavo.challenges.response import Prediction, Row
from octavo.challenges.tokenizer_reliance.cut import Cut, Part


def good(probe: Sequence[Row]) -> list[Prediction]:
    """The same few tokens in every language, hardly a bit a byte, nothing wasted."""
    told = []
    for row in probe:
        texts = list(row.get("texts", {}).values())
        cut = Cut((8,) * len(texts), (5.0,) * len(texts), False)
        told.append(Prediction(row["id"], cut if texts else Part(40, 0, 0)))
    return told


def bad(probe: Sequence[Row]) -> list[Prediction]:
    """Several tokens a byte, ten times as many for the last language, ten bits a byte, all of it waste."""
    told = []
    for row in probe:
        texts = list(row.get("texts", {}).values())
        tokens = [len(texts[0].encode()) * (10 if at == len(texts) - 1 else 2) for at in range(len(texts))]
        nats = [7.0 * len(text.encode()) for text in texts]
        cut = Cut(tuple(tokens), tuple(nats), True)
        told.append(Prediction(row["id"], cut if texts else Part(40, 40, 40)))
    return told
