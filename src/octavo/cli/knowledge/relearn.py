"""`octavo knowledge relearn`: learn the vectors of an index anew, of what it holds now."""

from __future__ import annotations

from pathlib import Path

import click

from octavo.cli.knowledge.index import told
from octavo.cli.options import canary_options, embed_option, json_option
from octavo.cli.talk import following, say


@click.command()
@click.argument("place", type=click.Path(path_type=Path, exists=True), metavar="INDEX")
@embed_option
@canary_options
@json_option
def command(place: Path, embed: Path | None, canaries: Path | None, no_canaries: bool, as_json: bool) -> None:
    """Learn the vectors of INDEX anew, of the documents that it holds now, as a new generation.

    Without --canaries nine tenths as many documents as before must be found through the vectors; else nothing is
    changed. Earlier generations keep their vectors, until they are pruned. octavo knowledge generations says when it
    is time.
    """
    from octavo.knowledge.canaries import read_canaries
    from octavo.knowledge.folder import file_of, relearn
    from octavo.knowledge.layers import vectors_of

    given = read_canaries(canaries) if canaries else None
    with following():
        outcome = relearn(place, vectors_of(embed) if embed else None, canaries=given, tried=not no_canaries)
    told(outcome.as_json(), file_of(place).parent, as_json)
    say(f"octavo knowledge rollback {place} goes back to the vectors there were")
