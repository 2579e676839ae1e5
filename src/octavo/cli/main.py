"""The `octavo` command: finds its commands in this folder, imports one only when it is called."""

from __future__ import annotations

import gc
import importlib
import json
import pkgutil
import sys
from pathlib import Path
from typing import Any

import click

from octavo import __version__
from octavo.cli.failures import as_octavo_error
from octavo.spine.errors import WRONG_USE, OctavoError, nearest

NOT_COMMANDS = {"main", "options", "failures", "talk"}
"""Modules of this folder that serve the commands; every other module holds one click command named `command`."""


GROUPS = {
    "data": "look into, clean and measure records in plain files.",
    "memory": "see, recall, forget and consolidate what a project remembers.",
    "knowledge": "index, search and change records; generations, roll back, forget.",
    "seed": "build and measure the base model that reads.",
    "tokenizer": "train, examine and repair tokenizers.",
}
"""Folders of this folder: each is a group of commands (`cli/data/clean.py` is `octavo data clean`)."""


class Commands(click.Group):
    """A group whose commands are the modules of a folder: `try_.py` is `octavo try`."""

    def __init__(self, *args: Any, package: str = "octavo.cli", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.package = package
        self.folder = Path(__file__).parent.joinpath(*package.split(".")[2:])

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = (module.name for module in pkgutil.iter_modules([str(self.folder)]))
        return sorted(name.rstrip("_").replace("_", "-") for name in names if name not in NOT_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = self._module(cmd_name)
        if (self.folder / module).is_dir():
            about = GROUPS[cmd_name]
            return Commands(cmd_name, package=f"{self.package}.{module}", help=about[:1].upper() + about[1:])
        command: click.Command = importlib.import_module(f"{self.package}.{module}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by the first line of their modules, which need not be imported for that."""
        rows = [(name, self._about(name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows or [("none", "")])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-") and name not in self.list_commands(ctx):
            within = ctx.command_path.partition(" ")[2]
            raise OctavoError(
                "P001",
                f'There is no command "{f"{within} {name}".strip()}"{nearest(name, self.list_commands(ctx))}',
                do=f"{ctx.command_path} --help lists them",
                exit_code=WRONG_USE,
            )
        return super().resolve_command(ctx, args)

    def _module(self, name: str) -> str:
        plain = name.replace("-", "_")
        return plain if (self.folder / plain).is_dir() or (self.folder / f"{plain}.py").exists() else f"{plain}_"

    def _about(self, name: str) -> str:
        """What a command is for: the docstring of its module begins with "`octavo NAME …`: "."""
        module = self._module(name)
        if (self.folder / module).is_dir():
            text = GROUPS[name]
        else:
            with (self.folder / f"{module}.py").open(encoding="utf-8") as source:
                text = source.readline().strip().strip('"').partition("`: ")[2]
        return text[:1].upper() + text[1:]


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="octavo")
def octavo_command() -> None:
    """Turn your own documents into your own language model, offline, and see what each step did."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; every failure ends in one message and exit code 1 or 2."""
    gc.set_threshold(
        50_000
    )  # imports make many objects that stay: looking through them often costs a tenth of the start
    given = sys.argv[1:] if arguments is None else arguments
    try:
        result: Any = octavo_command.main(args=given, prog_name="octavo", standalone_mode=False)
        sys.exit(result if isinstance(result, int) else 0)
    except (KeyboardInterrupt, click.exceptions.Abort):  # click turns Ctrl-C, and an end of input, into Abort
        click.echo("stopped; run the same command again to go on", err=True)
        sys.exit(130)
    except Exception as error:  # the border between the program and the person: nothing passes as a traceback
        failure = as_octavo_error(error, given)
        if failure is None:
            raise
        if "--json" in given:
            click.echo(json.dumps(failure.as_json(), ensure_ascii=False))
        click.echo(str(failure), err=True)
        sys.exit(failure.exit_code)
