"""Answer: what a question gets back (an answer with citations, or a refusal), in the one shape all surfaces use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Citation:
    """A span of a stored document: `text == document.text[start:end]`, offsets in characters, end exclusive."""

    document: str
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Answer:
    """`answer` is never empty (a refusal says that it declines); `citations` are best first, empty when declined.

    `confidence` is the calibrated probability that the first citation answers the question; `mode` is quote or
    generate; `reason` says why it was declined, or what was left out of it.
    """

    question: str
    answer: str
    declined: bool
    citations: tuple[Citation, ...]
    confidence: float
    seconds: float
    mode: str
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """The JSON form that `octavo ask --json` prints."""
        return {
            "question": self.question,
            "answer": self.answer,
            "declined": self.declined,
            "citations": [vars(citation) for citation in self.citations],
            "confidence": round(self.confidence, 4),
            "seconds": round(self.seconds, 4),
            "mode": self.mode,
            "reason": self.reason,
        }
