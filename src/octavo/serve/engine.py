"""Engine: what answers questions behind every surface (command line, gateway, chat page), whatever it is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from octavo.kinds.answer import Answer
from octavo.kinds.dialogues import Message
from octavo.kinds.documents import Document


class Engine(Protocol):
    """Answers from documents. The gateway calls it from several threads at once."""

    @property
    def name(self) -> str:
        """What `/v1/models` lists it as; the project's name."""
        ...

    @property
    def created(self) -> int:
        """When what it answers from was made, in seconds since 1970."""
        ...

    def ask(self, question: str, history: Sequence[Message] = ()) -> Answer:
        """One whole answer. `history` holds the turns before the question, oldest first; `Answer.question` is the
        question as it was understood, so a follow-up that was completed from the history can be shown."""
        ...

    def stream(self, question: str, history: Sequence[Message] = ()) -> Iterator[str | Answer]:
        """Pieces of the answer's text as they are made, then the `Answer`, whose text they add up to."""
        ...

    def document(self, document_id: str) -> Document | None:
        """The stored document that a citation names; None when there is no such document."""
        ...

    def token_spans(self, text: str) -> list[tuple[int, int]] | None:
        """Character span of each token of `text` in the project's own tokenizer; None when it has no tokenizer."""
        ...

    def check(self) -> None:
        """Cheaply make sure that questions can be answered now; raises when they can't."""
        ...
