"""`octavo ask`: one question, or a file of them, answered from documents, or from passages given with it."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from octavo.cli.options import json_option, memory_option, project_option
from octavo.spine.errors import WORK_FAILED, WRONG_USE, OctavoError

if TYPE_CHECKING:
    from octavo.apps.own_model.open import ProjectEngine
    from octavo.apps.seed.items import ReadingItem
    from octavo.knowledge.memory.episode import Episode
    from octavo.model.reading.reader import Reader, Reading

LONGEST_ROW = 1 << 20
"""Bytes of one line of a question file; a longer one is reported, not read."""

mode_option = click.option(
    "--mode",
    type=click.Choice(["quote", "generate"]),
    default="quote",
    show_default=True,
    help="Quote the passage, or let the project's model write the answer from it.",
)


@click.command()
@click.argument("question", required=False)
@project_option
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    metavar="QUESTIONS",
    help='Answer every line of a JSON Lines file: {"id": …, "question": "…"}; - reads stdin.',
)
@click.option("-k", "citations", type=click.IntRange(1, 50), default=5, show_default=True, help="Most citations.")
@mode_option
@click.option(
    "--model",
    metavar="NAME",
    help='Read with this model, not in a project: "seed", or a folder of a model. Answers come from the passages '
    'of --passage, or of the rows of --file: {"id": …, "question": "…", "passages": ["…", …]}.',
)
@click.option("--passage", "passages", multiple=True, metavar="TEXT", help="A passage for --model; may be repeated.")
@memory_option
@json_option
def command(
    question: str | None,
    folder: Path,
    file: Path | None,
    citations: int,
    mode: str,
    model: str | None,
    passages: tuple[str, ...],
    remember: bool,
    as_json: bool,
) -> int | None:
    """Answer QUESTION from the documents, with citations, or say that they don't answer it."""
    from octavo.apps.own_model.open import open_engine
    from octavo.cli.talk import answer, answer_json
    from octavo.serve.readable import as_lines

    if (question is None) == (file is None):
        raise OctavoError(
            "P002",
            "Nothing was asked" if question is None else "A question and a file of questions were given",
            do='octavo ask "…"   or   octavo ask --file QUESTIONS.jsonl',
            exit_code=WRONG_USE,
        )
    if question is not None and not question.strip():
        raise OctavoError("V005", "The question is empty", do='octavo ask "…"', exit_code=WRONG_USE)
    if model is not None or passages:
        return _read(model, question, passages, file, as_json)
    engine = open_engine(folder, mode=mode, citations=citations)
    place = engine.project.folder if remember else None
    if file is not None:
        return _answer_file(engine, file, as_json, place)
    assert question is not None
    found = engine.ask(question)
    known = remembered(place, question)
    if as_json:
        answer_json({**found.as_json(), **({"memory": known.as_json()} if known else {})})
    else:
        answer("\n".join([*_recalled(known), *as_lines(found, engine.document)]))
    return None


def remembered(place: Path | None, question: str) -> Episode | None:
    """What the memory of the project in `place` recognises in a question."""
    if place is None or not question.strip():
        return None
    from octavo.knowledge.memory.project import consult

    return consult(place, question)


def _recalled(known: Episode | None) -> list[str]:
    from octavo.serve.readable import plain

    return [f"{plain(known.text)} [{known.citation}]", ""] if known else []


def _answer_file(engine: ProjectEngine, file: Path, as_json: bool, place: Path | None) -> int | None:
    """Answer each row as it is read, in order; 1 when any could not be answered."""
    from octavo.cli.talk import answer, answer_json, say
    from octavo.serve.readable import as_lines, plain

    count = failed = 0
    with _opened(file) as rows:
        for number, row in read_questions(rows):
            count += 1
            try:
                if "error" in row:
                    raise OctavoError("V007", row["error"])
                found = engine.ask(row["question"])
                known = remembered(place, row["question"])
            except OctavoError as error:
                failed += 1
                if as_json:
                    answer_json({"id": row.get("id"), "line": number, "error": error.what})
                else:
                    say(f"line {number}: {error.what}")
                continue
            if as_json:
                told = {"memory": known.as_json()} if known else {}
                answer_json({"id": row.get("id"), **found.as_json(), **told})
            else:
                head = f"── {row.get('id', number)}: {plain(row['question'])}"
                answer("\n".join([head, *_recalled(known), *as_lines(found, engine.document), ""]))
    if failed:
        say(
            str(
                OctavoError(
                    "V007",
                    f"{failed} of {count} questions were not answered",
                    where=str(file),
                    do="correct those lines",
                )
            )
        )
        return WORK_FAILED
    return None


