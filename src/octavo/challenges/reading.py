"""Reading: a model that answers from passages and counts what it computes for that; it may keep how prompts begin."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from octavo.challenges.taught import Taught
from octavo.model.network.decoder import KeyValues
from octavo.model.reading.judge import Judge
from octavo.model.reading.reader import Reader

WARM = ("Where is the lamp?", "The lamp is in the hall.")


class Counting(Reader):
    """Reads with the weights of `taught` and the judge that lies beside `base`. With `keep` the keys and values of a
    prompt are kept, and what a later prompt has in common with its beginning is not computed again."""

    def __init__(self, taught: Taught, base: Path, *, keep: bool = False) -> None:
        super().__init__(taught.model, taught.tokenizer, Judge.of(base))
        self.kept: list[tuple[list[int], Tensor]] = []
        self.keeps = False
        self.flops = 0.0
        self.read(WARM[0], [WARM[1]])  # what the first reading of a process takes is nobody's cost
        self.keeps, self.flops = keep, 0.0

    def answer(self, question: str, passages: Sequence[str]) -> tuple[str, float, float]:
        """An answer ("" where it declines, or has nothing to read), how sure it is, and the FLOPs of this."""
        if not passages:
            return "", 0.0, 0.0
        before = self.flops
        reading = self.read(question, passages)
        return "" if reading.declined else reading.answer, reading.margin, self.flops - before

    def _all(self, tokens: Tensor, memory: KeyValues, *, last: bool = False) -> Tensor:
        prompt = tokens[0].tolist() if self.keeps and not memory.length else []
        known = self._known(prompt, memory) if prompt else 0
        new = tokens[:, known:]
        shape, head = self.model.shape, 2 * self.model.shape.vocabulary * self.model.shape.width
        each = shape.flops_per_token(memory.length + new.shape[1]) / 3 - head
        self.flops += new.numel() * each + (len(new) if last else new.numel()) * head
        logits = super()._all(new, memory, last=last)
        if prompt and 2 * known < len(prompt):
            self.kept.append((prompt, memory.stored[..., : len(prompt), :].clone()))
        return logits

    def _known(self, prompt: list[int], memory: KeyValues) -> int:
        """Copies the longest beginning that a kept prompt shares with this one; at least the last token is left."""
        length, best = 0, None
        for other, stored in self.kept:
            alike = next((at for at, pair in enumerate(zip(other, prompt, strict=False)) if pair[0] != pair[1]), None)
            common = min(len(other), len(prompt) - 1) if alike is None else min(alike, len(prompt) - 1)
            if common > length:
                length, best = common, stored
        if best is not None:
            memory.stored[..., :length, :] = best[..., :length, :]
            memory.length = length
        return length
