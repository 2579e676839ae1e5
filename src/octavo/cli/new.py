"""`octavo new`: begin a project with one short `project.toml`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from octavo.cli.options import json_option
from octavo.cli.talk import answer, answer_json, say
from octavo.spine.errors import WRONG_USE, OctavoError
from octavo.spine.project import (
    FORMAT,
    create_project,
    read_project,
    refuse_existing,
    split_override,
    toml_value,
)
from octavo.spine.stage import Step

HEAD = """\
# What `octavo run` makes of your documents. A setting that is not written here has its default:
# `octavo show STAGE` lists them all with what they mean, `octavo plan` says what a change would run again.
"""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    "--docs",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Your documents: Markdown, text or reStructuredText. Without it: the documentation of the installed Python "
    "environment.",
)
@click.option(
    "--base",
    metavar="seed|scratch|FOLDER",
    help="What training begins from: the small base model that comes with Octavo, nothing, or a checkpoint's folder.",
)
@click.option("--name", help="What the project is called (default: the folder's name).")
@click.option("--path", "path_name", default="own_model", show_default=True, help="The path that a run follows.")
@click.option("--set", "overrides", multiple=True, metavar="STAGE.FIELD=VALUE", help="A setting to write down.")
@json_option
def command(
    folder: Path,
    docs: Path | None,
    base: str | None,
    name: str | None,
    path_name: str,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Begin a project in DIR."""
    from octavo.apps.paths import load_path

    steps = load_path(path_name).steps
    refuse_existing(folder)
    title = name or folder.resolve().name or "project"
    given = list(overrides)
    if docs is not None:
        given.append(f"collect.docs={toml_value(_documents(docs, folder))}")
    if base is not None:
        given.append(f"base.model={toml_value(_base(base, folder))}")
    project = create_project(folder, _text(folder, title, path_name, given, steps))
    if as_json:
        answer_json({"project": project.name, "folder": str(project.folder), "path": project.head.path})
        return
    answer(str(project.folder / "project.toml"))
    say(f"next: octavo run --project {folder}")


def _documents(docs: Path, folder: Path) -> str:
    """The documents folder as it is written down: relative to the project when it lies inside it."""
    if not docs.is_dir():
        what = "This is a file, not a folder of documents" if docs.exists() else "There is no such folder of documents"
        do = "name the folder that holds your documents"
        raise OctavoError("P006", what, where=str(docs), do=do, exit_code=WRONG_USE)
    return _written(docs, folder)


def _base(base: str, folder: Path) -> str:
    """What training begins from as it is written down; T111 when there is no such base."""
    from octavo.kinds.foundation import SCRATCH
    from octavo.pretrain.foundation import folder_of

    found = folder_of(base)
    return base if base == SCRATCH or found != Path(base) else _written(Path(base), folder)


def _written(given: Path, folder: Path) -> str:
    """A folder relative to the project when it lies inside it, else absolute."""
    place, home = given.resolve(), folder.resolve()
    return str(place.relative_to(home)) if place.is_relative_to(home) else str(place)


def _text(folder: Path, title: str, path_name: str, overrides: list[str], steps: tuple[Step, ...]) -> str:
    """The project file: the head, a table for each stage that has a given setting, and which others there are."""
    head: dict[str, Any] = {"name": title, "format": FORMAT, "path": path_name, "seed": 0}
    project = read_project(_tables({"project": head}, steps), folder, overrides)
    settings = project.settings(steps)  # refuses what is unknown or wrong before anything is written
    head.update({key: getattr(project.head, key) for key in head})
    written: dict[str, dict[str, Any]] = {"project": head}
    collect = next((step for step in steps if step.name == "collect"), None)
    if collect is not None and "docs" in collect.stage.settings.model_fields:
        written["collect"] = {"docs": ""}
    base = next((step for step in steps if step.name == "base"), None)
    if base is not None and "model" in base.stage.settings.model_fields:
        written["base"] = {"model": settings["base"].as_json()["model"]}
    for override in overrides:
        table, field, _ = split_override(override)
        if table != "project":
            written.setdefault(table, {})[field] = settings[table].as_json()[field]
    return HEAD + _tables(written, steps)


def _tables(written: dict[str, dict[str, Any]], steps: tuple[Step, ...]) -> str:
    lines: list[str] = []
    for name in ["project", *(step.name for step in steps)]:
        if name not in written:
            continue
        docs = next((step.stage.settings.field_docs() for step in steps if step.name == name), {})
        lines += ["", f"[{name}]"]
        for field, value in written[name].items():
            lines += [f"# {docs[field]}"] if field in docs else []
            lines.append(f"{field} = {toml_value(value)}")
    others = " ".join(f"[{step.name}]" for step in steps if step.name not in written)
    return "\n".join([*lines, "", f"# further tables: {others}", ""])
