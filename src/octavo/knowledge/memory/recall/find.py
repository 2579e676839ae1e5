"""Find: which episodes answer to a cue, how far, and which of them comes first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from octavo.knowledge.memory.encode import Encoded
from octavo.knowledge.memory.recall.asked import Answering, Asked, answering
from octavo.knowledge.memory.recall.complete import completed, likeness
from octavo.knowledge.memory.recall.gate import SIGNS
from octavo.knowledge.memory.traces import Traces

WORTH = (0.23, 0.52, 0.28, 0.16, 0.3, 0.07)
"""What counts: the likeness of keys, the share of the cue that an episode has in the same words, the share of what it
names, of what is asked beside that in the same and in other words, and an answer of the wanted kind.
Fitted by a linear regression on invented facts and scenes of other seeds than are reported, and rounded."""
ALIKE, LEVEL = 0.6, 0.03
"""Likeness from which, and difference of scores up to which, two may be versions of one statement."""
SAID, EVEN, APART = 0.3, 0.02, 0.35
"""Share of what is asked that both answer to, at least, unless they are alike; the difference of shares that counts as
none, and the one that does where they are alike."""
LOOKED_AT = 8
"""Best candidates among which a newer version is looked for."""
NOTHING = (1.0, *(0.0,) * (len(SIGNS) - 1))
"""The signs where a cue finds nothing."""


@dataclass(frozen=True)
class Found:
    """What a cue finds before dates are looked at: n candidates."""

    numbers: NDArray[np.int64]
    scores: NDArray[np.float64]
    active: NDArray[np.float64]
    """After completion, summing to 1."""
    alike: NDArray[np.float64]
    answers: Answering
    keys: NDArray[np.int8]
    cue: Asked

    def place(self) -> dict[int, int]:
        """Where each episode stands."""
        return {number: at for at, number in enumerate(self.numbers.tolist())}


def weighed(mine: Encoded, cue: Asked, traces: Traces, slots: NDArray[np.int64]) -> Found:
    """Score and complete the candidates in `slots`."""
    keys = traces.keys[slots]
    answers = answering(cue, traces.terms[slots], traces.speaks[slots])
    alike = likeness(mine.key, keys)
    scores = worth(alike, answers) @ np.array(WORTH)
    return Found(traces.numbers[slots], scores, completed(scores, keys), alike, answers, keys, cue)


def worth(alike: NDArray[np.float64], its: Answering) -> NDArray[np.float64]:
    """What `WORTH` weighs, (n, 6)."""
    return np.stack([alike, its.covered, its.named, its.by_word, its.by_aspect, its.fitting], 1)


def newer_first(ranked: list[int], found: Found) -> list[int]:
    """Of those that answer to the cue as well as the first does the newest comes first: it may be a newer version that
    nobody said to be one. So it does of those that are nearly the same in words."""
    place = found.place()
    near = [place[n] for n in ranked[:LOOKED_AT] if n in place]
    if len(near) < 2 or int(found.numbers[near[0]]) != ranked[0]:
        return ranked
    top, its = near[0], found.answers
    alike = likeness(found.keys[top], found.keys[near])
    level = []
    for at, like in zip(near, alike.tolist(), strict=True):
        worded = like >= ALIKE and found.scores[top] - found.scores[at] <= LEVEL
        equal = (
            (like >= ALIKE or min(its.related[top], its.related[at]) >= SAID)
            and abs(its.named[top] - its.named[at]) < EVEN
            and abs(its.related[top] - its.related[at]) <= (APART if like >= ALIKE else EVEN)
            and its.fitting[top] == its.fitting[at]
        )
        if worded or equal:
            level.append(int(found.numbers[at]))
    newest = max(level)
    return [newest, *(n for n in ranked if n != newest)]


def signs(found: Found, number: int, rivals: Sequence[int]) -> tuple[float, ...]:
    """What speaks for `number` beside `rivals`: the others that are neither versions of it nor unasked for."""
    place = found.place()
    if number not in place:
        return NOTHING
    at, others = place[number], [place[one] for one in rivals if one in place]
    its = found.answers
    if found.cue.any_named and not its.named[at]:  # another thing is meant
        return NOTHING
    rest = not bool(found.cue.named.all())
    related = float(its.related[at]) if rest else 0.0
    margin = float(found.scores[at]) - max((float(found.scores[one]) for one in others), default=0.0)
    every = float(its.named[at] > 1 - EVEN) if found.cue.any_named else 0.0
    return (
        1.0,
        float(its.named[at]) if found.cue.any_named else 0.0,
        float(found.cue.any_named),
        float(its.by_word[at]) if rest else 0.0,
        float(its.by_aspect[at]) if rest else 0.0,
        float(rest),
        float(rest and related < SAID / 3),
        every,
        float(its.covered[at]),
        float(its.fitting[at]),
        float(its.fitting[at] < 0),
        float(its.tight[at]),
        float(found.alike[at]),
        margin,
        max(-0.1, min(0.25, margin)),
        max(-0.05, min(0.1, margin)),
        related * every,
        related * float(found.cue.any_named),
    )
