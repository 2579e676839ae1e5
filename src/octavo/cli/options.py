"""The options that every command shares, so that they are spelled and behave alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from octavo.spine.process.executors import NAMES

project_option = click.option(
    "--project",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("."),
    metavar="DIR",
    help="The project's folder (default: the current one).",
)
memory_option = click.option(
    "--memory/--no-memory",
    "remember",
    default=True,
    show_default=True,
    help="Consult what the project remembers, and in a chat note what is said.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
executor_option = click.option(
    "--executor",
    "on",
    type=click.Choice(NAMES),
    default="processes",
    show_default=True,
    help="Where the parts of the work run; the result is the same, byte for byte.",
)
workers_option = click.option(
    "--workers", type=click.IntRange(0), default=0, help="How many parts run at once (default: one for each core)."
)
embed_option = click.option(
    "--embed",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="FOLDER",
    help="Take the vectors of this local sentence-embedding model (Hugging Face's form) in place of learning them.",
)


def canary_options(command: Callable[..., None]) -> Callable[..., None]:
    """What a change of an index is tried on before it appears."""
    questions = click.option(
        "--canaries",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help='Questions that must be answered after it: {"question", "id"} a line (default: made of the documents).',
    )
    return questions(click.option("--no-canaries", is_flag=True, help="Try no questions.")(command))


def repair_options(command: Callable[..., None]) -> Callable[..., None]:
    """What the commands that repair a tokenizer share, beside what each can do more."""
    existing = click.Path(path_type=Path, exists=True)
    shared = (
        click.argument("path", type=existing),
        click.option("--corpus", type=existing, multiple=True, required=True, help="Files, folders, or documents."),
        click.option("-o", "--out", required=True, type=click.Path(path_type=Path), help="The new folder."),
        click.option(
            "--model",
            type=click.Path(path_type=Path, exists=True, file_okay=False),
            help="The checkpoint to go along: written to OUT with its embedding.",
        ),
        click.option("--parallel", type=existing, help='Rows {"lang", "line", "text"} to compare before and after on.'),
        executor_option,
        workers_option,
        json_option,
    )
    for option in reversed(shared):
        command = option(command)
    return command
