"""`octavo try`: one challenge, the baseline against its responses, before and after with intervals and cost."""

from __future__ import annotations

from pathlib import Path

import click

from octavo.cli.options import json_option
from octavo.cli.talk import answer, answer_json, say
from octavo.spine.errors import WRONG_USE, OctavoError


@click.command()
@click.argument("challenge", required=False)
@click.option(
    "--project",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Try it with this project's model (default: the current folder's, or a tiny model where there is no project).",
)
@click.option("--responses", metavar="NAME,…", help="Only these responses, joined by commas (default: all).")
@click.option("--seeds", type=click.IntRange(1, 20), default=3, show_default=True, help="Repeat with so many seeds.")
@click.option(
    "--budget",
    type=click.FloatRange(0.1),
    default=None,
    show_default="what the challenge's card says",
    help="Seconds for each system and seed; what comes later counts as missing.",
)
@json_option
def command(
    challenge: str | None, folder: Path | None, responses: str | None, seeds: int, budget: float | None, as_json: bool
) -> None:
    """Measure a challenge, and what each response to it changes; without a name, list the challenges."""
    if challenge is None:
        _list(as_json)
        return
    from octavo.challenges import catalogue
    from octavo.spine.project import FILE, open_project

    wanted = catalogue.challenge(challenge)
    chosen = None
    if responses is not None:
        chosen = [wanted.response(name) for name in responses.split(",") if name.strip()]
        if not chosen:
            raise OctavoError("P002", "--responses names none", do="name one, or leave it away", exit_code=WRONG_USE)
    if folder is None and (Path() / FILE).is_file():
        folder = Path()
    project = open_project(folder) if folder is not None else None
    say(f"{wanted.card.question}\n{wanted.card.cost}")

    import tempfile

    from octavo.challenges.board import table
    from octavo.challenges.trial import run_trial
    from octavo.kinds.trials import keep

    with tempfile.TemporaryDirectory(prefix="octavo-try-") as scratch:
        trial = run_trial(
            wanted,
            scratch=Path(scratch),
            project=project.folder if project else None,
            responses=chosen,
            seeds=range(seeds),
            budget=budget or wanted.card.budget,
        )
    document = trial.as_json()
    if project is not None:
        say(f"kept in {keep(project.store.folder, document)}")
    if as_json:
        answer_json(document)
    else:
        answer(table(document))


def _list(as_json: bool) -> None:
    from octavo.challenges.catalogue import catalogue

    found = catalogue()
    if as_json:
        answer_json({name: one.card.model_dump(mode="json") for name, one in found.items()})
        return
    for name, one in found.items():
        measures = ", ".join(measure.name for measure in one.card.measures)
        names = ", ".join(response.name for response in one.card.responses)
        answer(f"{name}\n    {one.card.question}\n    measures: {measures}\n    responses: {names}")
    say("octavo try NAME runs one")
