"""Prompt: the one place where a document becomes training text, and passages with a question become a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from octavo.kinds.dialogues import Message
from octavo.kinds.documents import Document

REFUSAL = "The passages do not say."
"""How the model declines; one fixed sentence, so that a refusal is recognised without judging words."""

PASSAGE_CHARACTERS = 360
"""What of a passage is shown to the model: with three of them a prompt stays under its 512 positions."""


class Passage(NamedTuple):
    """What a prompt shows of a document: its name with the signature, and a piece of its text."""

    name: str
    text: str


def training_text(document: Document) -> str:
    """A document as the model reads it: name with signature (or heading), then its text."""
    return f"{heading(document)}\n\n{document.text}"


def heading(document: Document) -> str:
    """`itertools.pairwise(iterable, /)`, or a file's title, or its path."""
    if document.kind == "file":
        return document.title or document.id
    first = document.signature.split("\n", 1)[0]
    return document.id + first


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters on one line, cut at a word."""
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    head = text[:limit]
    return head[: head.rfind(" ")] if " " in head else head


def grounded_messages(question: str, passages: Sequence[Passage | tuple[str, str]]) -> tuple[Message, ...]:
    """The prompt for an answer from passages: numbered passages, then the question.

    The answer it is trained to give begins with a sentence of a passage and the marker of the passage (`[1]`), or is
    `REFUSAL`. Names are cut at 120 characters and passages at `PASSAGE_CHARACTERS`, each on one line: line breaks of
    the source cost tokens and would have to be copied.
    """
    shown = [
        f"[{number}] {shorten(name, 120)}\n{shorten(text, PASSAGE_CHARACTERS)}"
        for number, (name, text) in enumerate(passages, 1)
    ]
    return (Message("user", "\n\n".join([*shown, f"Question: {question}"])),)
