"""`octavo explain CODE`: what an error code means and what to do about it."""

from __future__ import annotations

import re
from pathlib import Path

import click

import octavo
from octavo.cli.options import json_option
from octavo.cli.talk import answer, answer_json, table
from octavo.spine.errors import WRONG_USE, OctavoError, nearest


@click.command()
@click.argument("code", required=False)
@json_option
def command(code: str | None, as_json: bool) -> None:
    """Say what the error CODE means and what to do; without a code, list them all."""
    entries = catalogue()
    if code is None:
        if as_json:
            answer_json({name: {"title": title, "text": text} for name, (title, text) in entries.items()})
        else:
            answer(table([[name, title] for name, (title, _) in entries.items()]))
        return
    wanted = code.strip().upper()
    if wanted not in entries:
        raise OctavoError(
            "P019",
            f'There is no error code "{code}"{nearest(wanted, entries)}',
            do="octavo explain lists them all",
            exit_code=WRONG_USE,
        )
    title, text = entries[wanted]
    if as_json:
        answer_json({"code": wanted, "title": title, "text": text})
    else:
        answer(f"{wanted}  {title}\n\n{text}")


def catalogue() -> dict[str, tuple[str, str]]:
    """Code → title and text, from `docs/errors.md`, which an installed package carries along."""
    package = Path(octavo.__file__).parent
    places = (package / "errors.md", package.parents[1] / "docs" / "errors.md")
    file = next((place for place in places if place.is_file()), None)
    if file is None:
        raise OctavoError("P024", "The list of error codes is missing", where=str(places[0]), do="install Octavo again")
    parts = re.split(r"^## ([A-Z]\d{3}) +(.+)$", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {code: (title.strip(), text.strip()) for code, title, text in zip(*[iter(parts[1:])] * 3, strict=True)}
