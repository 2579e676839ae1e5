"""`octavo knowledge graph-export`: the graph of an index as GraphML or RDF N-Triples."""

from __future__ import annotations

from pathlib import Path

import click

from octavo.cli.options import json_option
from octavo.cli.talk import answer, answer_json, following, table


@click.command()
@click.argument("place", type=click.Path(path_type=Path, exists=True), metavar="INDEX")
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file: its name ends in .graphml or .nt.",
)
@click.option("--as-of", type=click.IntRange(0), metavar="N", help="The graph that generation N saw.")
@json_option
def command(place: Path, out: Path, as_of: int | None, as_json: bool) -> None:
    """Write entities, passages, edges and dated facts of INDEX for other programs; merges are followed."""
    from octavo.kinds.records import check_outputs
    from octavo.knowledge.folder import file_of
    from octavo.knowledge.graph.export import export
    from octavo.knowledge.graph.matrix import graph_view
    from octavo.knowledge.layers import open_index

    check_outputs([out], [file_of(place)])
    with open_index(file_of(place), as_of=as_of) as index, following():
        counts = export(graph_view(index), out)
    if as_json:
        answer_json({"file": str(out), **counts})
        return
    answer(table([[name, f"{count:,}"] for name, count in counts.items()]))
