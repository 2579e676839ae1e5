"""`octavo seed measure`: how well a checkpoint reads, on made items or on a file of them, beside simple rules."""

from __future__ import annotations

from pathlib import Path

import click

from octavo.cli.options import json_option


@click.command()
@click.option("--model", default="seed", show_default=True, metavar="NAME", help='"seed", or a folder.')
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="ITEMS",
    help='Items with answers: {"question", "passages", "answer": ["…"], "kind"}; none: items are made.',
)
@click.option("--count", type=click.IntRange(10), default=200, show_default=True, help="How many items are made.")
@json_option
def command(model: str, file: Path | None, count: int, as_json: bool) -> None:
    """Exact matches and declines with 95 % intervals, for the reader, free writing and two rules."""
    from octavo.apps.seed.compare import compared, table_of
    from octavo.apps.seed.measure import UNSEEN, UNWORDED, made_probes, written_probes
    from octavo.cli.talk import answer, answer_json, following, table
    from octavo.model.reading.place import checkpoint_named
    from octavo.model.reading.reader import Reader

    reader = Reader.of(checkpoint_named(model))
    if file is not None:
        sets = {file.name: list(written_probes(file))}
    else:
        sets = {
            "unseen names": list(made_probes("measure a", count, UNSEEN)),
            "unseen wordings": list(made_probes("measure b", count, UNWORDED)),
        }
    with following():
        rows = compared(reader, sets)
    if as_json:
        answer_json({"rows": [vars(row) for row in rows]})
        return
    answer(table(table_of(rows)))
