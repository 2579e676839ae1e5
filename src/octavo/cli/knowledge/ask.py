"""`octavo knowledge ask`: quote the answer to a question from an index, with citations, or decline."""

from __future__ import annotations

from pathlib import Path

import click

from octavo.cli.options import json_option
from octavo.cli.talk import answer, answer_json


@click.command()
@click.argument("place", type=click.Path(path_type=Path, exists=True), metavar="INDEX")
@click.argument("question")
@click.option("-k", "citations", type=click.IntRange(1, 50), default=5, show_default=True, help="Most citations.")
@click.option("--as-of", type=click.IntRange(0), metavar="N", help="Answer from what generation N held.")
@json_option
def command(place: Path, question: str, citations: int, as_of: int | None, as_json: bool) -> None:
    """Answer QUESTION with the words of INDEX, or say that they don't answer it."""
    from octavo.knowledge.answer.answer import Answerer
    from octavo.knowledge.folder import file_of
    from octavo.knowledge.layers import open_index
    from octavo.serve.readable import as_lines

    with open_index(file_of(place), as_of=as_of) as index:
        found = Answerer(index).ask(question, citations)
        if as_json:
            answer_json(found.as_json())
        else:
            answer("\n".join(as_lines(found, index.document)))
