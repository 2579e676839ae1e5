"""Response: quote and cite, then check that the quotation speaks of what was asked, and decline when it does not.

What the question asks about must stand in the quoted sentence and its document: every name and number, and most of the
other words. The share that does is the confidence; below the limit the answer is withheld (Kadavath et al. 2022 let the
model judge itself; here words do, which costs no model).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from octavo.challenges.hallucination.ground import Ground
from octavo.challenges.hallucination.quoting import Quoted, quote_all
from octavo.challenges.response import Prediction, Row
from octavo.measures.wording import wording

LIMIT = 0.6
"""Least share of the question's content words for an answer; a middle between declining and guessing, not fitted."""


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """The same for every seed: nothing is sampled, and no model is asked (hence no model FLOPs)."""
    for row, quoted in zip(probe, quote_all(ground, [row["question"] for row in probe]), strict=True):
        sure = verified(quoted)
        answer = replace(quoted.answer, confidence=sure)
        if sure < LIMIT:
            text = "The documents do not say."
            answer = replace(
                answer, answer=text, declined=True, citations=(), reason="the quotation does not speak of it"
            )
        yield Prediction(row["id"], answer, 0.0)


def verified(quoted: Quoted) -> float:
    """Share of the question's words that the quotation (once) or only its document (half) holds.

    A name or number of the question that the document lacks halves the whole.
    """
    asked = wording(quoted.answer.question)
    wanted = asked.words | asked.numbers
    if quoted.answer.declined or not wanted:
        return 0.0
    held = sum(1.0 if word in quoted.quoted else 0.5 if word in quoted.held else 0.0 for word in wanted)
    strange = (asked.names | asked.numbers) - quoted.held
    return held / len(wanted) * (0.5 if strange else 1.0)
