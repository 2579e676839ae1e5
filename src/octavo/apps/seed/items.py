"""Items: questions with their own passages, as `octavo ask --model` reads them from a file, and what it answers."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from octavo.model.reading.reader import Reading

LONGEST_ROW = 1 << 24
"""Bytes of one line; a longer one is reported, not read."""


@dataclass(frozen=True)
class ReadingItem:
    """A question and the passages that it is answered from; or, in `problem`, why there is none."""

    id: str | int | float | None
    line: int
    question: str = ""
    passages: tuple[str, ...] = ()
    problem: str = ""


def read_items(rows: IO[bytes]) -> Iterator[ReadingItem]:
    """The items of a JSON Lines file, one at a time; blank lines are passed over."""
    number = 0
    while line := rows.readline(LONGEST_ROW + 1):
        number += 1
        if len(line) > LONGEST_ROW:
            while line and not line.endswith(b"\n"):
                line = rows.readline(LONGEST_ROW)
            yield ReadingItem(None, number, problem=f"the line is longer than {LONGEST_ROW:,} bytes")
            continue
        line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if line.strip():
            yield read_item(line, number)


def read_item(line: bytes, number: int) -> ReadingItem:
    """One line as an item; what is wrong with it stands in `problem`."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else type(error).__name__
        return ReadingItem(None, number, problem=f"the line is not JSON ({reason})")
    if not isinstance(row, dict):
        return ReadingItem(None, number, problem="the line is not a JSON object")
    name = row.get("id")
    if isinstance(name, bool) or not (
        isinstance(name, str | int | None) or (isinstance(name, float) and math.isfinite(name))
    ):
        return ReadingItem(None, number, problem="the id is neither a text nor a number")
    question = row.get("question")
    if not isinstance(question, str) or not question.strip():
        why = "there is no question" if question is None else "the question is not a text, or empty"
        return ReadingItem(name, number, problem=why)
    problem = passages_problem(row.get("passages"))
    if problem:
        return ReadingItem(name, number, question, problem=problem)
    return ReadingItem(name, number, question, tuple(row["passages"]))


def passages_problem(passages: Any) -> str:
    """What is wrong with the passages of an item; empty when nothing is."""
    if passages is None:
        return "there are no passages"
    if not isinstance(passages, list):
        return "the passages are not a list"
    if not passages:
        return "the list of passages is empty"
    for number, passage in enumerate(passages, 1):
        if not isinstance(passage, str):
            return f"passage {number} is not a text"
        if not passage.strip():
            return f"passage {number} is empty"
    return ""


def as_json(question: str, reading: Reading) -> dict[str, Any]:
    """The answer in the form that `octavo ask --json` prints; a citation names the passage, counted from 1, and the
    characters of it."""
    citations = []
    if not reading.declined:
        place = {"passage": reading.passage + 1, "start": reading.start, "end": reading.end}
        citations.append({**place, "text": reading.answer})
    return {
        "question": question,
        "answer": reading.answer,
        "declined": reading.declined,
        "citations": citations,
        "confidence": round(reading.confidence, 4),
        "seconds": round(reading.seconds, 4),
        "mode": "read",
        "reason": "the passages do not say" if reading.declined else "",
    }
