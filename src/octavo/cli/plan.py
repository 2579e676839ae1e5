"""`octavo plan`: what a run would do, and why."""

from __future__ import annotations

from pathlib import Path

import click

from octavo.cli.options import json_option, project_option
from octavo.cli.talk import answer, answer_json, open_with_steps, say, span, table
from octavo.spine.plan import Plan, make_plan


@click.command()
@project_option
@click.option("--until", metavar="STAGE", help="Stop after this stage.")
@click.option("--set", "overrides", multiple=True, metavar="STAGE.FIELD=VALUE", help="A setting, for this time only.")
@json_option
def command(folder: Path, until: str | None, overrides: tuple[str, ...], as_json: bool) -> None:
    """Say which stages a run would keep or make, with the reason; nothing is run."""
    project, steps = open_with_steps(folder, overrides)
    plan = make_plan(project, steps, until=until)
    if as_json:
        answer_json(plan.as_json())
        return
    answer(table([[p.step.name, p.action, "; ".join(p.reasons)] for p in plan.steps]))
    say(_closing(plan))


def _closing(plan: Plan) -> str:
    run = [planned for planned in plan.steps if planned.action == "run"]
    waits = [planned for planned in plan.steps if planned.action == "waits"]
    if not run:
        return "everything is kept: there is nothing to run"
    before = [planned.before.seconds for planned in run if planned.before is not None]
    took = f" (the last time that took {span(sum(before))})" if before else ""
    later = f"; {len(waits)} more run if what they wait for comes out differently" if waits else ""
    return f"octavo run would make {len(run)} of {len(plan.steps)} stages{took}{later}"
