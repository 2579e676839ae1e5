"""Cut: what a tokenizer and its model make of the probe: tokens, nats, whether texts come back, and its vocabulary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from octavo.challenges.response import Prediction, Row
from octavo.challenges.tokenizer_reliance.ground import Ground

FEW = 10
"""A token that the text holds less often than this is hardly trained."""


@dataclass(frozen=True)
class Cut:
    """The texts of a row, in its order."""

    tokens: tuple[int, ...]
    nats: tuple[float, ...]
    """−log p of each text under the tiny model."""
    lost: bool
    """Whether a text did not come back as it was, or became a special or unknown token."""


@dataclass(frozen=True)
class Part:
    """An even part of the vocabulary, special tokens left out."""

    tokens: int
    broken: int
    """Tokens that no text reaches, or that begin or end inside a character; single bytes are not counted."""
    rare: int
    """Tokens that occur less than `FEW` times in the text that is learnt from; single bytes are not counted."""


def answers(ground: Ground, probe: Sequence[Row], taught: Any) -> Iterator[Prediction]:
    """One prediction a row; `taught` is a `tiny.Taught`. The FLOPs of training are spread over the rows."""
    from octavo.model.likelihood import score_texts
    from octavo.model.tokenizer import Tokenizer
    from octavo.tokenizer.audit.open import open_tokenizer

    opened, reader = open_tokenizer(taught.tokenizer), Tokenizer(taught.tokenizer)
    texts = [text for row in probe for text in row.get("texts", {}).values()]
    scored = iter(score_texts(taught.model, reader, texts))
    parts = _parts(ground, opened)
    for row in probe:
        if row["set"] == "vocabulary":
            mine = parts[row["part"] :: row["of"]]
            output: Cut | Part = Part(len(mine), sum(one for one, _ in mine), sum(one for _, one in mine))
        else:
            mine_texts = list(row["texts"].values())
            scores = [next(scored) for _ in mine_texts]
            lost = any(is_lost(opened, text) for text in mine_texts)
            output = Cut(tuple(one.tokens for one in scores), tuple(one.nats for one in scores), lost)
        yield Prediction(row["id"], output, taught.flops / len(probe))


def counts_of(ground: Ground, opened: Any) -> Any:
    """How often each token occurs in the text that is learnt from."""
    import numpy as np

    ids = [number for one in opened.encode_all(ground.texts) for number in one]
    return np.bincount(np.array(ids, dtype=np.int64), minlength=opened.top)


def _parts(ground: Ground, opened: Any) -> list[tuple[bool, bool]]:
    """(broken, rare) of each token but the special ones."""
    from octavo.tokenizer.audit.tokens import OK, basic, classify

    categories, always, counts = classify(opened).categories, basic(opened), counts_of(ground, opened)
    return [
        (category != OK and number not in always, bool(counts[number] < FEW) and number not in always)
        for number, category in sorted(categories.items())
        if number not in opened.added
    ]


def is_lost(opened: Any, text: str) -> bool:
    """Whether a text does not come back as it was, or becomes a special or unknown token."""
    ids = opened.encode(text)
    return opened.decode(ids) != text or any(number in opened.special or number == opened.unknown for number in ids)
