"""Writer: a checkpoint of one's own as what words an answer from passages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from octavo.kinds.dialogues import Message

TOKENS = 96
_BLOCKS = re.compile(r"\n\n(?=\[\d+\] |Question: )")


class Writer:
    """Reads the checkpoint in `folder` when it is first asked; greedy, so that the same prompt gives the same text."""

    def __init__(self, folder: Path) -> None:
        from octavo.model.checkpoint import read_checkpoint

        self.model, self.tokenizer = read_checkpoint(folder)

    def generate(self, messages: Sequence[Message]) -> str:
        """The text for the messages; passages that do not fit into the model's positions are left out, last first."""
        from octavo.model.generate import Sampling, generate

        fitting = list(messages)
        while self._tokens(fitting) + TOKENS > self.model.shape.positions:
            shorter = without_last_passage(fitting[-1].content)
            if shorter == fitting[-1].content:
                break
            fitting[-1] = Message(fitting[-1].role, shorter)
        return generate(self.model, self.tokenizer, [fitting], Sampling(tokens=TOKENS))[0].text

    def _tokens(self, messages: Sequence[Message]) -> int:
        return len(self.tokenizer.conversation(messages, ask=True)[0])


def without_last_passage(prompt: str) -> str:
    """A prompt of numbered passages and a question without its last passage; one passage always stays."""
    *passages, question = _BLOCKS.split(prompt)
    return "\n\n".join([*passages[:-1], question]) if len(passages) > 1 else prompt
