"""Response: a big model behind any OpenAI-compatible endpoint judges each candidate; without one it cannot run.

Environment: `OCTAVO_ENDPOINT` is URL#MODEL, `OCTAVO_ENDPOINT_PRICE` what a million tokens cost ("in,out"; 0,0 for one's
own server), `OCTAVO_ENDPOINT_KEY` the key where one is wanted.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence

from octavo.challenges.entity_alignment.ground import Ground
from octavo.challenges.entity_alignment.told import Decided, answers, by_probability
from octavo.challenges.response import CANNOT_RUN, Prediction, Row
from octavo.spine.errors import OctavoError

ENDPOINT, PRICE = "OCTAVO_ENDPOINT", "OCTAVO_ENDPOINT_PRICE"


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """All candidates judged by the endpoint; an answer that is none decides nothing (C009 without an endpoint)."""
    from octavo.knowledge.entities.judge import judged
    from octavo.knowledge.entities.judges.endpoint import endpoint_named

    name = os.environ.get(ENDPOINT, "")
    if not name:
        raise OctavoError(CANNOT_RUN, "no big model is given", do=f"set {ENDPOINT}=URL#MODEL and {PRICE}=IN,OUT")
    dear = price(os.environ.get(PRICE, ""))
    judge = endpoint_named(name)

    def decide() -> list[Decided]:
        ready = ground.ready
        return by_probability(ground, judged(ready.candidates, ready.left, ready.right, judge))

    def money() -> float:
        counted = judge.spent.pairs - judge.spent.uncounted
        if counted <= 0:
            return math.inf  # the endpoint tells no tokens: unknown is not free
        paid = judge.spent.tokens_in * dear[0] + judge.spent.tokens_out * dear[1]
        return paid / 1e6 * judge.spent.pairs / counted

    yield from answers(ground, probe, decide, money=money)


def price(text: str) -> tuple[float, float]:
    """Money for a million tokens read and written; what is no price is refused, not taken for nothing (C009)."""
    try:
        read, written = (float(part) for part in text.split(","))
    except ValueError:
        read = written = math.nan
    if not (0 <= read < math.inf and 0 <= written < math.inf):
        raise OctavoError(CANNOT_RUN, "the price of the big model is not given", do=f"set {PRICE}=IN,OUT (0,0 if free)")
    return read, written
