"""`octavo memory list`: what a project remembers, the newest last, with what superseded what."""

from __future__ import annotations

from pathlib import Path

import click

from octavo.cli.options import json_option, project_option


@click.command()
@project_option
@click.option(
    "--kind", type=click.Choice(["told", "correction", "conversation"]), help="Only what was told, corrected or talked."
)
@json_option
def command(folder: Path, kind: str | None, as_json: bool) -> None:
    """List what the project remembers, the newest last."""
    from octavo.cli.talk import answer, answer_json, say, table
    from octavo.knowledge.memory.episode import day
    from octavo.knowledge.memory.memory import Memory
    from octavo.knowledge.memory.project import place
    from octavo.serve.readable import plain
    from octavo.spine.project import open_project

    with Memory.open(place(open_project(folder).folder)) as memory:
        found = [one for one in memory.all() if kind in (None, one.kind)]
    if as_json:
        answer_json([one.as_json() for one in found])
        return
    rows = []
    for one in found:
        notes = [f"until {day(one.until)}"] if one.until is not None else []
        notes += [f"superseded by {one.superseded}"] if one.superseded is not None else []
        notes += [f"used {one.uses}×"] if one.uses else []
        notes += [one.document] if one.document else []
        text = plain(" ".join(f"{one.cue} {one.text}".split()))[:160]
        rows.append((f"{one.number}", day(one.born), one.kind, ", ".join(notes), text))
    if rows:
        answer(table([("memory", "date", "kind", "", "text"), *rows]))
    say(f"{len(rows):,} memories")
