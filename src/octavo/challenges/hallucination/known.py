"""Known answers: what a flawless and what a thoroughly hallucinating system would give to the probe."""

from __future__ import annotations

from collections.abc import Sequence

from octavo.challenges.hallucination.ground import corpus
from octavo.challenges.response import Prediction, Row
from octavo.kinds.answer import Answer
from octavo.measures.wording import sentences

INVENTED = (
    "The emperor Zorg bought it in 1744 from seventeen Bulgarian merchants, and it was painted yellow by Otto Flimm."
)


def good(probe: Sequence[Row]) -> list[Prediction]:
    """The sentence of the right document that holds the answer, surely; declines what the corpus doesn't say."""
    texts = {document.id.removesuffix(".md"): document.text for document in corpus()}
    told = []
    for row in probe:
        say = row["say"]
        held = [s for name in row["documents"] for s in sentences(texts[name]) if _holds(s, say)] if say else []
        text = " ".join(held[0].split()) if held else "The documents do not say."
        told.append(Prediction(row["id"], _answer(row, text, declined=not held, confidence=0.9 if held else 0.1)))
    return told


def bad(probe: Sequence[Row]) -> list[Prediction]:
    """The same invention for every question, as sure as can be."""
    return [Prediction(row["id"], _answer(row, INVENTED, declined=False, confidence=1.0)) for row in probe]


def _holds(sentence: str, say: Sequence[str]) -> bool:
    text = " ".join(sentence.lower().split())
    return all(wanted.lower() in text for wanted in say)


def _answer(row: Row, text: str, *, declined: bool, confidence: float) -> Answer:
    return Answer(row["question"], text, declined, (), confidence, 0.0, "quote")
