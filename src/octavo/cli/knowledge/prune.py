"""`octavo knowledge prune`: let go of old generations of an index, and of what only they held."""

from __future__ import annotations

from pathlib import Path

import click

from octavo.cli.options import json_option
from octavo.cli.talk import answer, answer_json, following, size


@click.command()
@click.argument("place", type=click.Path(path_type=Path, exists=True), metavar="INDEX")
@click.option("--keep", type=click.IntRange(1), default=1, show_default=True, help="How many of the newest stay.")
@json_option
def command(place: Path, keep: int, as_json: bool) -> None:
    """Keep the newest generations of INDEX and take out of the file what none of them sees."""
    from octavo.knowledge.folder import file_of
    from octavo.knowledge.layers import open_index
    from octavo.spine.progress import progress

    path = file_of(place)
    before = path.stat().st_size
    with following(), open_index(path, write=True) as index:
        generations, documents = index.prune(keep, progress("prune", None, "chunks").advance)
    after = path.stat().st_size
    if as_json:
        answer_json({"generations": generations, "documents": documents, "before": before, "bytes": after})
        return
    answer(f"{generations:,} generations and {documents:,} documents taken out; {size(before)} became {size(after)}")
