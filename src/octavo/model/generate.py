"""Generate: continue conversations token by token, many at once, reproducibly by seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from octavo.kinds.dialogues import Message
from octavo.model.network.decoder import Decoder, KeyValues
from octavo.model.tokenizer import Tokenizer
from octavo.spine.errors import WRONG_USE, OctavoError


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen: temperature 0 takes the likeliest; `top_p` keeps the smallest set of tokens whose
    probabilities add up to it (Holtzman et al. 2020)."""

    tokens: int = 128
    """At most this many new tokens."""
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0


@dataclass(frozen=True)
class Generated:
    """The words of one answer, why it ended ("stop" at the end of a turn, "length"), and the tokens on both sides."""

    text: str
    reason: str
    prompt_tokens: int
    tokens: int


def generate(
    model: Decoder,
    tokenizer: Tokenizer,
    conversations: Sequence[Sequence[Message]],
    sampling: Sampling = Sampling(),
) -> list[Generated]:
    """Answer each conversation; all run in one batch and end apart."""
    prompts = [tokenizer.conversation(messages, ask=True)[0] for messages in conversations]
    written: list[list[int]] = [[] for _ in prompts]
    stops = {tokenizer.end_of_text, tokenizer.end_of_turn}
    for row, token in continue_tokens(model, prompts, sampling, stops):
        written[row].append(token)
    answers = []
    for prompt, ids in zip(prompts, written, strict=True):
        stopped = bool(ids) and ids[-1] in stops
        text = tokenizer.decode(ids[:-1] if stopped else ids)
        answers.append(Generated(text, "stop" if stopped else "length", len(prompt), len(ids)))
    return answers


def stream(
    model: Decoder,
    tokenizer: Tokenizer,
    messages: Sequence[Message],
    sampling: Sampling = Sampling(),
) -> Iterator[str]:
    """The answer to one conversation in pieces as they are made; joined they are `generate`'s text."""
    stops = {tokenizer.end_of_text, tokenizer.end_of_turn}
    prompt = tokenizer.conversation(messages, ask=True)[0]
    ids: list[int] = []
    told = ""
    for _, token in continue_tokens(model, [prompt], sampling, stops):
        if token in stops:
            break
        ids.append(token)
        text = tokenizer.decode(ids)
        # A character of several bytes is only told once all of its tokens are there.
        if not text.endswith("\ufffd") and len(text) > len(told):
            yield text[len(told) :]
            told = text
    rest = tokenizer.decode(ids)
    if len(rest) > len(told):
        yield rest[len(told) :]


@torch.no_grad()
def continue_tokens(
    model: Decoder, prompts: Sequence[Sequence[int]], sampling: Sampling, stops: set[int]
) -> Iterator[tuple[int, int]]:
    """(prompt, next token) pairs, step by step; a prompt whose token was in `stops` is not continued."""
    if not prompts:
        return
    longest = max(len(prompt) for prompt in prompts)
    room = min(model.shape.positions, longest + sampling.tokens)
    if not min(len(prompt) for prompt in prompts) or longest >= model.shape.positions:
        raise OctavoError(
            "T013",
            f"The conversation has {longest:,} tokens and the model reads at most {model.shape.positions - 1:,}",
            likely="the question or the passages given with it are too long",
            do="shorten it",
            exit_code=WRONG_USE,
        )
    device = model.embedding.device
    padding = torch.tensor([longest - len(prompt) for prompt in prompts], device=device)
    tokens = torch.tensor([[0] * (longest - len(p)) + list(p) for p in prompts], device=device)
    rows = torch.arange(len(prompts), device=device)
    generators = [torch.Generator().manual_seed(sampling.seed) for _ in prompts]
    cache = KeyValues(model, len(prompts), room)
    for _ in range(room - longest):
        logits = model.extend(tokens, cache, padding).float().cpu()
        chosen = [_choose(logits[i], sampling, generators[row]) for i, row in enumerate(rows.tolist())]
        yield from zip(rows.tolist(), chosen, strict=True)
        going = torch.tensor([i for i, token in enumerate(chosen) if token not in stops], device=device)
        if len(going) == 0:
            return
        if len(going) < len(rows):
            cache.keep(going)
            rows, padding = rows[going], padding[going]
        tokens = torch.tensor(chosen, device=device)[going, None]


def _choose(logits_V: Tensor, sampling: Sampling, generator: torch.Generator) -> int:
    if sampling.temperature <= 0:
        return int(logits_V.argmax())
    p_V = torch.softmax(logits_V / sampling.temperature, -1)
    if sampling.top_p < 1:
        ordered, order = p_V.sort(descending=True, stable=True)
        # The token that crosses the limit is still kept, so that one always is.
        ordered[ordered.cumsum(0) - ordered > sampling.top_p] = 0
        p_V = torch.zeros_like(p_V).scatter_(0, order, ordered)
    return int(torch.multinomial(p_V, 1, generator=generator))
