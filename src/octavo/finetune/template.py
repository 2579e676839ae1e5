"""Template: conversations as the ids that a checkpoint's own chat template gives, with the answers marked, up to and
with the token at which generation stops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from octavo.finetune.rows import Example, as_messages
from octavo.kinds.dialogues import Message
from octavo.spine.errors import WRONG_USE, OctavoError

Learnt = tuple[list[int], list[bool]]
"""Ids, and which of them give loss."""

TEMPLATES = {
    "plain": (
        "{% for message in messages %}{{ message['role'] | capitalize }}: {{ message['content'] | trim }}"
        "{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}{{ '\\n' }}{% endfor %}"
        "{% if add_generation_prompt %}Assistant:{% endif %}"
    ),
    "chatml": (
        "{% for message in messages %}<|im_start|>{{ message['role'] }}\\n{{ message['content'] }}<|im_end|>\\n"
        "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\\n{% endif %}"
    ),
}
"""For a base that has none; chosen by the user, and stored with the result."""


class Template:
    """A tokenizer's chat template, and the ids at which the model stops."""

    def __init__(self, tokenizer: Any, stops: Sequence[int], chosen: str = "") -> None:
        self.tokenizer, self.stops = tokenizer, set(stops)
        self.chosen = chosen
        if chosen:
            self._choose(chosen)
        if not tokenizer.chat_template:
            raise OctavoError(
                "T071",
                "The base has no chat template, and the rows are conversations",
                where=str(tokenizer.name_or_path),
                likely="it was only trained on text",
                do="say how turns are written: --template plain (works with every base), or chatml",
                exit_code=WRONG_USE,
            )
        if not self.stops:
            raise self._endless("the base names no end-of-sequence token")
        added = (token.content for token in tokenizer.added_tokens_decoder.values() if token.special)
        self.special = sorted({text for text in (*tokenizer.all_special_tokens, *added) if text.strip()}, key=len)

    def _choose(self, name: str) -> None:
        if name not in TEMPLATES:
            raise OctavoError(
                "T071",
                f'There is no template "{name}"',
                do=f"use one of: {', '.join(TEMPLATES)}; without --template the base's own is used",
                exit_code=WRONG_USE,
            )
        vocabulary = self.tokenizer.get_vocab()
        if name == "chatml":
            missing = [token for token in ("<|im_start|>", "<|im_end|>") if token not in vocabulary]
            if missing:
                raise OctavoError(
                    "T071",
                    f"The base has no token {missing[0]}, which the template chatml needs",
                    do="use --template plain",
                    exit_code=WRONG_USE,
                )
            self.stops.add(vocabulary["<|im_end|>"])
        self.tokenizer.chat_template = TEMPLATES[name]

    def sequences(self, example: Example) -> list[Learnt] | str:
        """What an example becomes: one sequence, or one an answer when the template writes earlier turns otherwise
        than the last (as those that drop old reasoning); or why it can't be learnt from."""
        for message in example.messages:
            written = next((token for token in self.special if token in message.content), None)
            if written:
                # It would end a turn or begin another's.
                return f"it holds the special token {written} as text"
        try:
            whole = self._marked(example.messages, every=True)
            if isinstance(whole, str):
                cuts = [i + 1 for i, message in enumerate(example.messages) if message.role == "assistant"]
                parts = [self._marked(example.messages[:cut], every=False) for cut in cuts]
                refused = next((part for part in parts if isinstance(part, str)), None)
                return refused or [part for part in parts if not isinstance(part, str)]
            return [whole]
        except Exception as error:
            if type(error).__name__ not in ("TemplateError", "UndefinedError", "SecurityError", "TemplateSyntaxError"):
                raise
            return f"the chat template refuses it: {error}"

    def _marked(self, messages: Sequence[Message], *, every: bool) -> Learnt | str:
        """Ids with the answers marked (only the last one unless `every`), by comparing what the template writes for
        beginnings of the conversation."""
        full = self._render(messages)
        ids = self._ids(full)
        learnt = [False] * len(ids)
        turns = [i for i, message in enumerate(messages) if message.role == "assistant"]
        for turn in turns if every else turns[-1:]:
            before = self._render(messages[:turn], ask=True)
            after = full if turn == len(messages) - 1 else self._render(messages[: turn + 1])
            if not full.startswith(before) or not full.startswith(after.rstrip()):
                return "its template writes the beginning of a conversation otherwise when it goes on"
            if messages[turn].content.strip() not in full[len(before) : len(after)]:
                return "its template does not write the answer as it stands"
            first, last = self._ids(before), self._ids(after.rstrip())
            if ids[: len(first)] != first or ids[: len(last)] != last:
                return "the tokens of the question change with what is answered"
            end = max((i for i in range(len(first), len(last)) if ids[i] in self.stops), default=None)
            if end is None:
                raise self._endless("its template does not write one after an answer")
            learnt[len(first) : end + 1] = [True] * (end + 1 - len(first))
        return ids, learnt

    def _render(self, messages: Sequence[Message], *, ask: bool = False) -> str:
        text: str = self.tokenizer.apply_chat_template(as_messages(messages), tokenize=False, add_generation_prompt=ask)
        return text

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer(text, add_special_tokens=False).input_ids
        return ids

    def _endless(self, why: str) -> OctavoError:
        return OctavoError(
            "T072",
            "A model trained so would never stop: answers do not end with a token at which generation stops",
            where=f"tokens at which it stops: {sorted(self.stops) or 'none'}",
            likely=why,
            do="name the end of a turn in eos_token_id of generation_config.json, or use --template plain",
            exit_code=WRONG_USE,
        )


class OwnTemplate:
    """The template of the checkpoints that Octavo trains. Its tokenizer keeps special tokens inside a text as text, so
    no row is refused for them."""

    chosen = ""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer

    def sequences(self, example: Example) -> list[Learnt] | str:
        """One sequence an example."""
        return [self.tokenizer.conversation(example.messages)]
