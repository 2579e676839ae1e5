"""Answering: how each way answers the probe: from weights, from passages found by BM25, before and after an update."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from octavo.challenges.adapt_or_retrieve.ground import FACTS, Ground, document_of
from octavo.challenges.chronicle import Statement, same
from octavo.challenges.reading import Counting
from octavo.challenges.response import Prediction, Row
from octavo.challenges.taught import Taught, recited, teach, untaught
from octavo.knowledge.index.index import Index
from octavo.knowledge.index.sparse import Sparse
from octavo.model.likelihood import score_texts

PASSAGES = 2
"""That are read for an answer."""


@dataclass(frozen=True)
class Told:
    """What a system gave for one row of the probe, and what taking in the news took it."""

    right: bool = False
    declined: bool = False
    bits: float = 0.0
    bytes: int = 0
    update_seconds: float = 0.0
    """Of the processor, from the arrival of the news until it answers from them."""
    seconds: float = 0.0
    """Of the processor, for this answer."""


@dataclass(frozen=True)
class System:
    """What answers: questions to (answer or "", FLOPs), a model whose forgetting is measured, and what it spent."""

    answer: Callable[[Sequence[str]], list[tuple[str, float]]]
    model: Taught
    update_seconds: float = 0.0


def answers(ground: Ground, probe: Sequence[Row], make: Callable[[], System]) -> Iterator[Prediction]:
    """The probe answered by a system that is made when the first answer is asked for."""
    system = make()
    asked = [(row, _question(ground, row)) for row in probe if row["set"] != "text"]
    began = time.process_time()
    said = system.answer([question for _, (question, _) in asked])
    seconds = (time.process_time() - began) / max(1, len(asked))
    found = dict(zip((row["id"] for row, _ in asked), said, strict=True))
    texts = [ground.texts[row["number"] % len(ground.texts)] for row in probe if row["set"] == "text"]
    scores = iter(score_texts(system.model.model, system.model.tokenizer, texts))
    values = {row["id"]: value for row, (_, value) in asked}
    update = system.update_seconds
    for number, row in enumerate(probe):
        spent = system.model.flops if number == 0 else 0.0
        if row["set"] == "text":
            one = next(scores)
            told = Told(bits=one.bits_per_byte * one.bytes, bytes=one.bytes, update_seconds=update)
            yield Prediction(row["id"], told, spent)
            continue
        answer, flops = found[row["id"]]
        right = same(answer, values[row["id"]]) if values[row["id"]] else not answer
        yield Prediction(row["id"], Told(right, not answer, 0.0, 0, update, seconds), spent + flops)


def _question(ground: Ground, row: Row) -> tuple[str, str]:
    """A row's question and its answer, "" where nothing holds it."""
    if row["set"] == "nowhere":
        return ground.nowhere[row["number"] % len(ground.nowhere)], ""
    facts = ground.facts[row["set"]]
    one = facts[row["number"] // FACTS % len(facts)]
    fact = one[row["number"] % len(one)]
    return fact.question, fact.value


def from_weights(taught: Taught, update_seconds: float = 0.0) -> System:
    """Answers without looking anything up."""
    return System(lambda questions: recited(taught, questions), taught, update_seconds)


def from_passages(ground: Ground, taught: Taught) -> System:
    """Indexes the old documents, takes in the news, and reads the best passages for each question."""
    place = ground.scratch / "index.sqlite"
    place.unlink(missing_ok=True)
    index = Index.create(place)
    index.add([document_of(facts) for facts in ground.before])
    began = time.process_time()
    index.replace([document_of(facts) for facts in ground.news])
    update_seconds = time.process_time() - began
    view = index.view()
    ranker = Sparse(view)
    text_of = {one: index.document(one) for one in index.ids()}
    reader = Counting(taught, ground.base)

    def answer(questions: Sequence[str]) -> list[tuple[str, float]]:
        found = []
        for question in questions:
            ids = [view.id_of(passage) for passage, _ in ranker.rank(question, PASSAGES)]
            passages = [document.text for one in ids if (document := text_of[one]) is not None]
            said, _, flops = reader.answer(question, passages)
            found.append((said, flops))
        index.close()
        return found

    return System(answer, taught, update_seconds)


def lessons(facts: Sequence[Sequence[Statement]]) -> tuple[list[str], list[tuple[str, str]]]:
    """Documents as texts, and every question about them but the one that is asked in the end, with its answer."""
    texts = [document_of(list(one)).text for one in facts]
    return texts, [(question, fact.value) for one in facts for fact in one for question in fact.others]


def tuned(ground: Ground, tokens: int | None = None) -> Taught:
    """The base after learning the documents that there were at first."""
    texts, asked = lessons(ground.before)
    asked += [(question, "") for question in ground.strangers]
    spent = ground.scale.tokens if tokens is None else tokens
    return teach(untaught(ground.base), texts, asked, tokens=spent, seed=ground.seed, scratch=ground.scratch)


def tuned_again(ground: Ground) -> tuple[Taught, float]:
    """With half of the budget the old documents, with the rest the news and what still holds (replay); and the
    processor seconds of that second half."""
    first = tuned(ground, ground.scale.tokens // 2)
    texts, asked = lessons([*ground.news, *ground.facts["seen"]])
    asked += [(question, "") for question in ground.strangers]
    rest = ground.scale.tokens - ground.scale.tokens // 2
    second = teach(first, texts, asked, tokens=rest, seed=ground.seed + 1, scratch=ground.scratch)
    return second, second.seconds - first.seconds
