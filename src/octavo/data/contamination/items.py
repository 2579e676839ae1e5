"""Items: what an evaluation asks, read from files of any shape: question, choices, answer and passage, or one text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from octavo.kinds.records import Bad, open_packed
from octavo.spine.errors import WRONG_USE, OctavoError

QUESTION = ("question", "prompt", "query", "problem", "input", "text")
"""Fields that hold what is asked; the first that is there counts."""
ANSWER = ("answer", "answers", "solution", "target", "output", "completion")
PASSAGE = ("passage", "context", "article", "story", "paragraph")
CHOICES = ("choices", "options")


@dataclass(frozen=True)
class Item:
    """One evaluation item. Only the question is searched for; the other parts support what was found nearby."""

    id: str
    question: str
    supports: tuple[str, ...] = ()
    """Answer, choices and passage, those that there are."""


def read_items(paths: Sequence[Path], bad: list[Bad]) -> Iterator[Item]:
    """The items of the files in order. Rows that hold none are added to `bad`; a file without any item is D080."""
    known: set[str] = set()
    for path in paths:
        found = 0
        for row, value in enumerate(_objects(path), 1):
            item = item_of(value, f"{path.name}:{row}") if isinstance(value, dict) else None
            if item is None:
                bad.append(Bad(path.name, row, "not a JSON object" if not isinstance(value, dict) else "no question"))
            else:
                found += 1
                for other in (f"{path.name}:{item.id}", f"{path.name}:{row}", f"{path}:{row}"):
                    if item.id in known:  # two files may number their items alike
                        item = replace(item, id=other)
                known.add(item.id)
                yield item
        if not found:
            raise OctavoError(
                "D080",
                "The file holds no evaluation item",
                where=str(path),
                likely=f"its rows have none of the fields {', '.join(QUESTION)}",
                do='give JSON Lines with {"id", "question", "answer", "choices", "passage"} or {"id", "text"}',
                exit_code=WRONG_USE,
            )


def item_of(row: dict[str, Any], otherwise: str) -> Item | None:
    """The item that a row holds, or None when nothing in it is asked."""
    passage = _first(row, PASSAGE)
    question = _first(row, QUESTION)
    known = row.get("id", row.get("doc_id"))
    name = str(known) if known not in (None, "") else otherwise
    if not question:
        return Item(name, passage) if passage else None
    supports = (_first(row, ANSWER), _first(row, CHOICES), passage)
    return Item(name, question, tuple(text for text in supports if text))


def _first(row: dict[str, Any], names: Iterable[str]) -> str:
    for name in names:
        if name in row and (text := _text(row[name])).strip():
            return text
    return ""


def _text(value: Any) -> str:
    """All that is said in a value: lists and objects of choices one after the other."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        value = value.get("text", list(value.values()))
        return _text(value)
    if isinstance(value, list):
        return "\n".join(_text(part) for part in value)
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _objects(path: Path) -> Iterator[Any]:
    """The JSON values of a file, one a line; None for a line that is none."""
    if path.name.endswith(".parquet"):
        from octavo.kinds.formats.parquet import parquet_rows

        yield from parquet_rows(path)
        return
    try:
        with open_packed(path) as lines:
            for line in lines:
                if line.isspace():
                    continue
                try:
                    yield json.loads(line)
                except (ValueError, RecursionError):
                    yield None
    except Exception as error:
        if isinstance(error, FileNotFoundError | OctavoError) or not path.name.endswith((".gz", ".zst")):
            raise
        raise OctavoError(
            "D081", f"The evaluation file can't be unpacked: {error}", where=str(path), do="get it again"
        ) from None


def read_scores(path: Path) -> dict[str, float]:
    """Item → score, from rows `{"id", "score"}`; a row without both, or an id given twice, is D083."""
    scores: dict[str, float] = {}
    for row, value in enumerate(_objects(path), 1):
        name, score = (value.get("id"), value.get("score")) if isinstance(value, dict) else (None, None)
        if name is None or str(name) in scores or not isinstance(score, int | float) or score != score:
            raise OctavoError(
                "D083",
                f'Row {row} is no score: it needs an "id" of its own and a number "score"',
                where=str(path),
                do='give one row {"id", "score"} for each evaluation item',
                exit_code=WRONG_USE,
            )
        scores[str(name)] = float(score)
    if len(scores) < 2:
        raise OctavoError("D083", "There are fewer than two scores", where=str(path), exit_code=WRONG_USE)
    return scores
