"""Corpus: examples as token ids: what is learnt, what is held out, and what is too long."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from octavo.finetune.rows import Example
from octavo.kinds.records import Bad
from octavo.model.training.packing import Rows, Tokens, join, pack

HELD_OUT_MOST = 200
TEXT_LENGTH = 512
ROUND_UP = 64


class Speaker(Protocol):
    """A chat template: an example becomes sequences of ids with the learnt ones marked, or a reason why not."""

    def sequences(self, example: Example) -> list[tuple[list[int], list[bool]]] | str:
        """See `octavo.finetune.template`."""
        ...


class Words(Protocol):
    """What encodes a plain text, with what stands at its ends."""

    def document(self, text: str) -> list[int]:
        """Ids of the text between the tokens that begin and end a text."""
        ...


@dataclass
class Part:
    """Sequences as they come, kept as numbers; and the bytes of the words that are learnt."""

    ids: list[np.ndarray] = field(default_factory=list)
    learnt: list[np.ndarray] = field(default_factory=list)
    bytes: int = 0

    def add(self, ids: Sequence[int], learnt: Sequence[bool], size: int) -> None:
        """One sequence more."""
        self.ids.append(np.asarray(ids, np.int32))
        self.learnt.append(np.asarray(learnt, bool))
        self.bytes += size

    def tokens(self) -> Tokens:
        """All sequences end to end."""
        starts = np.cumsum([0, *(len(ids) for ids in self.ids)])
        ids = np.concatenate([*self.ids, np.zeros(0, np.int32)])
        return Tokens(ids, starts, np.concatenate([*self.learnt, np.zeros(0, bool)]))

    @property
    def count(self) -> int:
        """Of sequences."""
        return len(self.ids)

    @property
    def longest(self) -> int:
        """Tokens of the longest sequence."""
        return max((len(ids) for ids in self.ids), default=0)


def pack_alone(part: Part, length: int) -> Rows:
    """A row for each sequence, for models whose layers count how far a virtual token is away."""
    each = [pack(join([ids], [learnt]), length) for ids, learnt in zip(part.ids, part.learnt, strict=True)]
    arrays = ([getattr(rows, name) for rows in each] for name in ("tokens", "targets", "sequences", "members"))
    return Rows(*(np.concatenate(some) for some in arrays))


@dataclass
class Corpus:
    """What a training learns from, and what only measures it."""

    learn: Part = field(default_factory=Part)
    held: Part = field(default_factory=Part)
    conversations: int = 0
    texts: int = 0
    replayed: int = 0
    too_long: list[Bad] = field(default_factory=list)
    refused: list[Bad] = field(default_factory=list)

    def length(self, room: int) -> int:
        """A row that holds the longest conversation, or a good part of a text."""
        longest = self.learn.longest if self.conversations else min(TEXT_LENGTH, self.learn.longest)
        return max(2, min(room, math.ceil(longest / ROUND_UP) * ROUND_UP))

    def facts(self) -> dict[str, Any]:
        """For the summary."""
        return {
            "conversations": self.conversations,
            "texts": self.texts,
            "replayed_texts": self.replayed,
            "held_out": self.held.count,
            "too_long": len(self.too_long),
            "refused": len(self.refused),
        }


def is_held(id_: str, share: float, seed: int) -> bool:
    """Whether an example only measures: decided by its id and the seed alone."""
    drawn = hashlib.blake2b(f"{seed} {id_}".encode("utf-8", "replace"), digest_size=6).digest()
    return int.from_bytes(drawn, "big") < share * 2**48


def encode(
    examples: Iterable[Example], speaker: Speaker | None, words: Words, *, room: int, share: float, seed: int
) -> Corpus:
    """Examples as ids; `room` is the longest row. A text is learnt as a whole and cut where it must be; a conversation
    that does not fit is listed as too long, since a cut question would teach an answer without its reason."""
    corpus = Corpus()
    for example in examples:
        source, _, row = example.id.rpartition(":")
        place = (source or example.id, int(row) if row.isdecimal() else 0)
        part = corpus.held if corpus.held.count < HELD_OUT_MOST and is_held(example.id, share, seed) else corpus.learn
        if not example.messages:
            ids = words.document(example.text)
            part.add(ids, [True] * len(ids), len(example.text.encode("utf-8", "replace")))
            corpus.texts += 1
            continue
        assert speaker is not None, "conversations need a template; the caller looks for them"
        made = speaker.sequences(example)
        if isinstance(made, str):
            corpus.refused.append(Bad(*place, made))
            continue
        longest = max(len(ids) for ids, _ in made)
        if longest > room + 1:
            corpus.too_long.append(Bad(*place, f"{longest:,} tokens, and {room + 1:,} fit"))
            continue
        answers = [m.content for m in example.messages if m.role == "assistant"]
        for number, (ids, learnt) in enumerate(made):
            said = answers if len(made) == 1 else answers[number : number + 1]
            part.add(ids, learnt, sum(len(text.encode("utf-8", "replace")) for text in said))
        corpus.conversations += 1
    return corpus


def replay(corpus: Corpus, texts: Iterable[str], words: Words, share: float) -> None:
    """Mix general text among what is learnt, against forgetting, until it is `share` of all learnt tokens or ends."""
    wanted = share / (1 - share) * sum(int(learnt.sum()) for learnt in corpus.learn.learnt)
    taken = 0
    for text in texts:
        if taken >= wanted:
            return
        ids = words.document(text)[: max(2, int(wanted - taken) + 1)]
        corpus.learn.add(ids, [True] * len(ids), len(text.encode("utf-8", "replace")))
        corpus.replayed += 1
        taken += len(ids)
