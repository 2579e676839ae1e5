"""Dialogues: conversations for training, in the `messages` format, each with the documents it was made from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from octavo.kinds.kind import Kind

DIALOGUES = "dialogues.jsonl"


@dataclass(frozen=True)
class Message:
    """One turn; `role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True)
class Dialogue:
    """A conversation. `intent` says what it teaches (define, signature, find, refuse, …)."""

    id: str
    messages: tuple[Message, ...]
    documents: tuple[str, ...] = ()
    intent: str = ""


def write_dialogues(folder: Path, dialogues: Iterable[Dialogue]) -> int:
    """Write the artifact's file; returns how many dialogues it holds."""
    n = 0
    with (folder / DIALOGUES).open("w", encoding="utf-8", newline="\n") as out:
        for dialogue in dialogues:
            out.write(json.dumps(asdict(dialogue), ensure_ascii=False) + "\n")
            n += 1
    return n


def read_dialogues(folder: Path) -> Iterator[Dialogue]:
    """The dialogues, in order."""
    with (folder / DIALOGUES).open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            messages = tuple(Message(**message) for message in row["messages"])
            yield Dialogue(row["id"], messages, tuple(row["documents"]), row["intent"])


def describe(folder: Path) -> dict[str, Any]:
    """Counts by intent."""
    intents: dict[str, int] = {}
    for dialogue in read_dialogues(folder):
        intents[dialogue.intent] = intents.get(dialogue.intent, 0) + 1
    return {"dialogues": sum(intents.values()), "intents": dict(sorted(intents.items()))}


KIND = Kind("dialogues", (DIALOGUES,), describe)
