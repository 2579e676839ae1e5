"""`octavo clean`: delete what nothing needs any more; says what it would delete until told to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from octavo.cli.options import json_option, project_option
from octavo.cli.talk import answer, answer_json, open_with_steps, say, size, table
from octavo.spine.clean import Leftovers, leftovers, pin, pins, set_aside, sweep, unpin
from octavo.spine.errors import OctavoError
from octavo.spine.plan import make_plan
from octavo.spine.project import Project
from octavo.spine.stage import Step
from octavo.spine.store import Store

WORDS = {
    "objects": "artifacts",
    "recipes": "recipes",
    "runs": "records of runs",
    "unfinished": "unfinished stages",
    "damaged": "damaged artifacts set aside",
}


@click.command()
@project_option
@click.option("--keep", type=click.IntRange(min=1), default=3, show_default=True, help="How many of the latest runs.")
@click.option("--yes", is_flag=True, help="Delete; without it nothing is deleted.")
@click.option("--damaged", is_flag=True, help="Read every stored byte first and set damaged artifacts aside.")
@click.option("--pin", "pinned", metavar="NAME", help="Keep all that the latest run reached under this name.")
@click.option("--unpin", "unpinned", metavar="NAME", help="Let go what only this name kept.")
@json_option
def command(
    folder: Path, keep: int, yes: bool, damaged: bool, pinned: str | None, unpinned: str | None, as_json: bool
) -> None:
    """Delete what no pinned name, no current plan and none of the latest runs reach."""
    project, steps = open_with_steps(folder)
    store = project.store
    if pinned is not None:
        say(f'pinned the run {pin(store, pinned).when} as "{pinned}"')
    if unpinned is not None:
        unpin(store, unpinned)
        say(f'"{unpinned}" is no longer pinned')
    wrong = set_aside(store) if damaged else []
    current = _current(project, steps)
    found = (sweep if yes else leftovers)(store, keep=keep, current=current)
    if as_json:
        damages = [str(damage) for damage in wrong]
        answer_json({"deleted": yes, **found.as_json(), "damages": damages, "pins": pins(store)})
        return
    for damage in wrong:
        say(f"damaged: {damage.digest[:12]} {damage}; set aside, the next run makes it again")
    _tell(found, store, deleted=yes)


def _current(project: Project, steps: Sequence[Step]) -> list[str]:
    """The recipes of a run now; none when there can be no plan, since its documents are out of reach, say."""
    try:
        return [planned.recipe.key for planned in make_plan(project, steps).steps if planned.recipe is not None]
    except OctavoError as error:
        say(f"there is no plan now ({error.what}); only what the latest runs reach is kept")
        return []


def _tell(found: Leftovers, store: Store, *, deleted: bool) -> None:
    rows = [
        [words, str(len(getattr(found, name))), size(found.bytes[name])]
        for name, words in WORDS.items()
        if getattr(found, name)
    ]
    if rows:
        answer(table(rows))
    total = size(sum(found.bytes.values()))
    if not rows:
        say("there is nothing to delete")
    elif deleted:
        say(f"deleted {total}")
    else:
        say(f"this would give back {total}; octavo clean --yes deletes it")
    if pins(store):
        say(f"pinned: {', '.join(pins(store))}")
