"""Judge: a model that says of given pairs of records how probably both are about the same thing.

The small judge is a checkpoint of one's own. It writes no answer: what counts is by how much one record makes the other
more likely, (log P(right | left) − log P(right)) / tokens of right, the pointwise mutual information of the two (Church
and Hanks 1990) under the model. The big judge is any OpenAI-compatible endpoint; see `judges.endpoint`.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from octavo.knowledge.entities.judges.endpoint import endpoint_named
from octavo.knowledge.entities.judges.pairs import Judge, Spent, shown
from octavo.spine.errors import WRONG_USE, OctavoError
from octavo.spine.progress import progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from octavo.knowledge.entities.record import Record

AT_ONCE = 256
"""Pairs that a judge is given together."""
SCALE, OFFSET = 2.0, -2.2
"""Logit of the small judge: SCALE · information + OFFSET. From .5 on links are best by F1 for the seed, on made records
that the challenge `entity_alignment` does not hold: an order and a threshold, not a calibrated chance."""
REMOTE = "endpoint:"


class Candidate(Protocol):
    """Candidates: numbers of records on both sides, one entry a pair."""

    left: NDArray[np.integer[Any]]
    right: NDArray[np.integer[Any]]


def judged(
    candidates: Candidate, left: Sequence[Record], right: Sequence[Record], judge: Judge, *, at_once: int = AT_ONCE
) -> NDArray[np.float64]:
    """The probability of each candidate pair, in the order of the candidates; NaN = not decidable."""
    import numpy as np

    count = len(candidates.left)
    found = np.full(count, np.nan)
    bar = progress("judge", count, "pairs")
    for start in range(0, count, at_once):
        chosen = range(start, min(start + at_once, count))
        pairs = [(left[int(candidates.left[at])], right[int(candidates.right[at])]) for at in chosen]
        began = time.perf_counter()
        found[start : start + len(pairs)] = judge.probabilities(pairs)
        judge.spent.seconds += time.perf_counter() - began
        bar.advance(len(pairs))
    return found


def open_judge(name: str) -> Judge:
    """`seed` or the folder of a checkpoint: the small judge; `endpoint:URL#MODEL`: the big one (K060 when neither)."""
    if name.startswith(REMOTE):
        return endpoint_named(name.removeprefix(REMOTE))
    from octavo.model.reading.place import checkpoint_named

    if not name:
        raise OctavoError(
            "K060",
            "No model is named that could judge",
            do="name seed, the folder of a checkpoint, or endpoint:URL#MODEL",
            exit_code=WRONG_USE,
        )
    return Likelihood(checkpoint_named(name))


class Likelihood:
    """A checkpoint in Octavo's format as a judge: no token is generated, two readings a pair.

    `tokens` of each record are read. Readings that several pairs share are done once.
    """

    def __init__(self, folder: Path, *, tokens: int = 96, scale: float = SCALE, offset: float = OFFSET) -> None:
        from octavo.model.checkpoint import read_checkpoint

        self.model, self.tokenizer = read_checkpoint(folder)
        self.tokens = min(tokens, (self.model.shape.positions - 4) // 2)
        self.scale, self.offset = scale, offset
        self.spent = Spent()
        self._alone: dict[bytes, float] = {}

    def probabilities(self, pairs: Sequence[tuple[Record, Record]]) -> list[float]:
        """σ(scale · information + offset); NaN where a record has nothing to read."""
        found = []
        for one in self.informations(pairs):
            logit = max(-40.0, min(40.0, self.scale * one + self.offset))
            found.append(one if math.isnan(one) else round(1 / (1 + math.exp(-logit)), 6))
        self.spent.pairs += len(pairs)
        self.spent.undecided += sum(map(math.isnan, found))
        return found

    def informations(self, pairs: Sequence[tuple[Record, Record]]) -> list[float]:
        """By how many nats a token the left record makes the right one more likely, for each pair."""
        from octavo.model.likelihood import score_tokens

        begin = self.tokenizer.end_of_text
        between = self.tokenizer.encode("\n")
        lefts = [[begin, *self._read(one), *between] for one, _ in pairs]
        rights = [self._read(one) for _, one in pairs]
        both = [[*a, *b] for a, b in zip(lefts, rights, strict=True)]
        alone = {_name(ids): ids for b in rights for ids in [[begin, *between, *b]]}
        alone |= {_name(ids): ids for ids in lefts}
        fresh = {name: ids for name, ids in alone.items() if name not in self._alone}
        nats = score_tokens(self.model, [*both, *fresh.values()])
        self.spent.flops += sum(self._flops(len(ids)) for ids in (*both, *fresh.values()))
        self._alone.update(zip(fresh, nats[len(both) :], strict=True))
        start = self._constant(begin, between)
        found = []
        for a, b, together in zip(lefts, rights, nats, strict=False):
            unconditional = self._alone[_name([begin, *between, *b])] - start
            conditional = together - self._alone[_name(a)]
            empty = not b or len(a) <= 1 + len(between)
            found.append(math.nan if empty else (unconditional - conditional) / len(b))
        return found

    def _read(self, record: Record) -> list[int]:
        return list(self.tokenizer.encode(shown(record, 8 * self.tokens)))[: self.tokens]

    def _constant(self, begin: int, between: Sequence[int]) -> float:
        """What the separator costs when nothing stands before it."""
        from octavo.model.likelihood import score_tokens

        name = _name([begin, *between])
        if name not in self._alone:
            self._alone[name] = score_tokens(self.model, [[begin, *between]])[0]
        return self._alone[name]

    def _flops(self, tokens: int) -> float:
        return self.model.shape.flops_per_token(tokens) / 3 * tokens


def _name(ids: Sequence[int]) -> bytes:
    """A short name for a sequence of tokens."""
    return hashlib.blake2b(b",".join(b"%d" % one for one in ids), digest_size=12).digest()
