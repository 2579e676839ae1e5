"""Rerank: passages put in order by how much more likely they make a question, by a checkpoint of one's own.

The score is log P(question | passage) − log P(question); the second part is the same for all passages of a question, so
it changes no order, but says whether a passage helps at all (above 0). Source: query likelihood (Ponte and Croft 1998)
with a language model as in Sachan et al. (2022), Improving passage retrieval with zero-shot question generation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from octavo.model.checkpoint import read_checkpoint

if TYPE_CHECKING:
    from octavo.knowledge.index.layer import Ranker
    from octavo.knowledge.index.view import View
    from octavo.model.network.decoder import Decoder
    from octavo.model.tokenizer import Tokenizer

SHOWN = 96
"""Tokens of a passage that the model reads; the cost grows with them."""
ASKED = 48
BATCH = 8


@dataclass(frozen=True)
class Cost:
    """What reordering the passages of one question costs at most."""

    tokens: int
    operations: float
    """Floating point: 2 per weight and token."""


class Likelihood:
    """Scores passages by a checkpoint's likelihood of the question."""

    def __init__(self, model: Decoder, tokenizer: Tokenizer) -> None:
        self.model, self.tokenizer = model.eval(), tokenizer

    @classmethod
    def of(cls, folder: Path) -> Likelihood:
        """By the checkpoint in a folder; `model.reading.place.checkpoint_named` knows the one that is shipped."""
        return cls(*read_checkpoint(folder))

    def cost(self, passages: int) -> Cost:
        """Of one question with so many passages."""
        tokens = (passages + 1) * (SHOWN + ASKED)
        return Cost(tokens, 2.0 * tokens * sum(p.numel() for p in self.model.parameters()))

    def scores(self, question: str, passages: Sequence[tuple[str, str]]) -> list[float]:
        """log P(question | passage) − log P(question) in nats for each passage, given as title and text."""
        asked = self.tokenizer.encode_all([f"Question: {question}"])[0][:ASKED]
        shown = self.tokenizer.encode_all([f"{title}\n{text}\n\n" for title, text in passages])
        found = self._nats(
            [[self.tokenizer.end_of_text], *([self.tokenizer.end_of_text, *s[:SHOWN]] for s in shown)], asked
        )
        return [found[0] - nats for nats in found[1:]]

    @torch.no_grad()
    def _nats(self, before: Sequence[Sequence[int]], asked: Sequence[int]) -> list[float]:
        """−log P of the tokens asked after each of these beginnings, in nats."""
        found: list[float] = []
        for at in range(0, len(before), BATCH):
            some = before[at : at + BATCH]
            longest = max(len(ids) for ids in some) + len(asked)
            rows = torch.zeros(len(some), longest, dtype=torch.long)
            counted = torch.zeros(len(some), longest - 1, dtype=torch.bool)
            for row, ids in enumerate(some):
                whole = [*ids, *asked]
                rows[row, : len(whole)] = torch.tensor(whole)
                counted[row, len(ids) - 1 : len(whole) - 1] = True
            # Padding stands behind the text, where causal attention does not look.
            hidden = self.model.hidden(rows[:, :-1])[counted]
            logits = torch.nn.functional.linear(hidden, self.model.head_weight()).float()
            nats = torch.nn.functional.cross_entropy(logits, rows[:, 1:][counted], reduction="none")
            found += nats.reshape(len(some), len(asked)).double().sum(1).tolist()
        return found


class Reranked:
    """A `Ranker` whose first `candidates` passages are put in order by the sum of its score and the model's, each in
    standard deviations over the candidates; `weight` is the model's part."""

    def __init__(self, view: View, first: Ranker, by: Likelihood, *, candidates: int = 10, weight: float = 0.3) -> None:
        self.view, self.first, self.by = view, first, by
        self.candidates, self.weight = candidates, weight

    def rank(self, question: str, k: int) -> list[tuple[int, float]]:
        """The best `k` passages; those behind the candidates stay behind them."""
        ranked = self.first.rank(question, max(k, self.candidates))
        head, tail = ranked[: self.candidates], ranked[self.candidates :]
        if not head or not question.strip():
            return ranked[:k]
        with self.view.index.reading():
            entries = [self.view.entry(passage) for passage, _ in head]
        model = _standard(self.by.scores(question, [(e.heading or e.id, e.text) for e in entries]))
        own = _standard([score for _, score in head])
        mixed = [(1 - self.weight) * a + self.weight * b for a, b in zip(own, model, strict=True)]
        order = sorted(range(len(head)), key=lambda n: (-mixed[n], n))
        lowest = min(mixed)
        behind = [(passage, lowest - 1 - n) for n, (passage, _) in enumerate(tail)]
        return [*((head[n][0], mixed[n]) for n in order), *behind][:k]


def _standard(scores: Sequence[float]) -> list[float]:
    mean = sum(scores) / len(scores)
    spread = (sum((s - mean) ** 2 for s in scores) / len(scores)) ** 0.5
    return [(s - mean) / spread if spread else 0.0 for s in scores]
