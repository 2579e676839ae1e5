"""`octavo knowledge rollback`: go back to an earlier generation of an index."""

from __future__ import annotations

from pathlib import Path

import click

from octavo.cli.options import json_option
from octavo.cli.talk import answer, answer_json, say


@click.command()
@click.argument("place", type=click.Path(path_type=Path, exists=True), metavar="INDEX")
@click.option("--to", type=click.IntRange(0), metavar="N", help="The generation to go to (default: the one before).")
@json_option
def command(place: Path, to: int | None, as_json: bool) -> None:
    """Let INDEX be what it was a generation before, or at generation N. Until the next change one can go forward."""
    from octavo.knowledge.folder import file_of
    from octavo.knowledge.index.index import Index

    with Index.open(file_of(place), write=True) as index:
        was = index.fact("generation")
        now = index.rollback(to)
        count = len(index)
    if as_json:
        answer_json({"was": was, "generation": now, "documents": count})
        return
    answer(f"generation {now}, {count:,} documents")
    say(f"until the next change, octavo knowledge rollback {place} --to {was} undoes this")
