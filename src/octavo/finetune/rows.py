"""Rows: instruction data as people have it (messages, ShareGPT, Alpaca, prompt and completion), read row by row; what
can't be learnt from is named with its row and the reason."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from octavo.kinds.dialogues import Message
from octavo.kinds.formats.parquet import parquet_rows
from octavo.kinds.records import Bad, open_packed
from octavo.spine.errors import WRONG_USE, OctavoError

ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "chatgpt": "assistant",
}
"""What the formats call those who speak → what they are called here."""

FORMATS = ("messages", "conversations (from, value)", "instruction/input/output", "prompt/completion", "text")
TEXT_SUFFIXES = (".txt", ".md", ".rst", ".text")
SHOWN = 20
CHUNK = 1 << 20


@dataclass(frozen=True)
class Example:
    """A conversation to learn the answers of, or a plain text (then there are no messages) to learn all of."""

    id: str
    messages: tuple[Message, ...] = ()
    text: str = ""


def read_examples(paths: Sequence[Path], bad: list[Bad]) -> Iterator[Example]:
    """The examples of all files in order; rows that are none go to `bad`. A text file is one example."""
    for path in paths:
        if path.name.endswith(TEXT_SUFFIXES):
            text = path.read_text(encoding="utf-8", errors="replace")
            if text.strip():
                yield Example(path.name, text=text)
            else:
                bad.append(Bad(path.name, 1, "the file holds no text"))
            continue
        for number, row in raw_rows(path, bad):
            made = example(row, f"{path.name}:{number}")
            if isinstance(made, str):
                bad.append(Bad(path.name, number, made))
            else:
                yield made


def read_texts(paths: Sequence[Path]) -> Iterator[str]:
    """The plain texts of all files; a row without a text is refused (T069)."""
    bad: list[Bad] = []
    number = 0
    for number, one in enumerate(read_examples(paths, bad), 1):  # noqa: B007
        if not one.text:
            raise OctavoError(
                "T069",
                "General text is wanted here, and this row is a conversation",
                where=one.id,
                do='give rows with a "text", or text files',
                exit_code=WRONG_USE,
            )
        yield one.text
    refuse(bad, number + len(bad), do='give rows with a "text", or text files')


def raw_rows(path: Path, bad: list[Bad]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """(number from 1, object) of each row of JSON Lines, of one JSON array, or of Parquet."""
    if path.name.endswith(".parquet"):
        yield from enumerate(parquet_rows(path), 1)
        return
    with open_packed(path) as data:
        first = data.read(1)
        while first.isspace():
            first = data.read(1)
    values = _array(path) if first == b"[" else _lines(path)
    for number, value in values:
        if isinstance(value, dict):
            yield number, value
        else:
            bad.append(Bad(path.name, number, "not a JSON object"))


def _lines(path: Path) -> Iterator[tuple[int, Any]]:
    with open_packed(path) as data:
        for number, line in enumerate(data, 1):
            if line.strip():
                try:
                    yield number, json.loads(line)
                except (ValueError, RecursionError):
                    yield number, None


def _array(path: Path) -> Iterator[tuple[int, Any]]:
    """The members of one large array, without holding it: members are decoded as they come in."""
    decoder = json.JSONDecoder()
    number, text, ended = 0, "", False
    with open_packed(path) as data:
        import io

        source = io.TextIOWrapper(data, encoding="utf-8", errors="replace")
        text = source.read(CHUNK).lstrip()[1:]
        while True:
            text = text.lstrip(" \t\r\n,")
            if text.startswith("]"):
                return
            try:
                value, end = decoder.raw_decode(text)
                if end == len(text) and not ended:
                    raise ValueError("a number may go on")
            except (ValueError, RecursionError):
                more = source.read(max(CHUNK, len(text)))
                if not more:
                    if ended or text:
                        yield number + 1, None  # cut short, or no JSON from here on
                    return
                text += more
                continue
            number += 1
            yield number, value
            text = text[end:]


def example(row: Mapping[str, Any], name: str) -> Example | str:
    """The row in one form, or why it is none."""
    known = row.get("id")
    id_ = str(known) if known not in (None, "") else name
    if isinstance(row.get("messages"), list):
        return _checked(id_, [_turn(one, "role", "content") for one in row["messages"]])
    if isinstance(row.get("conversations"), list):
        return _checked(id_, [_turn(one, "from", "value") for one in row["conversations"]], system=row.get("system"))
    if "instruction" in row and "output" in row:
        if not all(isinstance(row.get(name) or "", str) for name in ("instruction", "input", "output")):
            return "instruction, input or output is no text"
        asked = "\n\n".join(part for part in (row["instruction"] or "", row.get("input") or "") if part.strip())
        turns: list[Message | str] = [Message("user", asked), Message("assistant", row["output"] or "")]
        return _checked(id_, turns, system=row.get("system"))
    if "prompt" in row and "completion" in row:
        return _completion(id_, row["prompt"], row["completion"])
    if isinstance(row.get("text"), str):
        return Example(id_, text=row["text"]) if row["text"].strip() else "the text is empty"
    return f"neither of these: {', '.join(FORMATS)}"


def _completion(id_: str, prompt: Any, completion: Any) -> Example | str:
    if isinstance(prompt, list) and isinstance(completion, list):
        return _checked(id_, [_turn(one, "role", "content") for one in [*prompt, *completion]])
    if not isinstance(prompt, str) or not isinstance(completion, str):
        return "prompt or completion is neither text nor messages"
    return _checked(id_, [Message("user", prompt), Message("assistant", completion)])


def _turn(one: Any, role: str, content: str) -> Message | str:
    if not isinstance(one, dict):
        return "a turn is no object"
    said = one.get(role)
    if not isinstance(said, str) or said not in ROLES:
        return f'the role "{said}" is none of system, user, assistant'
    value = one.get(content)
    if isinstance(value, list) and all(isinstance(part, dict) and part.get("type") == "text" for part in value):
        value = "".join(str(part.get("text", "")) for part in value)
    if not isinstance(value, str):
        return f"the {content} of a turn is no text"
    return Message(ROLES[said], value)


def _checked(id_: str, turns: Sequence[Message | str], system: Any = None) -> Example | str:
    for turn in turns:
        if isinstance(turn, str):
            return turn
    messages = [turn for turn in turns if isinstance(turn, Message)]
    if isinstance(system, str) and system.strip() and (not messages or messages[0].role != "system"):
        messages.insert(0, Message("system", system))
    spoken = messages[1:] if messages and messages[0].role == "system" else messages
    if not spoken:
        return "there is no turn"
    for number, message in enumerate(spoken):
        expected = ("user", "assistant")[number % 2]
        if message.role != expected:
            return f"turn {number + 1} is of the {message.role} where the {expected} must speak"
        if not message.content.strip():
            return f"the {'answer' if expected == 'assistant' else 'question'} in turn {number + 1} is empty"
    if spoken[-1].role != "assistant":
        return "it ends without an answer"
    return Example(id_, tuple(messages))


def refuse(bad: Sequence[Bad], rows: int, *, what: str = "can't be learnt from", do: str = "") -> None:
    """Raise T069 when there are bad rows, the first of them listed."""
    if not bad:
        return
    listed = "\n             ".join(f"row {one.row} of {one.source}: {one.reason}" for one in bad[:SHOWN])
    more = f"\n             and {len(bad) - SHOWN:,} more" if len(bad) > SHOWN else ""
    raise OctavoError(
        "T069",
        f"{len(bad):,} of {rows:,} rows {what}",
        where=listed + more,
        do=do or "correct these rows, or leave them out with --bad drop",
        exit_code=WRONG_USE,
    )


def as_messages(messages: Iterable[Message]) -> list[dict[str, str]]:
    """As chat templates take them."""
    return [{"role": message.role, "content": message.content} for message in messages]
