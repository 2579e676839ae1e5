"""`octavo memory consolidate`: memories that were of use more than once become documents of an index."""

from __future__ import annotations

from pathlib import Path

import click

from octavo.cli.options import json_option, project_option


@click.command()
@project_option
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="INDEX",
    help="The index that they go into (default: one beside the memory).",
)
@click.option("--uses", type=click.IntRange(0), default=2, show_default=True, help="How often one must have been used.")
@json_option
def command(folder: Path, out: Path | None, uses: int, as_json: bool) -> None:
    """Let what was used and not contradicted become documents of an index; contradicted ones go out."""
    from octavo.cli.talk import answer, answer_json, say
    from octavo.knowledge.memory.consolidate import consolidate
    from octavo.knowledge.memory.memory import Memory
    from octavo.knowledge.memory.project import INDEX, place
    from octavo.spine.project import open_project

    file = place(open_project(folder).folder)
    target = out or file.with_name(INDEX)
    with Memory.open(file, write=True) as memory:
        done = consolidate(memory, target, uses=uses)
    if as_json:
        answer_json({"index": str(target), "added": list(done.added), "removed": list(done.removed)})
        return
    answer(f"{len(done.added)} added, {len(done.removed)} taken out: {target}")
    say(f"{done.waiting} memories were used less than {uses} times")
