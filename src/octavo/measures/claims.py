"""Unsupported claims: is every claim of an answer entailed by the evidence, by a stated lexical method?

A claim is laid beside the one or two neighbouring evidence sentences that share most of its words, and on the stretch
of about 120 words that shares most. It is

- *unparsable* when it holds nothing that could be checked (no content word, no number);
- *refuted* when what it is laid beside shares half of its words but denies it (negation on one side only, or an
  antonym), or when it has a number or a name that stands nowhere in the evidence;
- *supported* when enough of its content words and numbers stand in that stretch;
- *unknown* otherwise.

Only *supported* counts for the answer: unparsable, unknown and refuted claims are all unsupported. Words can match and
the meaning differ (who did what to whom), so this is a lower bound on what is unsupported in copied text and a rough
guide in paraphrased text; `bench/results/claims.md` says how it does against people's labels.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from octavo.kinds.scores import Score
from octavo.measures.intervals import ratio_bootstrap, wilson
from octavo.measures.wording import Wording, claims, sentences, stem, wording

Verdict = Literal["supported", "refuted", "unknown", "unparsable"]

COVERED = 0.6
"""Share of a claim's content words and numbers that must stand in one stretch. Chosen on the development halves of
FRANK and SummEdits (`bench/claims.py`) as a middle: copied text would be judged best at 0.85, paraphrase at 0.4."""
STRETCH = 120
"""Words of neighbouring sentences that count as one stretch of evidence; at least two sentences."""
ABOUT = 0.5
"""Share from which evidence is about the claim, so that it can contradict it."""
LONG = 15
"""The length-only baseline calls a claim of more words unsupported, without looking at the evidence."""

_OPPOSITES = (
    "increase decrease, rise fall, rose fell, grow shrink, higher lower, high low, more less, most least, more fewer, "
    "up down, open close, start end, begin end, begin finish, start stop, buy sell, bought sold, win lose, won lost, "
    "victory defeat, positive negative, success failure, succeed fail, accept reject, agree disagree, allow forbid, "
    "allow prohibit, permit prevent, enable disable, include exclude, add remove, create destroy, first last, early "
    "late, earlier later, before after, old new, large small, big small, long short, strong weak, fast slow, easy "
    "difficult, easy hard, good bad, better worse, best worst, cheap expensive, rich poor, safe dangerous, true "
    "false, right wrong, left right, inside outside, above below, public private, internal external, support oppose, "
    "approve reject, improve worsen, improve deteriorate, strengthen weaken, expand contract, gain loss, profit loss, "
    "benefit harm, advantage disadvantage, optimistic pessimistic, ascending descending, mutable immutable, "
    "synchronous asynchronous, encode decode, compress decompress, lock unlock, push pop, male female, man woman, men "
    "women, north south, east west, arrive leave, enter exit, raise lower, minimum maximum, upper lower, push pull, "
    "import export, praise criticise, confirm deny, complex simple, major minor, temporary permanent, guilty "
    "innocent, alive dead, always never, all none, same different, similar different, outperform underperform"
)


def _opposites() -> dict[str, frozenset[str]]:
    table: dict[str, set[str]] = {}
    for pair in _OPPOSITES.split(","):
        one, other = (stem(word) for word in pair.split())
        table.setdefault(one, set()).add(other)
        table.setdefault(other, set()).add(one)
    return {word: frozenset(others) for word, others in table.items()}


OPPOSITES = _opposites()


@dataclass(frozen=True)
class Judged:
    """One claim with its verdict, the evidence sentence it was laid beside, and why."""

    claim: str
    verdict: Verdict
    beside: str = ""
    why: str = ""
    coverage: float = 0.0


@dataclass(frozen=True)
class _Evidence:
    """Sentences, what each says, and the words and numbers of each stretch of neighbouring sentences."""

    texts: tuple[str, ...]
    wordings: tuple[Wording, ...]
    stretches: tuple[frozenset[str], ...]


@lru_cache(maxsize=512)
def _evidence(passages: tuple[str, ...]) -> _Evidence:
    texts: list[str] = []
    wordings: list[Wording] = []
    stretches: list[frozenset[str]] = []
    for passage in passages:
        mine = sentences(passage)
        said = [wording(sentence) for sentence in mine]
        for first in range(len(mine)):
            length, items = 0, frozenset[str]()
            for place in range(first, len(mine)):
                length += len(mine[place].split())
                if length > STRETCH and place > first + 1:
                    break
                items |= said[place].words | said[place].numbers
            stretches.append(items)
        texts += mine
        wordings += said
    return _Evidence(tuple(texts), tuple(wordings), tuple(stretches))


def judge(claim: str, passages: Sequence[str]) -> Judged:
    """The verdict on one claim against the evidence passages."""
    said = wording(claim)
    if said.empty:
        return Judged(claim, "unparsable", why="nothing to check")
    evidence = _evidence(tuple(passages))
    if not evidence.texts:
        return Judged(claim, "unknown", why="no evidence")
    items = said.words | said.numbers
    single, beside, text = _beside(items, evidence)
    stretch = max(evidence.stretches, key=lambda one: len(items & one))
    coverage = len(items & stretch) / len(items)
    close = len(items & (beside.words | beside.numbers)) / len(items)
    if contradiction := _contradiction(said, single, beside, evidence.wordings, close):
        return Judged(claim, "refuted", text, contradiction, coverage)
    if coverage >= COVERED:
        return Judged(claim, "supported", text, coverage=coverage)
    missing = ", ".join(sorted(items - stretch)[:5])
    return Judged(claim, "unknown", text, f"not in the evidence: {missing}", coverage)


def _beside(items: frozenset[str], evidence: _Evidence) -> tuple[Wording, Wording, str]:
    """The sentence that shares most of `items`, the same joined with the neighbour that adds most, and their text."""
    wordings = evidence.wordings
    best = max(range(len(wordings)), key=lambda i: (len(items & (wordings[i].words | wordings[i].numbers)), -i))
    beside, text = wordings[best], evidence.texts[best]
    for other in (best - 1, best + 1):
        if 0 <= other < len(wordings):
            joined = _joined(wordings[best], wordings[other])
            if len(items & (joined.words | joined.numbers)) > len(items & (beside.words | beside.numbers)):
                beside, text = joined, " ".join(evidence.texts[i] for i in sorted((best, other)))
    return wordings[best], beside, text


def _joined(one: Wording, other: Wording) -> Wording:
    return Wording(
        one.words | other.words, one.numbers | other.numbers, one.names | other.names, one.negated | other.negated
    )


def _contradiction(
    said: Wording, single: Wording, beside: Wording, wordings: Sequence[Wording], coverage: float
) -> str:
    """Why the evidence denies the claim, or nothing."""
    strange_numbers = said.numbers - frozenset().union(*(one.numbers for one in wordings))
    if strange_numbers:
        return f"number not in the evidence: {', '.join(sorted(strange_numbers))}"
    strange_names = said.names - frozenset().union(*(one.words for one in wordings))
    if strange_names:
        return f"name not in the evidence: {', '.join(sorted(strange_names))}"
    if coverage < ABOUT:
        return ""
    for word in sorted(said.words & beside.words):
        if (word in said.negated) != (word in beside.negated):
            return f"{word} is negated on one side only"
    for word in sorted(said.words - beside.words):
        if opposite := OPPOSITES.get(word, frozenset()) & beside.words:
            return f"{word} against {', '.join(sorted(opposite))}"
    return ""


def judge_answer(answer: str, passages: Sequence[str]) -> list[Judged]:
    """Every claim of an answer with its verdict; an answer without any claim is one unparsable claim."""
    return [judge(claim, passages) for claim in claims(answer)] or [Judged(answer, "unparsable", why="empty")]


def is_supported(answer: str, passages: Sequence[str]) -> bool:
    """Whether every claim of the answer is supported."""
    return all(judged.verdict == "supported" for judged in judge_answer(answer, passages))


def unsupported_claims(
    judged: Sequence[Judged], answers: Sequence[Hashable], name: str = "unsupported claims"
) -> Score:
    """The share of claims that are not supported, intervals over whole answers; lower is better.

    `answers[i]` names the answer that claim i stands in. Unparsable claims count as unsupported and are also told
    apart. The baseline judges by the claim's length alone: a score near it says that only length was measured.
    """
    if not judged or len(judged) != len(answers):
        raise ValueError(f"{len(judged)} claims of {len(answers)} answers: nothing to score")
    wrong = [float(one.verdict != "supported") for one in judged]
    long = [len(one.claim.split()) > LONG for one in judged]
    distinct = len(set(answers))
    if distinct < 2 or len(set(wrong)) == 1:
        # A bootstrap of equal values has no width: fall back to the share of whole answers.
        interval = wilson(round(sum(wrong) / len(wrong) * distinct), distinct)
    else:
        interval = ratio_bootstrap(wrong, [1.0] * len(wrong), clusters=answers)
    value = sum(wrong) / len(wrong)
    return Score(
        name=name,
        value=value,
        n=len(judged),
        low=min(interval.low, value),
        high=max(interval.high, value),
        direction="lower",
        method=f"share of claims not supported, lexical entailment; {interval.method}, {distinct} answers",
        unparsed=sum(one.verdict == "unparsable" for one in judged),
        baseline=sum(long) / len(long),
        baseline_name=f"length only: over {LONG} words",
    )
