"""The options that every command shares, so that they are spelled and behave alike."""

from __future__ import annotations

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
