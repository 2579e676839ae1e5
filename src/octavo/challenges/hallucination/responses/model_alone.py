"""The baseline: the small model answers from its weights alone, given the question and nothing else."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence

from octavo.challenges.hallucination.ground import Ground
from octavo.challenges.response import Prediction, Row
from octavo.kinds.answer import Answer
from octavo.kinds.dialogues import Message
from octavo.model.generate import Sampling, generate
from octavo.model.likelihood import score_tokens
from octavo.model.prompt import REFUSAL

TOKENS = 40
TOGETHER = 15
"""Questions answered in one batch."""


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """Sample one answer a question; its confidence is the mean probability (geometric) of its tokens."""
    sampling = Sampling(tokens=TOKENS, temperature=0.7, top_p=0.9, seed=seed)
    for start in range(0, len(probe), TOGETHER):
        rows = probe[start : start + TOGETHER]
        began = time.perf_counter()
        asked = [[Message("user", row["question"])] for row in rows]
        made = generate(ground.model, ground.tokenizer, asked, sampling)
        texts = [one.text.strip() for one in made]
        sure = _confidences(ground, asked, texts)
        seconds = (time.perf_counter() - began) / len(rows)
        for row, one, text, confidence in zip(rows, made, texts, sure, strict=True):
            declined = text.startswith(REFUSAL)
            answer = Answer(row["question"], text or "…", declined, (), confidence, seconds, "generate")
            yield Prediction(row["id"], answer, ground.forward_flops(one.prompt_tokens + one.tokens))


def _confidences(ground: Ground, asked: Sequence[Sequence[Message]], texts: Sequence[str]) -> list[float]:
    prompts = [ground.tokenizer.conversation(messages, ask=True)[0] for messages in asked]
    written = [ground.tokenizer.encode(text) for text in texts]
    whole = [[*prompt, *ids] for prompt, ids in zip(prompts, written, strict=True)]
    nats = score_tokens(ground.model, [*whole, *prompts])
    spent = zip(nats[: len(whole)], nats[len(whole) :], written, strict=True)
    return [math.exp((before - after) / len(ids)) if ids else 0.0 for after, before, ids in spent]
