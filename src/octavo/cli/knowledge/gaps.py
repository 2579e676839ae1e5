"""`octavo knowledge gaps`: why questions with known evidence are not answered, from the graph to the reader."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from octavo.cli.options import json_option
from octavo.cli.talk import answer, answer_json, following, table


@click.command()
@click.argument("place", type=click.Path(path_type=Path, exists=True), metavar="INDEX")
@click.option(
    "--file",
    "file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="QUESTIONS",
    help='{"question", "gold": [document ids], "answer", "reply"} a line; the last two may be left out.',
)
@click.option("-k", "count", type=click.IntRange(1, 100), default=5, show_default=True, help="Documents retrieved.")
@click.option("--examples", type=click.IntRange(0, 100), default=2, show_default=True, help="Shown of each cause.")
@json_option
def command(place: Path, file: Path, count: int, examples: int, as_json: bool) -> None:
    """For each question the first broken link: missing entity, missing edge, wrong merge, not retrieved, reader
    ignored the evidence, model overrode it. Counts, and examples."""
    from octavo.knowledge.folder import file_of
    from octavo.knowledge.graph.gaps import counted, diagnose, read_asked
    from octavo.knowledge.graph.matrix import graph_view
    from octavo.knowledge.layers import open_index

    with open_index(file_of(place)) as index, following():
        gaps = diagnose(graph_view(index), read_asked(file), count)
    counts = counted(gaps)
    if as_json:
        answer_json({"questions": len(gaps), "causes": counts, "gaps": [asdict(gap) for gap in gaps]})
        return
    answer(table([[cause, f"{n:,}", f"{n / len(gaps):.0%}"] for cause, n in counts.items()]))
    for cause in counts:
        for gap in [gap for gap in gaps if gap.cause == cause and cause != "no gap"][:examples]:
            answer(f"    {cause}: {gap.id}: {gap.detail}")
