"""`octavo knowledge search`: the documents of an index that answer a question, or each of a file of them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from octavo.cli.options import json_option
from octavo.cli.talk import answer, answer_json, say, table
from octavo.spine.errors import WORK_FAILED, WRONG_USE, OctavoError

if TYPE_CHECKING:
    from octavo.knowledge.index.index import Index
    from octavo.knowledge.search import Found


@click.command()
@click.argument("place", type=click.Path(path_type=Path, exists=True), metavar="INDEX")
@click.argument("question", required=False)
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    metavar="QUESTIONS",
    help='Search for every line of a JSON Lines file: {"id": …, "question": "…"}; - reads stdin.',
)
@click.option("-k", "count", type=int, default=5, show_default=True, help="Most documents.")
@click.option(
    "--method",
    type=click.Choice(["sparse", "dense", "hybrid", "graph"]),
    help="How to search (default: hybrid when the index has vectors, else sparse).",
)
@click.option("--as-of", type=click.IntRange(0), metavar="N", help="Search what generation N held.")
@json_option
def command(
    place: Path,
    question: str | None,
    file: Path | None,
    count: int,
    method: str | None,
    as_of: int | None,
    as_json: bool,
) -> int | None:
    """Search INDEX for QUESTION, or for every question of a file; with --json one line a question."""
    from octavo.knowledge.folder import file_of
    from octavo.knowledge.layers import open_index
    from octavo.knowledge.search import search

    if (question is None) == (file is None):
        raise OctavoError(
            "K025",
            "Nothing was asked" if question is None else "A question and a file of questions were given",
            do='octavo knowledge search INDEX "…"   or   octavo knowledge search INDEX --file QUESTIONS.jsonl',
            exit_code=WRONG_USE,
        )
    with open_index(file_of(place), as_of=as_of) as index:
        if file is not None:
            return _search_file(index, file, count, method, as_json)
        assert question is not None
        hits = search(index.view(), question, count, method)
        if as_json:
            answer_json({"question": question, "hits": _rows(hits)})
        elif not hits:
            say("nothing was found")
        else:
            texts = [" ".join(index.entry(hit.passage).text.split()) for hit in hits]
            shown = [text[:100] + ("…" if len(text) > 100 else "") for text in texts]
            answer(table([(f"{hit.score:.4f}", hit.id, text) for hit, text in zip(hits, shown, strict=True)]))
    return None


def _search_file(index: Index, file: Path, count: int, method: str | None, as_json: bool) -> int | None:
    """Answer each question as it is read, in order; 1 when a line holds none."""
    from octavo.cli.ask import read_questions
    from octavo.knowledge.search import search

    failed = 0
    with _opened(file) as rows:
        for number, row in read_questions(rows):
            if "error" in row:
                failed += 1
                if as_json:
                    answer_json({"id": row.get("id"), "line": number, "error": row["error"]})
                say(f"line {number}: {row['error']}")
                continue
            hits = _rows(search(index.view(), row["question"], count, method))
            name = row["id"] if row["id"] is not None else number
            if as_json:
                answer_json({"id": name, "hits": hits})
            elif hits:
                answer(table([(str(name), f"{hit['score']:.4f}", str(hit["id"])) for hit in hits]))
            else:
                answer(f"{name}  nothing was found")
    return WORK_FAILED if failed else None


def _rows(hits: list[Found]) -> list[dict[str, str | float]]:
    return [{"id": hit.id, "score": round(hit.score, 6)} for hit in hits]


def _opened(file: Path) -> IO[bytes]:
    return open(sys.stdin.fileno(), "rb", closefd=False) if str(file) == "-" else file.open("rb")
