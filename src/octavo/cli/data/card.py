"""`octavo data card`: what files or folders hold: counts, languages, licences, duplicates, personal data, digest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from octavo.cli.options import executor_option, json_option, workers_option
from octavo.cli.talk import answer, answer_json, following, say, table

_IN = click.Path(path_type=Path, exists=True)


@click.command()
@click.argument("inputs", nargs=-1, required=True, type=_IN, metavar="IN…")
@click.option("-o", "out", type=click.Path(path_type=Path, dir_okay=False), help="Write the card there, as JSON.")
@click.option(
    "--against", multiple=True, type=_IN, metavar="EVAL", help="Evaluation items to search for; may be repeated."
)
@click.option(
    "--sample",
    type=click.IntRange(0),
    default=2000,
    show_default=True,
    help="Records whose language and personal data are looked for; 0: all.",
)
@click.option("--no-duplicates", is_flag=True, help="Don't count duplicates.")
@click.option("--no-languages", is_flag=True, help="Don't detect languages.")
@executor_option
@workers_option
@json_option
def command(
    inputs: tuple[Path, ...],
    out: Path | None,
    against: tuple[Path, ...],
    sample: int,
    no_duplicates: bool,
    no_languages: bool,
    on: str,
    workers: int,
    as_json: bool,
) -> None:
    """Compute the data card of files or folders in any format that `octavo data read` knows."""
    from octavo.data.passport.card import Look, lines_of
    from octavo.data.passport.files import card_of

    look = Look(sample, not no_languages, True, not no_duplicates)
    with following():
        card, unread = card_of(inputs, out, look, against, on=on, workers=workers)
    if as_json:
        answer_json({**card, "not_read": unread})
        return
    answer(table(lines_of(card)))
    _say_left_out(unread)
    say(f"written to {out}; octavo data diff compares two cards" if out else "-o FILE writes the card")


def _say_left_out(unread: list[dict[str, Any]]) -> None:
    reasons: dict[str, int] = {}
    for row in unread:
        reasons[row["reason"]] = reasons.get(row["reason"], 0) + 1
    if reasons:
        say("not read: " + ", ".join(f"{reason} ({count:,})" for reason, count in sorted(reasons.items())))
