"""Measure: how well a reader answers items: exact matches, declines, and what simple rules would reach."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from octavo.data.world.items import Maker, Measure

if TYPE_CHECKING:
    from octavo.model.reading.reader import Reader

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_MARKS = re.compile(r"[^\w\s.,/:$€£%@~+-]")
UNSEEN = Measure(unseen=True, questions=1, passages=(2, 3, 3), facts=(1, 3), scenes=0.4)
UNWORDED = Measure(
    unseen=True, questions=1, passages=(2, 3, 3), facts=(1, 3), scenes=0.4, wordings="unseen", relations="all"
)


@dataclass(frozen=True)
class Probe:
    """An item with the answers that count as right; none when its passages do not say."""

    kind: str
    question: str
    passages: tuple[str, ...]
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """What became of a probe: what was answered ("" when declined), whether that is right, and the reader's margin."""

    probe: Probe
    answer: str
    right: bool
    margin: float = 0.0


def normal(text: str) -> str:
    """A short answer as it is compared: lower case, without articles, quotation marks and closing points."""
    plain = _ARTICLES.sub(" ", _MARKS.sub(" ", text.lower()))
    return " ".join(plain.split()).strip(" .,:")


def matches(answer: str, answers: Iterable[str]) -> bool:
    """Whether an answer is one of those that are right."""
    return normal(answer) in {normal(one) for one in answers}


def made_probes(seed: str, count: int, measure: Measure) -> Iterator[Probe]:
    """Items of the synthetic world with one question each."""
    maker = Maker(seed, measure)
    made = 0
    while made < count:
        item = maker.item()
        if not item.asked:
            continue
        one = item.asked[0]
        made += 1
        yield Probe(item.kind, one.question, item.passages, (one.answer,) if one.answer else ())


def written_probes(path: Path) -> Iterator[Probe]:
    """Items from a JSON Lines file: `{"question", "passages", "answer": ["…", …], "kind"}`."""
    with path.open(encoding="utf-8") as rows:
        for line in rows:
            row = json.loads(line)
            yield Probe(row["kind"], row["question"], tuple(row["passages"]), tuple(row["answer"]))


def judged(answer_to: Callable[[Probe], tuple[str, float]], probes: Iterable[Probe]) -> list[Verdict]:
    """What `answer_to` makes of the probes; it returns "" when it declines, and its margin."""
    verdicts = []
    for probe in probes:
        answer, margin = answer_to(probe)
        right = matches(answer, probe.answers) if probe.answers else not answer
        verdicts.append(Verdict(probe, answer, right, margin))
    return verdicts


def shares(verdicts: Sequence[Verdict]) -> tuple[tuple[int, int], tuple[int, int]]:
    """(right, all) of the items that have an answer, and (declined, all) of those that have none."""
    with_answer = [verdict for verdict in verdicts if verdict.probe.answers]
    without = [verdict for verdict in verdicts if not verdict.probe.answers]
    return (sum(v.right for v in with_answer), len(with_answer)), (sum(v.right for v in without), len(without))


def by_reader(reader: Reader) -> Callable[[Probe], tuple[str, float]]:
    """The reader as what answers probes."""

    def answer_to(probe: Probe) -> tuple[str, float]:
        found = reader.read(probe.question, probe.passages)
        return ("" if found.declined else found.answer), found.margin

    return answer_to


def free(reader: Reader) -> Callable[[Probe], tuple[str, float]]:
    """The same checkpoint writing freely, token by token."""
    from octavo.kinds.dialogues import Message
    from octavo.model.generate import Sampling, generate
    from octavo.model.prompt import REFUSAL
    from octavo.model.reading.prompt import shown

    def answer_to(probe: Probe) -> tuple[str, float]:
        asked = [Message("user", shown(probe.passages, probe.question))]
        text = generate(reader.model, reader.tokenizer, [asked], Sampling(tokens=32))[0].text
        if text == REFUSAL:
            return "", 0.0
        return re.sub(r"^\d+ ", "", text).strip(), 0.0

    return answer_to


_WORD = re.compile(r"\w+")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_NAME = re.compile(r"(?:[A-Z0-9][\w.,-]*\w|[A-Z0-9])(?: (?:[A-Z0-9][\w.,-]*\w|[A-Z0-9]))*")


def nearest_sentence(probe: Probe) -> tuple[str, float]:
    """A rule: the first name or number, not in the question, of the sentence that shares most words with it."""
    asked = set(_WORD.findall(probe.question.lower()))
    sentences = [sentence for passage in probe.passages for sentence in _SENTENCE.split(passage)]
    best = max(sentences, key=lambda sentence: len(asked & set(_WORD.findall(sentence.lower()))))
    names = [name for name in _NAME.findall(best) if name.lower() not in probe.question.lower()]
    return (names[0] if names else best), 0.0


def frequent_name(probe: Probe) -> tuple[str, float]:
    """A rule: the most frequent name or number, not in the question, of the passage that shares most words with it."""
    asked = set(_WORD.findall(probe.question.lower()))
    best = max(probe.passages, key=lambda passage: len(asked & set(_WORD.findall(passage.lower()))))
    names = Counter(name for name in _NAME.findall(best) if name.lower() not in probe.question.lower())
    return (names.most_common(1)[0][0] if names else best), 0.0
