"""`octavo show`: what was made: all stages, one stage's artifact and settings, or one stored document."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from octavo.cli.options import json_option, project_option
from octavo.cli.talk import answer, answer_json, open_with_steps, say, size, span, table
from octavo.spine.errors import WRONG_USE, OctavoError, nearest
from octavo.spine.project import Project
from octavo.spine.stage import Step
from octavo.spine.store import Manifest


@click.command()
@click.argument("name", required=False)
@project_option
@json_option
def command(name: str | None, folder: Path, as_json: bool) -> None:
    """Show what the latest run made: NAME is a stage, the beginning of a digest, or a document."""
    project, steps = open_with_steps(folder)
    if name is None:
        _show_all(project, steps, as_json)
    elif any(step.name == name for step in steps):
        _show_stage(project, steps, name, as_json)
    elif made := _by_digest(project, name):
        _show_lineage(project, made, as_json)
    else:
        _show_document(project, steps, name, as_json)


def _show_all(project: Project, steps: Sequence[Step], as_json: bool) -> None:
    latest = {step.name: project.latest(step.name) for step in steps}
    if as_json:
        stages = [_facts(step, latest[step.name]) for step in steps]
        answer_json({"project": project.name, "folder": str(project.folder), "stages": stages})
        return
    rows = []
    for step in steps:
        made = latest[step.name]
        rows.append(
            [step.name, step.stage.output, made.artifact[:12], size(made.size), span(made.seconds), made.run]
            if made
            else [step.name, step.stage.output, "not made", "", "", ""]
        )
    answer(table(rows))
    say("octavo show STAGE says more; octavo plan says whether it is up to date")


def _facts(step: Step, made: Manifest | None) -> dict[str, Any]:
    return {
        "stage": step.name,
        "kind": step.stage.output,
        "artifact": made.artifact if made else None,
        "key": made.recipe.key if made else None,
        "bytes": made.size if made else None,
        "seconds": made.seconds if made else None,
        "run": made.run if made else None,
    }


def _show_stage(project: Project, steps: Sequence[Step], name: str, as_json: bool) -> None:
    step = next(step for step in steps if step.name == name)
    made = project.latest(name)
    settings = project.settings(steps)[name].as_json()
    docs = step.stage.settings.field_docs()
    described = _describe(project, step, made)
    if as_json:
        more: dict[str, Any] = {}
        if made is not None:
            more = {"files": {name: entry.size for name, entry in made.files.items()}}
            more["folder"] = str(project.store.object(made.artifact))
        recipe = made.recipe.as_json() if made else None
        answer_json(
            {**_facts(step, made), "settings": settings, "describe": described, "recipe": recipe, **more}
            | ({"observed": dict(made.observed), "peak_memory": made.peak_memory} if made else {})
        )
        return
    lines = [f"{step.name} makes {step.stage.output}"]
    if made is None:
        lines.append("  not made yet: octavo run")
    else:
        lines += [
            f"  artifact {made.artifact}",
            f"  recipe   {made.recipe.key}",
            f"  made     {made.run} in {span(made.seconds)}, {size(made.peak_memory)} of memory",
            f"  folder   {project.store.object(made.artifact)} ({size(made.size)}, {len(made.files)} files)",
        ]
        lines += [f"  {name}: {value}" for name, value in described.items()]
        lines += [f"  observed {name}: {value}" for name, value in made.observed.items()]
    lines += ["settings"] if settings else ["no settings"]
    lines += [f"  {name} = {value!r}\n      {docs.get(name, '')}" for name, value in settings.items()]
    answer("\n".join(lines))


def _describe(project: Project, step: Step, made: Manifest | None) -> dict[str, Any]:
    if made is None:
        return {}
    from octavo.kinds.kind import kind

    folder = project.artifact(step.name)
    return kind(step.stage.output).describe(folder)


def _by_digest(project: Project, name: str) -> list[Manifest]:
    """What a beginning of at least six digits of an artifact's digest or a recipe's key names."""
    if len(name) < 6 or not set(name) <= set("0123456789abcdef"):
        return []
    every = project.store.manifests()
    return [m for m in every if m.artifact.startswith(name) or m.recipe.key.startswith(name)]


def _show_lineage(project: Project, made: Sequence[Manifest], as_json: bool) -> None:
    """Where an artifact comes from, back to the sources, and what was made of it."""
    from octavo.apps.trace import origins as origins_of

    every = project.store.manifests()
    origins = list(origins_of(made, every))
    digests = {manifest.artifact for manifest in made}
    uses = [m for m in every if digests & set(m.recipe.inputs.values())]
    if as_json:
        answer_json(
            {
                "made": [manifest.as_json() for manifest in made],
                "from": [{"stage": m.recipe.stage, "artifact": m.artifact, "key": m.recipe.key} for m in origins],
                "used_by": [{"stage": m.recipe.stage, "artifact": m.artifact, "key": m.recipe.key} for m in uses],
            }
        )
        return
    rows = [["made", m.recipe.stage, m.artifact[:12], f"recipe {m.recipe.key[:12]}, run {m.run}"] for m in made]
    rows += [["from", m.recipe.stage, m.artifact[:12], f"recipe {m.recipe.key[:12]}, run {m.run}"] for m in origins]
    rows += [["used by", m.recipe.stage, m.artifact[:12], f"recipe {m.recipe.key[:12]}, run {m.run}"] for m in uses]
    answer(table(rows))


def _show_document(project: Project, steps: Sequence[Step], name: str, as_json: bool) -> None:
    from dataclasses import asdict

    from octavo.kinds.documents import find_document

    stages = [step.name for step in reversed(steps) if step.stage.output == "documents" and project.latest(step.name)]
    for stage in stages:
        found = find_document(project.artifact(stage), name)
        if found is None:
            continue
        document, removed = found
        if as_json:
            why = None
            if removed is not None:
                why = {"reason": removed.reason, "detail": removed.detail, "duplicate_of": removed.duplicate_of}
            answer_json({**asdict(document), "stage": stage, "removed": why})
            return
        rows = {key: value for key, value in asdict(document).items() if value and key not in ("text", "aliases")}
        if document.aliases:
            rows["aliases"] = ", ".join(document.aliases)
        if removed is not None:
            rows["removed"] = f"{removed.reason} {removed.duplicate_of or removed.detail}"
        say("\n".join(f"{key:<10}{value}" for key, value in rows.items()) + "\n")
        answer(document.text)
        return
    _refuse(project, steps, stages, name)


def _refuse(project: Project, steps: Sequence[Step], stages: Sequence[str], name: str) -> None:
    from octavo.kinds.documents import read_documents

    options = [step.name for step in steps]
    # a close name has about the same length and the same beginning; to compare with every one would take seconds
    options += [
        document.id
        for stage in stages
        for document in read_documents(project.artifact(stage))
        if document.id[:1] == name[:1] and abs(len(document.id) - len(name)) <= 3
    ]
    raise OctavoError(
        "P021",
        f'Nothing here is called "{name}"{nearest(name, options)}',
        where=str(project.folder),
        likely="" if stages else "no documents have been collected yet",
        do="octavo show lists the stages" if stages else f"octavo run --project {project.folder}",
        exit_code=WRONG_USE,
    )
