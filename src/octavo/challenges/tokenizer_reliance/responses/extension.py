"""Response: an eighth more tokens, merged behind the old ones from text of the languages that pay most.

The model that is there goes on working: half of the FLOPs train it with the old tokenizer, its rows are carried over
(new tokens begin as the mean of their parts), and the other half trains on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from octavo.challenges.response import Prediction, Row
from octavo.challenges.tokenizer_reliance.cut import answers
from octavo.challenges.tokenizer_reliance.ground import Ground
from octavo.challenges.tokenizer_reliance.starved import starved_text
from octavo.challenges.tokenizer_reliance.tiny import carry_over, first_half, second_half
from octavo.tokenizer.audit.open import open_tokenizer
from octavo.tokenizer.repair.extend import extend
from octavo.tokenizer.repair.vocabulary import write_repaired

SHARE = 8


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """A BPE is needed: others can't be extended by merges."""
    work, new = ground.place("extension-work"), ground.place("extension")
    old = open_tokenizer(ground.baseline)
    repaired = extend(old, [starved_text(ground, work)], work, tokens=ground.vocabulary // SHARE, on="serial")
    write_repaired(repaired, old, new)
    before = first_half(ground, ground.baseline, seed)
    moved = carry_over(ground, before, new, [(source, None) for source in repaired.sources])
    yield from answers(ground, probe, second_half(ground, new, seed, before, moved))
