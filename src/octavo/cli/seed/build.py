"""`octavo seed build`: make the base model that reads, from nothing: tokenizer, training, threshold, cards."""

from __future__ import annotations

from pathlib import Path

import click

from octavo.cli.options import json_option, project_option


@click.command()
@project_option
@click.option(
    "-o", "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder for the checkpoint."
)
@click.option("--threads", type=click.IntRange(0), default=0, help="Cores to compute with (default: all).")
@json_option
def command(folder: Path, out: Path, threads: int, as_json: bool) -> None:
    """Train it on the project's documents and the synthetic world; killed and started again it goes on.

    Takes about two hours on one core. Stages of the project up to `mix` are made when they are missing.
    """
    from octavo.apps.paths import load_path
    from octavo.apps.seed.recipe import SEED
    from octavo.cli.talk import answer, answer_json, following, say, watcher
    from octavo.kinds.kind import kind
    from octavo.model.machine import choose_machine
    from octavo.spine.project import open_project
    from octavo.spine.run import run_path
    from octavo.spine.shards import kept_scratch

    project = open_project(folder)
    steps = load_path(project.head.path).steps
    with watcher("nothing", steps) as listener:
        outcome = run_path(project, steps, watcher=listener, check=lambda n, made: kind(n).check(made), until="mix")
    machine = choose_machine(threads=threads)
    from octavo.apps.seed.build import build

    documents = outcome.artifacts["mix"]
    with following(), kept_scratch(out, {"documents": documents.name, "recipe": SEED.as_json()}) as scratch:
        made = build(documents, out, SEED, machine, scratch)
    if as_json:
        answer_json({"folder": str(out), **made})
        return
    answer(f"{made['parameters']:,} parameters, {made['bytes']:,} bytes, in {out}")
    say(f"next: octavo seed measure --model {out}")
