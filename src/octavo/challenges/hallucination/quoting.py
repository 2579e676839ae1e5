"""Quoting: the sentence of the best document that shares most with the question, with its citation."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from octavo.challenges.hallucination.ground import Ground
from octavo.kinds.answer import Answer, Citation
from octavo.kinds.documents import Document
from octavo.knowledge.index import Index
from octavo.knowledge.passages import sentences
from octavo.knowledge.retrieve import Retriever
from octavo.measures.wording import Wording, wording


@dataclass(frozen=True)
class Quoted:
    """What was found for a question: the answer, what the question asks for, and what the quoted document holds."""

    answer: Answer
    asked: Wording
    held: frozenset[str]


def quote_all(ground: Ground, questions: Sequence[str]) -> Iterator[Quoted]:
    """An answer to each question, whatever it is: quoted from the first hit, as sure as the search matched."""
    with Index.open(ground.index, immutable=True) as index:
        retriever = Retriever(index)
        for question in questions:
            began = time.perf_counter()
            asked = wording(question)
            found = retriever.find(question, 1)
            if not found.hits:
                text = "Nothing was found."
                answer = Answer(
                    question, text, True, (), 0.0, time.perf_counter() - began, "quote", "no document matches"
                )
                yield Quoted(answer, asked, frozenset())
                continue
            hit = found.hits[0]
            document, _ = index.numbered(hit.number)
            start, end = _best_sentence(document, asked)
            citation = Citation(document.id, start, end, document.text[start:end])
            text = " ".join(citation.text.split())
            sure = min(1.0, max(0.0, hit.match))
            answer = Answer(question, text, False, (citation,), sure, time.perf_counter() - began, "quote")
            told = wording(document.text)
            yield Quoted(answer, asked, told.words | told.numbers)


def _best_sentence(document: Document, asked: Wording) -> tuple[int, int]:
    """Span of the sentence with most of the question's words; the title is no sentence unless there is nothing else."""
    spans = [span for span in sentences(document.text) if not document.text[span[0] :].startswith("#")]
    if not spans:
        return 0, len(document.text)
    wanted = asked.words | asked.numbers

    def shared(span: tuple[int, int]) -> tuple[int, int]:
        said = wording(document.text[span[0] : span[1]])
        return len(wanted & (said.words | said.numbers)), -span[0]

    return max(spans, key=shared)
