"""`octavo run`: carry out the whole path, only what changed."""

from __future__ import annotations

from pathlib import Path

import click

from octavo.cli.options import json_option, project_option
from octavo.cli.talk import answer, answer_json, say, span, watcher
from octavo.spine.run import run_path


@click.command()
@project_option
@click.option("--until", metavar="STAGE", help="Stop after this stage.")
@click.option("--set", "overrides", multiple=True, metavar="STAGE.FIELD=VALUE", help="A setting, for this time only.")
@click.option(
    "--show",
    type=click.Choice(["full", "plain", "nothing"]),
    help="How to tell what happens (default: full in a terminal, plain otherwise).",
)
@json_option
def command(folder: Path, until: str | None, overrides: tuple[str, ...], show: str | None, as_json: bool) -> None:
    """Make everything that is not kept, in order, with the reason; killed and started again it goes on."""
    import time

    from octavo.apps.paths import load_path
    from octavo.kinds.kind import kind
    from octavo.spine.project import open_project

    began = time.monotonic()
    project = open_project(folder, overrides)
    path = load_path(project.head.path)
    with watcher(show, path.steps) as listener:
        outcome = run_path(
            project, path.steps, watcher=listener, check=lambda name, made: kind(name).check(made), until=until
        )
    seconds = time.monotonic() - began
    whole = len(outcome.steps) == len(path.steps)
    closing = path.closing(project, outcome.artifacts) if whole and path.closing is not None else ""
    if as_json:
        stages = [done.as_json() for done in outcome.steps]
        answer_json(
            {
                "project": project.name,
                "run": outcome.record.when,
                "seconds": round(seconds, 3),
                "stages": stages,
                "closing": closing,
            }
        )
        return
    if show != "nothing":
        made = sum(done.action == "made" for done in outcome.steps)
        say(f"{made} made, {len(outcome.steps) - made} kept, in {span(seconds)}")
    if closing:
        answer(closing)
