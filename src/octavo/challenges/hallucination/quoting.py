"""Quoting: the project's own answerer over the corpus, in quote mode and told not to decline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from octavo.challenges.hallucination.ground import Ground
from octavo.kinds.answer import Answer
from octavo.knowledge.answer.answer import Answerer
from octavo.knowledge.index.index import Index
from octavo.measures.wording import wording


@dataclass(frozen=True)
class Quoted:
    """What was found for a question, and the words and numbers of the quotation and of its whole document."""

    answer: Answer
    quoted: frozenset[str]
    held: frozenset[str]


def quote_all(ground: Ground, questions: Sequence[str]) -> Iterator[Quoted]:
    """A quoted answer to each question, whatever its confidence; declined only when no document matches at all."""
    with Index.open(ground.index, immutable=True) as index:
        answerer = Answerer(index, mode="quote", threshold=0.0)
        for question in questions:
            answer = answerer.ask(question, 1)
            quoted = wording(" ".join(citation.text for citation in answer.citations))
            document = index.document(answer.citations[0].document) if answer.citations else None
            held = wording(document.text if document else "")
            yield Quoted(answer, quoted.words | quoted.numbers, held.words | held.numbers)
