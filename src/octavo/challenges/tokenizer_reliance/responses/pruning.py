"""Response: tokens that the text hardly holds are taken out, and their places given to the languages that pay most.

The vocabulary stays as large as it was. As with the extension half of the FLOPs come before and half after, so that
the rows of the tokens that are kept are kept too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from octavo.challenges.response import Prediction, Row
from octavo.challenges.tokenizer_reliance.cut import FEW, answers, counts_of
from octavo.challenges.tokenizer_reliance.ground import Ground
from octavo.challenges.tokenizer_reliance.starved import starved_text
from octavo.challenges.tokenizer_reliance.tiny import carry_over, first_half, second_half
from octavo.tokenizer.audit.open import open_tokenizer
from octavo.tokenizer.repair.extend import extend
from octavo.tokenizer.repair.prune import prune
from octavo.tokenizer.repair.vocabulary import write_repaired


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """Tokens that others are merged from stay, however rare they are."""
    work, less, new = (ground.place(name) for name in ("pruning-work", "pruning-less", "pruning"))
    old = open_tokenizer(ground.baseline)
    pruned = prune(old, counts_of(ground, old), least=FEW)
    write_repaired(pruned, old, less)
    smaller = open_tokenizer(less)
    refilled = extend(smaller, [starved_text(ground, work)], work, tokens=len(pruned.removed), on="serial")
    write_repaired(refilled, smaller, new)
    sources = [[pruned.sources[part][0] for part in parts] for parts in refilled.sources]
    before = first_half(ground, ground.baseline, seed)
    moved = carry_over(ground, before, new, [(source, None) for source in sources])
    yield from answers(ground, probe, second_half(ground, new, seed, before, moved))
