"""`octavo knowledge delete`: let documents of an index be found no more; older generations keep them."""

from __future__ import annotations

from pathlib import Path

import click

from octavo.cli.knowledge.index import told
from octavo.cli.options import canary_options, json_option
from octavo.cli.talk import following, say


@click.command()
@click.argument("place", type=click.Path(path_type=Path, exists=True), metavar="INDEX")
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
@canary_options
@json_option
def command(place: Path, ids: tuple[str, ...], canaries: Path | None, no_canaries: bool, as_json: bool) -> None:
    """Delete the documents ID from INDEX, as a new generation. To take them out of the file, forget them."""
    from octavo.knowledge.canaries import read_canaries
    from octavo.knowledge.folder import change, file_of

    given = read_canaries(canaries) if canaries else None
    with following():
        outcome = change(place, delete=ids, canaries=given, tried=not no_canaries)
    told(outcome.as_json(), file_of(place).parent, as_json)
    say(f"older generations still hold them: octavo knowledge forget {place} {ids[0]} takes them out of the file")
