"""Behaviour: can the model repeat a token? One that training never saw can't be, however it is asked.

After Land & Bartolo (2024), in ids rather than in words, so that each token is asked for exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from octavo.spine.progress import progress

VERIFIED, WEAKLY_VERIFIED, WEAKLY_REJECTED, REJECTED = "verified", "weakly verified", "weakly rejected", "rejected"
BATCH = 64
STEPS = 3
"""Tokens that are written, greedily, in which the asked one may come."""
SHOTS = 8


@dataclass(frozen=True)
class Repeated:
    """The highest probability the model gave a token when asked to repeat it, over prompts and steps."""

    id: int
    probability: float

    @property
    def verdict(self) -> str:
        """`verified` as under-trained below .001, `rejected` above .9, and two weak verdicts between, parted at .1."""
        if self.probability < 0.001:
            return VERIFIED
        if self.probability <= 0.1:
            return WEAKLY_VERIFIED
        return WEAKLY_REJECTED if self.probability <= 0.9 else REJECTED

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {"id": self.id, "probability": self.probability, "verdict": self.verdict}


def repeat(folder: Path, numbers: Sequence[int], shots: Sequence[int]) -> list[Repeated]:
    """Ask the model in `folder` (of Octavo's own format) to repeat each token; `shots` are frequent tokens that show
    what is wanted."""
    from octavo.model.checkpoint import read_checkpoint

    model, tokenizer = read_checkpoint(folder)
    model.eval()
    quote, arrow, line = tokenizer.encode('"'), tokenizer.encode('" -> "'), tokenizer.encode('"\n')
    start = [tokenizer.end_of_text]
    examples = [n for shot in shots[:SHOTS] for n in (*quote, shot, *arrow, shot, *line)]

    def prompts(number: int) -> list[list[int]]:
        asked = [tokenizer.roles["user"], *tokenizer.encode("Repeat: "), number, tokenizer.end_of_turn]
        return [
            [*start, *examples, *quote, number, *arrow],
            [*asked, tokenizer.roles["assistant"]],
            [*start, *([number] * 16)],
        ]

    longest = model.shape.positions - STEPS
    found = []
    bar = progress("ask to repeat tokens", len(numbers), "tokens")
    for first in range(0, len(numbers), BATCH):
        some = list(numbers[first : first + BATCH])
        best = [0.0] * len(some)
        for kind in range(3):
            asked = [prompts(number)[kind][-longest:] for number in some]
            best = [max(a, b) for a, b in zip(best, _probabilities(model, asked, some), strict=True)]
        found += [Repeated(number, p) for number, p in zip(some, best, strict=True)]
        bar.advance(len(some))
    return found


def _probabilities(model: Any, prompts: list[list[int]], wanted: Sequence[int]) -> list[float]:
    """For each prompt (all of one length) the highest probability of the wanted token in the next steps."""
    import torch

    best = torch.zeros(len(prompts))
    rows = torch.arange(len(prompts))
    tokens = torch.tensor(prompts)
    with torch.no_grad():
        for _ in range(STEPS):
            hidden = model.hidden(tokens)[:, -1]
            scores = torch.nn.functional.linear(hidden, model.head_weight()).float()
            best = torch.maximum(best, scores.softmax(-1)[rows, torch.tensor(wanted)])
            tokens = torch.cat([tokens, scores.argmax(-1, keepdim=True)], dim=1)
    return [float(value) for value in best]
