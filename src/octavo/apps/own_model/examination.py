"""Examination: the questions asked one by one: is the citation right, is the answer supported, does it decline?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from octavo.apps.own_model.amounts import EvaluateSettings
from octavo.apps.own_model.findings import Findings
from octavo.apps.own_model.questions import UNANSWERABLE, Question, choose_questions
from octavo.apps.own_model.writer import Writer
from octavo.kinds.answer import Answer
from octavo.kinds.documents import Document
from octavo.kinds.index import INDEX
from octavo.kinds.scores import Score
from octavo.knowledge.answer.answer import Answerer, worded
from octavo.knowledge.index.index import Index
from octavo.measures.abstention import Outcome, aurc, curve, declined_share, risk_at
from octavo.measures.accuracy import rank_of, right_within
from octavo.measures.claims import Judged, judge_answer, unsupported_claims
from octavo.measures.latency import latency
from octavo.spine.progress import progress, reading


class Asked:
    """One question with its answer and what became of it."""

    def __init__(self, question: Question, answer: Answer, mode: str, evidence: Sequence[str]) -> None:
        self.question, self.answer, self.mode = question, answer, mode
        self.cited = list(dict.fromkeys(citation.document for citation in answer.citations))
        self.rank = rank_of(self.cited, question.accept)
        self.claims: list[Judged] = [] if answer.declined else judge_answer(answer.answer, evidence)

    @property
    def right(self) -> bool:
        """The first citation is right; in generate mode every claim must be supported too."""
        supported = self.mode == "quote" or all(claim.verdict == "supported" for claim in self.claims)
        return self.rank == 1 and not self.answer.declined and supported

    @property
    def outcome(self) -> str:
        """In a word."""
        if self.question.set == UNANSWERABLE:
            return "declined, unanswerable" if self.answer.declined else "answered, unanswerable"
        if self.answer.declined:
            return "declined, answerable"
        return "right" if self.right else "wrong"

    def rows(self) -> list[dict[str, Any]]:
        """The item behind the scores, and one row a claim."""
        shown = {
            "mode": self.mode,
            "id": self.question.id,
        }
        answer = {
            "measure": "answers",
            **shown,
            "set": self.question.set,
            "question": self.question.question,
            "accept": list(self.question.accept),
            "answer": self.answer.answer,
            "declined": self.answer.declined,
            "cited": self.cited,
            "rank": self.rank,
            "confidence": round(self.answer.confidence, 4),
            "reason": self.answer.reason,
            "outcome": self.outcome,
        }
        claims = [
            {"measure": "claims", **shown, "claim": one.claim, "verdict": one.verdict, "why": one.why}
            for one in self.claims
        ]
        return [answer, *claims]


def examine(settings: EvaluateSettings, documents: Sequence[Document], index: Path, model: Path) -> Findings:
    """Ask all questions in quote mode and some in generate mode."""
    found = Findings()
    with Index.open(index / INDEX, immutable=True) as opened:
        listed = opened.ids()
        asked = choose_questions(documents, listed, settings.probe, settings.questions)
        found.left_out.update(asked.left_out)
        sets = Counter(question.set for question in asked.questions)
        found.facts["questions"] = {"origin": asked.origin, "sets": dict(sorted(sets.items()))}
        found.facts["curves"] = {}
        quoted = _ask(Answerer(opened, mode="quote"), asked.questions, settings.first)
        _tell_quoted(found, quoted, len(listed))
        if settings.generated:
            some = _every(asked.questions, settings.generated)
            written = _ask(Answerer(opened, mode="generate", generator=Writer(model)), some, settings.first)
            _tell(found, written, "generate")
    return found


def _ask(answerer: Answerer, questions: Sequence[Question], first: int) -> list[Asked]:
    told: list[Asked] = []
    mode = answerer.mode
    bar = progress(f"ask ({mode})", len(questions), "questions")
    for question in questions:
        answer = answerer.ask(question.question, first)
        told.append(Asked(question, answer, mode, _evidence(answerer.index, answer)))
        bar.advance()
    if told:
        median, p95 = latency([one.answer.seconds for one in told])
        reading(
            **{
                f"seconds_per_answer_{mode}_median": round(median.value, 4),
                f"seconds_per_answer_{mode}_median_low": round(median.low, 4),
                f"seconds_per_answer_{mode}_median_high": round(median.high, 4),
                f"seconds_per_answer_{mode}_p95": round(p95.value, 4),
            }
        )
    return told


def _evidence(index: Index, answer: Answer) -> list[str]:
    """The cited spans as they are shown, each with its document's name and signature."""
    found = [(index.document(citation.document), citation) for citation in answer.citations]
    return [worded(document, citation) for document, citation in found if document is not None]


def _tell_quoted(found: Findings, asked: Sequence[Asked], candidates: int) -> None:
    """The scores of the citations, by set, then what holds for either mode."""
    for name in sorted({one.question.set for one in asked} - {UNANSWERABLE}, reverse=True):
        ranks = [None if one.answer.declined else one.rank for one in asked if one.question.set == name]
        found.scores.append(right_within(f"{name}: first citation right", ranks, 1, candidates))
        found.scores.append(right_within(f"{name}: right within five", ranks, 5, candidates))
    answerable = [one.answer.declined for one in asked if one.question.set != UNANSWERABLE]
    unanswerable = [one.answer.declined for one in asked if one.question.set == UNANSWERABLE]
    found.scores += declined_share(answerable, unanswerable)
    _tell(found, asked, "quote")


def _tell(found: Findings, asked: Sequence[Asked], mode: str) -> None:
    """Risk–coverage and unsupported claims of one mode, the curve and the items."""
    if not asked:
        found.left_out[f"scores of {mode} mode"] = "there was no question to ask"
        return
    outcomes = [Outcome(one.answer.confidence, one.right, one.answer.declined) for one in asked]
    scores: list[Score] = [aurc(outcomes, f"risk–coverage area, {mode}")]
    if mode == "quote":
        scores.append(risk_at(outcomes, 0.5, "risk at 50 % coverage, quote"))
    claims = [(claim, one.question.id) for one in asked for claim in one.claims]
    if claims:
        judged, answers = [claim for claim, _ in claims], [name for _, name in claims]
        scores.append(unsupported_claims(judged, answers, f"unsupported claims, {mode}"))
    else:
        found.left_out[f"unsupported claims, {mode}"] = "every question was declined: no claim was made"
    found.scores += scores
    found.facts["curves"][mode] = [[round(x, 5), round(y, 5)] for x, y in curve(outcomes)]
    found.items += [row for one in asked for row in one.rows()]


def _every(questions: Sequence[Question], most: int) -> list[Question]:
    """`most` questions spread evenly over all sets."""
    if len(questions) <= most:
        return list(questions)
    return [questions[i * len(questions) // most] for i in range(most)]
