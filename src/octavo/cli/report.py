"""`octavo report`: the scorecard of a project, and where its page lies."""

from __future__ import annotations

from pathlib import Path

import click

from octavo.cli.options import json_option, project_option
from octavo.cli.talk import answer, answer_json, say


@click.command()
@project_option
@click.option("--open-path", is_flag=True, help="Print only the path of the page, for a script to open.")
@json_option
def command(folder: Path, open_path: bool, as_json: bool) -> None:
    """Print the scorecard with the trials run so far, and put the page where people find it."""
    import json

    from octavo.challenges.board import table as trial_table
    from octavo.evaluate.place import place_page
    from octavo.evaluate.scorecard import about, table
    from octavo.kinds.report import SCORECARD
    from octavo.kinds.scores import read_scores
    from octavo.kinds.trials import digests, kept
    from octavo.spine.project import open_project

    project = open_project(folder)
    made = project.artifact("report")
    page = place_page(made, project.folder)
    if open_path:
        answer(str(page))
        return
    trials, damaged = kept(project.store.folder)
    for path in damaged:
        say(f"this trial can't be read and is left out: {path}")
    manifest = project.latest("report")
    if manifest is not None and manifest.recipe.sources != digests(project.store.folder):
        say(f"the page does not show the newest trials yet: octavo run --project {folder}")
    scorecard = json.loads((made / SCORECARD).read_text(encoding="utf-8"))
    if as_json:
        answer_json({"project": project.name, "page": str(page), **scorecard, "trials": trials})
        return
    scores, _ = read_scores(project.artifact("evaluate"))
    told = scorecard.get("documents"), scorecard.get("tokenizer"), scorecard.get("facts", {}).get("base")
    answer("\n".join([table(scores), *about(*told)]))
    for trial in trials:
        answer(f"\n{trial_table(trial)}")
    if not trials:
        say("no challenge has been tried yet: octavo try")
    say(f"the page: {page}")
