"""`octavo knowledge add`: take new and changed records into an index, at once or not at all."""

from __future__ import annotations

from pathlib import Path

import click

from octavo.cli.knowledge.index import told
from octavo.cli.options import canary_options, json_option
from octavo.cli.talk import following, say


@click.command()
@click.argument("place", type=click.Path(path_type=Path, exists=True), metavar="INDEX")
@click.argument(
    "inputs", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="RECORDS…"
)
@click.option("--sync", is_flag=True, help="Also delete the documents that RECORDS don't hold.")
@canary_options
@json_option
def command(
    place: Path, inputs: tuple[Path, ...], sync: bool, canaries: Path | None, no_canaries: bool, as_json: bool
) -> None:
    """Take RECORDS into INDEX as a new generation: new ids are added, changed ones replaced, equal ones left.

    The change is written aside and tried on canary questions; it appears at once, or not at all.
    """
    from octavo.knowledge.canaries import read_canaries
    from octavo.knowledge.folder import change, file_of

    given = read_canaries(canaries) if canaries else None
    with following():
        outcome = change(place, inputs, sync=sync, canaries=given, tried=not no_canaries)
    told(outcome.as_json(), file_of(place).parent, as_json)
    if outcome.change.deleted or outcome.change.replaced:
        say(f"older generations still hold what went: octavo knowledge rollback {place} brings it back")
