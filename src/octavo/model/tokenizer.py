"""Tokenizer: text to token ids and back, and conversations to ids with the answers marked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import tokenizers

from octavo.kinds.dialogues import Message
from octavo.kinds.tokenizer import END_OF_TEXT, END_OF_TURN, TOKENIZER
from octavo.spine.errors import OctavoError

ROLES = ("system", "user", "assistant")


def well_formed(text: str) -> str:
    """The text with lone surrogates, which no UTF-8 can hold, replaced by question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


class Tokenizer:
    """A `tokenizer.json` for a model that is trained or asked.

    Special tokens written inside a text stay text: only this class puts them in, so no document and no question
    can end a turn or begin another's.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / TOKENIZER
        try:
            self.inner = tokenizers.Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises nothing narrower
            raise OctavoError(
                "T004", "The tokenizer cannot be read", where=str(path), likely=str(error), do="octavo run tokenizer"
            ) from error
        self.inner.encode_special_tokens = True
        self.inner.no_padding()
        self.inner.no_truncation()
        self.size = self.inner.get_vocab_size()
        self.end_of_text = self._special(END_OF_TEXT)
        self.end_of_turn = self._special(END_OF_TURN)
        self.roles = {role: self._special(f"<|{role}|>") for role in ROLES}

    def _special(self, token: str) -> int:
        found = self.inner.token_to_id(token)
        if found is None:
            raise OctavoError(
                "T005",
                f"The tokenizer has no token {token}",
                likely="it was not made by octavo",
                do="train one: octavo run tokenizer",
            )
        return int(found)

    def encode(self, text: str) -> list[int]:
        """The ids of a text, without special tokens."""
        ids: list[int] = self.inner.encode(well_formed(text), add_special_tokens=False).ids
        return ids

    def encode_all(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of many texts, in parallel."""
        encoded = self.inner.encode_batch_fast([well_formed(text) for text in texts], add_special_tokens=False)
        return [one.ids for one in encoded]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of some ids; special tokens are left out, broken UTF-8 becomes the replacement character."""
        text: str = self.inner.decode(list(ids), skip_special_tokens=True)
        return text

    def document(self, ids: Sequence[int]) -> list[int]:
        """A text's ids between end-of-text tokens: what a model reads and learns to write to the end."""
        return [self.end_of_text, *ids, self.end_of_text]

    def conversation(self, messages: Sequence[Message], *, ask: bool = False) -> tuple[list[int], list[bool]]:
        """Ids as the chat template writes them, and which of them the assistant has to learn (its words and the end
        of its turn). With `ask` the beginning of an answer follows."""
        ids: list[int] = []
        learnt: list[bool] = []
        for message in messages:
            content = self.encode(message.content)
            mine = message.role == "assistant"
            ids += [self.roles[message.role], *content, self.end_of_turn]
            learnt += [False] + [mine] * (len(content) + 1)
        if ask:
            ids.append(self.roles["assistant"])
            learnt.append(False)
        return ids, learnt
