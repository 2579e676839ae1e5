"""`octavo why STAGE`: why a stage is kept or would run, compared with the nearest earlier recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from octavo.cli.options import json_option, project_option
from octavo.cli.talk import answer, answer_json, open_with_steps, say, span
from octavo.spine.plan import Planned, find_step, make_plan


@click.command()
@click.argument("stage")
@project_option
@click.option("--set", "overrides", multiple=True, metavar="STAGE.FIELD=VALUE", help="A setting, for this time only.")
@json_option
def command(stage: str, folder: Path, overrides: tuple[str, ...], as_json: bool) -> None:
    """Say why STAGE is kept or would run, and everything that decides its output."""
    project, steps = open_with_steps(folder, overrides)
    find_step(steps, stage)
    plan = make_plan(project, steps, until=stage)
    planned = plan.steps[-1]
    causes = [p for p in plan.steps if p.action == "run" and p is not planned] if planned.action == "waits" else []
    if as_json:
        answer_json(_as_json(planned, causes))
        return
    lines = [f"{stage}: {planned.action}"]
    lines += [f"  {reason}" for reason in planned.reasons]
    lines += [f"  {cause.step.name} runs: {'; '.join(cause.reasons)}" for cause in causes]
    if planned.manifest is not None:
        made = planned.manifest
        lines.append(f"  made {made.run} in {span(made.seconds)}; nothing that decides it has changed since")
    if planned.before is not None and planned.action == "run":
        lines.append(f"  compared with recipe {planned.before.recipe.key[:12]} of {planned.before.run}")
    lines += _recipe(planned)
    answer("\n".join(lines))
    if planned.action != "kept":
        say(f"next: octavo run --project {folder} --until {stage}")


def _as_json(planned: Planned, causes: list[Planned]) -> dict[str, Any]:
    return {
        **planned.as_json(),
        "causes": [cause.as_json() for cause in causes],
        "compared_with": planned.before.recipe.key if planned.before else None,
        "made": planned.manifest.run if planned.manifest else None,
        "recipe": planned.recipe.as_json() if planned.recipe else None,
    }


def _recipe(planned: Planned) -> list[str]:
    recipe = planned.recipe
    if recipe is None:
        return []
    lines = [f"recipe {recipe.key}"]
    lines += [f"  setting {name} = {value!r}" for name, value in recipe.settings.items()]
    lines += [f"  input   {slot}: {digest[:12]}" for slot, digest in recipe.inputs.items()]
    lines += [f"  source  {name}: {value[:40]}" for name, value in list(recipe.sources.items())[:10]]
    if len(recipe.sources) > 10:
        lines.append(f"          and {len(recipe.sources) - 10} more sources (--json lists them)")
    lines += [f"  version {name} {version}" for name, version in recipe.pinned.items()]
    lines.append(f"  code    {len(recipe.code)} modules: {', '.join(recipe.code)}")
    return lines
