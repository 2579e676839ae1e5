"""Prune: take out tokens that a corpus never uses, so that no row of the model is spent on them.

A text whose old tokens were all kept is cut as before. For BPE: every merge on the way to a kept token is kept, in its
old order, and at each step the first merge that applied before is still there and still the first. For unigram: the
best path of old is still there, and nothing was added that could beat it. For WordPiece: the longest match is still
there. Every other text is cut into smaller tokens, and nothing becomes unknown that was not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from octavo.tokenizer.audit.open import Opened
from octavo.tokenizer.audit.tokens import basic, needed
from octavo.tokenizer.repair.vocabulary import Repaired, renumbered


def prune(opened: Opened, counts: NDArray[np.int64], *, least: int = 1) -> Repaired:
    """Remove the tokens that occur less than `least` times, except those that a kept one is merged from, single bytes
    and characters, and added tokens. Tokens that only occur inside others stay: without them those could not be made.
    """
    used = [int(number) for number in np.flatnonzero(counts >= max(1, least))]
    kept = needed(opened, used) | basic(opened)
    if opened.model == "Unigram":
        # the score of an unknown character is taken from the lowest one
        scores = [score for _, score in opened.row["model"]["vocab"]]
        kept.add(int(np.argmin(scores)))
    return renumbered(opened, {number for number in kept if opened.pieces[number] is not None})
