"""Answer: ask an index a question and get a quoted or generated answer with citations, or a refusal."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from typing import Protocol

from octavo.kinds.answer import Answer, Citation
from octavo.kinds.dialogues import Message
from octavo.kinds.documents import Document
from octavo.knowledge.answer.abstain import calibrations, features
from octavo.knowledge.answer.quote import cite, span
from octavo.knowledge.answer.retrieve import Found, Retriever
from octavo.knowledge.answer.verify import MARK, check
from octavo.knowledge.index.index import Index
from octavo.spine.errors import WRONG_USE, OctavoError

MODES = ("quote", "generate")
DECLINED = "I can't answer that from these documents."
GROUNDS = 3
"""How many passages a generated answer may rest on."""


class Generator(Protocol):
    """Whatever writes text for messages: a checkpoint of one's own, or a server."""

    def generate(self, messages: Sequence[Message]) -> str:
        """The text of the answer."""
        ...


class Answerer:
    """Answers questions from one index.

    `mode` quote gives the words of the best document; generate lets `generator` word an answer from the best
    passages; a sentence that they don't support is left out, and with none left the question is declined. `threshold`
    is the confidence below which a question is declined; by default the calibrated one.
    """

    def __init__(
        self, index: Index, mode: str = "quote", generator: Generator | None = None, threshold: float | None = None
    ) -> None:
        if mode not in MODES or (mode == "generate" and generator is None):
            raise OctavoError(
                "K007",
                f'The answer mode "{mode}" cannot be used' + (" without a model" if mode in MODES else ""),
                do=f"use one of: {', '.join(MODES)}; generate needs a model",
                exit_code=WRONG_USE,
            )
        self.index, self.mode, self.generator, self.threshold = index, mode, generator, threshold
        self.retriever = Retriever(index)

    def ask(self, question: str, k: int = 5) -> Answer:
        """Answer a question with at most `k` citations, best first, each from another document."""
        began = time.perf_counter()
        if not 1 <= k <= 50:
            raise OctavoError(
                "K008", f"The number of citations must be 1 to 50, not {k}", do="choose another k", exit_code=WRONG_USE
            )
        text = question.encode("utf-8", "replace").decode("utf-8").strip()
        if not re.search(r"\w", text):
            return self._declined(question, 0.0, began, "The question is empty.")
        with self.index.reading():
            found = self.retriever.find(text, k)
            confidence, threshold = self._confidence(found)
            if not found.hits or confidence < threshold:
                return self._declined(question, confidence, began, self._reason(found))
            cited = self._citations(found)
            if not cited:
                return self._declined(question, confidence, began, "What was found holds no text.")
        if self.mode == "generate":
            return self._generated(question, cited, confidence, began)
        document, citation = cited[0]
        citations = tuple(c for _, c in cited)
        return self._answer(question, worded(document, citation), citations, confidence, began)

    def stream(self, question: str, k: int = 5) -> Iterator[str | Answer]:
        """The answer's text in pieces, and at last the whole `Answer`. A generated text is checked before its first
        piece goes out, since what turns out unsupported must not be shown."""
        answer = self.ask(question, k)
        yield from re.findall(r"\s*\S+|\s+$", answer.answer)
        yield answer

    def _confidence(self, found: Found) -> tuple[float, float]:
        kind = self.index.numbered(found.hits[0].number)[0].kind if found.hits else "file"
        calibration = calibrations()["files" if kind == "file" else "objects"]
        confidence = calibration.probability(features(found, self.index))
        return confidence, calibration.threshold if self.threshold is None else self.threshold

    def _citations(self, found: Found) -> list[tuple[Document, Citation]]:
        cited = []
        for hit in found.hits:
            document, _ = self.index.numbered(hit.number)
            _, start, end = self.index.span(hit.passage)
            start, end = span(document, found.question, (start, end))
            if start < end:
                cited.append((document, cite(document, start, end)))
        return cited

    def _generated(
        self, question: str, cited: Sequence[tuple[Document, Citation]], confidence: float, began: float
    ) -> Answer:
        from octavo.model.prompt import REFUSAL, Passage, grounded_messages, heading

        assert self.generator is not None
        grounds = cited[:GROUNDS]
        passages = [Passage(heading(document), citation.text) for document, citation in grounds]
        written = self.generator.generate(grounded_messages(question, passages)).strip()
        if not written or written.startswith(REFUSAL):
            return self._declined(question, confidence, began, "The model finds no answer in the passages.")
        names = [f"{document.id} {document.signature}" for document, _ in grounds]
        checked = check(written, [passage.text for passage in passages], names)
        kept = [one for one in checked if not one.reason]
        lost = [one for one in checked if one.reason]
        share = len(kept) / max(1, len(checked))
        if not kept:
            why = lost[0].reason if lost else "it says nothing"
            reason = f"The model's answer is not supported by the documents: {why}."
            return self._declined(question, confidence * share, began, reason)
        votes = [sum(i in one.passages for one in kept) for i in range(len(grounds))]
        first = votes.index(max(votes))
        order = [first, *(i for i in range(len(cited)) if i != first)]
        citations = tuple(cited[i][1] for i in order)
        text = MARK.sub("", written).strip() if not lost else " ".join(one.text for one in kept)
        note = f"Left out as unsupported: {len(lost)} of {len(checked)} sentences; {lost[0].reason}." if lost else ""
        return self._answer(question, text, citations, confidence * share, began, note)

    def _reason(self, found: Found) -> str:
        resolution = found.resolution
        if resolution.missing:
            nearest = f" The nearest are {', '.join(resolution.nearest)}." if resolution.nearest else ""
            return f"There is nothing called {resolution.missing} in these documents.{nearest}"
        unknown = [
            g.said for g, count in zip(found.question.groups, found.ranking.found) if not count and g.origin == "word"
        ]
        if unknown:
            return f"The documents do not speak of {', '.join(unknown[:3])}."
        if not found.hits:
            return "Nothing in the documents matches."
        return f"The nearest document, {self.index.id_of(found.hits[0].number)}, does not seem to answer it."

    def _declined(self, question: str, confidence: float, began: float, reason: str) -> Answer:
        seconds = time.perf_counter() - began
        return Answer(question, f"{DECLINED} {reason}", True, (), confidence, seconds, self.mode, reason)

    def _answer(
        self,
        question: str,
        text: str,
        citations: tuple[Citation, ...],
        confidence: float,
        began: float,
        note: str = "",
    ) -> Answer:
        return Answer(question, text, False, citations, confidence, time.perf_counter() - began, self.mode, note)


def worded(document: Document, citation: Citation) -> str:
    """A quotation as it is shown: the name with its signature, or the title of a file, then the words."""
    if document.kind == "file":
        head = f"{document.title} ({document.id})" if document.title else document.id
    else:
        signatures = document.signature.splitlines() or [""]
        head = "\n".join(document.id + line if line.startswith("(") else line or document.id for line in signatures[:3])
    return f"{head}\n\n{citation.text}"