def _read(
    model: str | None, question: str | None, passages: tuple[str, ...], file: Path | None, as_json: bool
) -> int | None:
    """Answer one question, or each item of a file, from passages alone."""
    from octavo.model.reading.place import SEED, checkpoint_named

    if (question is not None) != bool(passages):
        raise OctavoError(
            "M002",
            "A question that a model reads needs its passages" if passages == () else "Passages need one question",
            do='octavo ask "…" --model seed --passage "…"   or   octavo ask --model seed --file ITEMS.jsonl',
            exit_code=WRONG_USE,
        )
    place = checkpoint_named(model or SEED)
    from octavo.apps.seed.items import ReadingItem
    from octavo.model.reading.reader import Reader

    reader = Reader.of(place)
    if file is not None:
        return _read_file(reader, file, as_json)
    assert question is not None
    item = ReadingItem(None, 0, question, passages)
    _print_reading(item, reader.read(question, passages), as_json)
    return None


def _read_file(reader: Reader, file: Path, as_json: bool) -> int | None:
    """Answer each item as it is read, in order; 1 when any could not be answered."""
    from octavo.apps.seed.items import read_items
    from octavo.cli.talk import answer_json, say

    count = failed = 0
    with _opened(file) as rows:
        for item in read_items(rows):
            count += 1
            if not item.problem:
                _print_reading(item, reader.read(item.question, item.passages), as_json)
                continue
            failed += 1
            if as_json:
                answer_json({"id": item.id, "line": item.line, "error": item.problem})
            else:
                say(f"line {item.line}: {item.problem}")
    if not failed:
        return None
    what = f"{failed} of {count} items were not answered"
    say(str(OctavoError("M003", what, where=str(file), do="correct those lines")))
    return WORK_FAILED


def _print_reading(item: ReadingItem, reading: Reading, as_json: bool) -> None:
    from octavo.apps.seed.items import as_json as row_of
    from octavo.cli.talk import answer, answer_json
    from octavo.serve.readable import plain

    if as_json:
        row = row_of(item.question, reading)
        answer_json({"id": item.id, **row} if item.line else row)
        return
    named = f"── {item.line if item.id is None else item.id}: {plain(item.question)}\n" if item.line else ""
    answer(f"{named}{plain(reading.answer)}" + ("" if reading.declined else f" [{reading.passage + 1}]"))


def _opened(file: Path) -> IO[bytes]:
    return open(sys.stdin.fileno(), "rb", closefd=False) if str(file) == "-" else file.open("rb")


def read_questions(rows: IO[bytes]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line number and `{"id", "question"}` of each row, or `{"id", "error"}` when it holds no question."""
    number = 0
    while line := rows.readline(LONGEST_ROW + 1):
        number += 1
        if len(line) > LONGEST_ROW:
            while line and not line.endswith(b"\n"):
                line = rows.readline(LONGEST_ROW)
            yield number, {"error": f"the line is longer than {LONGEST_ROW:,} bytes"}
            continue
        line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if line.strip():
            yield number, _read_row(line)


def _read_row(line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else type(error).__name__
        return {"error": f"the line is not JSON ({reason})"}
    if not isinstance(row, dict):
        return {"error": "the line is not a JSON object"}
    name = row.get("id")
    if not isinstance(name, str | int | None) and not (isinstance(name, float) and math.isfinite(name)):
        return {"error": "the id is neither a text nor a number"}
    question = row.get("question")
    if not isinstance(question, str) or not question.strip():
        why = "there is no question" if question is None else "the question is not a text, or empty"
        return {"id": name, "error": why}
    return {"id": name, "question": question}
