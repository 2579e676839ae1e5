"""`octavo serve`: an OpenAI-compatible server and a chat page on this machine."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import click

from octavo.cli.ask import mode_option
from octavo.cli.options import json_option, project_option
from octavo.spine.errors import WRONG_USE, OctavoError

KEY_VARIABLE = "OCTAVO_API_KEY"


@click.command()
@project_option
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8384, show_default=True, help="0 takes any free port.")
@mode_option
@click.option(
    "--api-key-file",
    "key_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help=f"Ask for one of the keys in FILE, one a line (or set {KEY_VARIABLE}).",
)
@click.option("--no-key", is_flag=True, help="Let everybody who reaches --host ask, without a key.")
@click.option("--at-once", type=click.IntRange(1, 64), default=2, show_default=True, help="Questions at a time.")
@click.option(
    "--waiting", type=click.IntRange(0, 10_000), default=32, show_default=True, help="Questions that may wait."
)
@click.option(
    "--timeout", type=click.FloatRange(0.1, 3600), default=60.0, show_default=True, help="Seconds for one answer."
)
@json_option
def command(
    folder: Path,
    host: str,
    port: int,
    mode: str,
    key_file: Path | None,
    no_key: bool,
    at_once: int,
    waiting: int,
    timeout: float,
    as_json: bool,
) -> None:
    """Serve the project's answers: a chat page and /v1/chat/completions; Ctrl-C ends it when answers are done."""
    from octavo.apps.own_model.open import open_engine
    from octavo.cli.talk import answer, answer_json, say
    from octavo.serve.address import address_of, bind, is_loopback

    local = is_loopback(host)
    keys = read_keys(key_file)
    if not local and not keys and not no_key:
        raise OctavoError(
            "V001",
            f"Everybody in the network of {host} could read the documents",
            do="--api-key-file FILE, or --no-key if that is wanted",
            exit_code=WRONG_USE,
        )
    with bind(host, port) as listening:
        engine = open_engine(folder, mode=mode)
        engine.check()
        # what can go wrong for the user has gone wrong by now; the web libraries take a second to load
        from octavo.serve import server
        from octavo.serve.border import LOOPBACK, Access
        from octavo.serve.gateway import create_app
        from octavo.serve.limits import Limits

        # the page may only show where the project lies to those who sit at this machine
        where = f" --project {shlex.quote(str(folder))}" if local and str(folder) != "." else ""
        app = create_app(
            engine,
            limits=Limits(running=at_once, waiting=waiting, seconds=timeout),
            access=Access(keys=keys, hosts=LOOPBACK if local else ()),
            command=f"octavo ask{where}",
        )

        def ready() -> None:
            page = address_of(listening)
            if not local:
                say(f"warning: {host} is not only this machine, and what is sent is not encrypted")
            answer_json({"address": page, "model": engine.name}) if as_json else answer(page)
            say(f'"{engine.name}" answers at {page} (chat) and {page}v1 (OpenAI-compatible); Ctrl-C ends it')

        server.run(app, listening, ready=ready)
    say("stopped")


def read_keys(file: Path | None) -> tuple[str, ...]:
    """The keys of the file and of the environment; a file without a usable key is refused (V004)."""
    given = os.environ.get(KEY_VARIABLE, "").split()
    if file is not None:
        lines = [line.strip() for line in file.read_bytes().decode("ascii", "replace").splitlines()]
        keys = [line for line in lines if line and not line.startswith("#")]
        if not keys or not all(key.isascii() and key.isprintable() and " " not in key for key in keys):
            raise OctavoError(
                "V004",
                "There is no usable key in the file" if not keys else "A key has characters that a header can't carry",
                where=str(file),
                do="write one key a line: letters, digits and signs, without spaces",
                exit_code=WRONG_USE,
            )
        given += keys
    return tuple(dict.fromkeys(given))
