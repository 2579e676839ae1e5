"""Ground: what baseline and responses share: a base model, text that it never read, and a task that is new to it.

Elsewhere than in a project the base is a model of a million parameters that reads the documentation of Python for less
than a minute; it is made once and kept beside the seeds' folders. The seed decides what is learnt from and in which
order; the base, the probe and the text that may be forgotten are the same for all seeds.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from octavo.challenges.tuning_cost.logbook import QUESTION, Entry, entries
from octavo.kinds.dialogues import Message

if TYPE_CHECKING:
    from octavo.model.network.shape import DecoderShape
    from octavo.model.tokenizer import Tokenizer
    from octavo.model.training.packing import Rows

ROW = 256
"""Tokens of a packed row."""


@dataclass(frozen=True)
class Scale:
    """How much is computed."""

    base: str
    """Size of the base by the dial."""
    base_tokens: int
    documents: int
    """What the base reads: so many tokens, of at most so many documents."""
    tokens: int
    """The budget of every response and seed, search included: the FLOPs of full fine-tuning on so many tokens."""
    batch: int
    """Packed rows in a step."""
    known: int
    """Entries to learn from; a method may read them several times."""
    checked: int = 48
    """Further entries, by which the learning rate is chosen."""


DEFAULT = Scale("small", 1_000_000, 10_000, 120_000, 2, 1500)
TINY = Scale("tiny", 40_000, 700, 12_000, 1, 100, checked=16)


@dataclass(frozen=True)
class Ground:
    """The same for the baseline and for every response."""

    subject: str
    """Which base is tuned, and on what."""
    base: Path
    """Its checkpoint."""
    general: tuple[str, ...]
    """Texts that the training of the base did not see."""
    known: tuple[Entry, ...]
    """What is learnt from."""
    checked: tuple[Entry, ...]
    """What the learning rate is chosen by; neither learnt from nor in the probe."""
    scale: Scale
    seed: int
    scratch: Path

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The base's."""
        from octavo.model.tokenizer import Tokenizer

        return Tokenizer(self.base)

    @cached_property
    def shape(self) -> DecoderShape:
        """The base's sizes."""
        from octavo.model.checkpoint import read_shape

        return read_shape(self.base)

    @cached_property
    def budget(self) -> float:
        """FLOPs that a response may compute for one seed."""
        return self.shape.flops_per_token(ROW) * self.scale.tokens

    @cached_property
    def rows(self) -> Rows:
        """The entries to learn from, packed."""
        return self.packed(self.known)

    def packed(self, chosen: tuple[Entry, ...]) -> Rows:
        """Entries with their records in rows; only the records give loss."""
        from octavo.model.training.packing import join, pack

        told = [self.conversation(entry) for entry in chosen]
        return pack(join([ids for ids, _ in told], [learnt for _, learnt in told]), ROW)

    def conversation(self, entry: Entry) -> tuple[list[int], list[bool]]:
        """Ids of an entry with its record, and which of them the record's are (the end of the turn with them)."""
        messages = (Message("user", QUESTION + entry.text), Message("assistant", entry.answer))
        return self.tokenizer.conversation(messages)


def prepare(project: Path | None, scratch: Path, seed: int, scale: Scale = DEFAULT) -> Ground:
    """The project's base model with the documents that it held out, or one that is trained here."""
    from octavo.model.machine import wait_asleep

    wait_asleep()  # before torch is loaded: small steps suffer most from threads that spin
    from octavo.challenges.tuning_cost.pretrained import made_base, project_base

    if project is None:
        # Tried with several seeds or several times in one place, it is made once.
        folder = scratch.parent / f"base-{scale.base}-{scale.base_tokens}"
        base = made_base(folder, scale.base, scale.base_tokens, scale.documents)
        subject = f"a model of the size {scale.base} that read the documentation of Python"
    else:
        base, subject = project_base(project, scratch)
    return on(base, subject, scratch, seed, scale)


def tiny(project: Path | None, scratch: Path, seed: int) -> Ground:
    """The same in the smallest size, where only that everything works is to be seen."""
    return prepare(project, scratch, seed, TINY)


def on(base: Path, subject: str, scratch: Path, seed: int, scale: Scale) -> Ground:
    """The ground on the base in `base`, beside whose files or in `scratch` its general texts lie."""
    from octavo.challenges.tuning_cost.pretrained import GENERAL

    place = base if (base / GENERAL).is_file() else scratch
    texts = json.loads((place / GENERAL).read_text(encoding="utf-8"))
    asked = {entry.text for new in (False, True) for entry in entries(48, f"probe {new}", new=new)}
    mine = [
        entry
        for entry in entries(scale.known + scale.checked + len(asked), f"entries {seed}")
        if entry.text not in asked
    ]
    known, checked = mine[: scale.known], mine[scale.known : scale.known + scale.checked]
    return Ground(
        f"{subject}; entries of a logbook become records", base, tuple(texts), tuple(known), tuple(checked), scale,
        seed, scratch,
    )  # fmt: skip
