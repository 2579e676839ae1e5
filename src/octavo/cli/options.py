"""The options that every command shares, so that they are spelled and behave alike."""

from __future__ import annotations

from pathlib import Path

import click

project_option = click.option(
    "--project",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("."),
    metavar="DIR",
    help="The project's folder (default: the current one).",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
