"""`octavo data clean`: keep the records worth training on; each removed one has its reason."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from octavo.cli.options import executor_option, json_option, workers_option
from octavo.cli.talk import answer, answer_json, following, say, table

SHOWN = 20
"""Reasons in the table; `--json` has all."""


@click.command()
@click.argument("inputs", type=click.Path(path_type=Path, exists=True), nargs=-1, required=True, metavar="IN…")
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, metavar="FILE", help="The records kept.")
@click.option(
    "--removed",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Whole removed records with the reason, lines cut from kept ones, and what could not be read.",
)
@click.option(
    "--rules",
    metavar="SETS",
    default="",
    help="Sets of rules for web pages, separated by commas: gopher, c4, fineweb (default: none).",
)
@click.option(
    "--languages",
    metavar="CODES",
    default="",
    help="Languages to keep, as ISO 639-1 codes: en,de. `any` keeps all and writes down which it is.",
)
@click.option(
    "--language-models",
    type=click.Choice(["small", "full"]),
    default="small",
    show_default=True,
    help="The full ones need 1.3 GB for each worker and tell short texts of related languages apart better.",
)
@click.option(
    "--main-language",
    type=click.FloatRange(0, 1),
    default=0.0,
    metavar="SHARE",
    help="Remove texts with less than this share of letters in lines of one language.",
)
@click.option(
    "--classifier",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="MODEL",
    help="A quality model of `octavo data quality train`.",
)
@click.option(
    "--classifier-below",
    type=click.FloatRange(0, 1),
    metavar="SCORE",
    help="Remove texts with a lower score (default: the threshold of the model).",
)
@click.option("--shortest", type=click.IntRange(0), default=10, show_default=True, help="Characters a text must have.")
@click.option(
    "--near",
    type=click.FloatRange(0.3, 1.0),
    metavar="SHARE",
    help="Likeness (Jaccard, word triples) of near duplicates; 1: exact ones only (default: as dedup).",
)
@click.option("--keep-duplicates", is_flag=True, help="Search for no duplicates.")
@click.option("--policy", default="longest", show_default=True, help="Which of several copies is kept, as in dedup.")
@click.option(
    "--alarm",
    type=click.FloatRange(0, 1),
    default=0.6,
    show_default=True,
    help="Share of removed records from which nothing is written without --yes.",
)
@click.option("--yes", is_flag=True, help="Write the result whatever its share of removed records is.")
@executor_option
@workers_option
@json_option
def command(
    inputs: tuple[Path, ...],
    out: Path,
    removed: Path | None,
    rules: str,
    languages: str,
    language_models: str,
    main_language: float,
    classifier: Path | None,
    classifier_below: float | None,
    shortest: int,
    near: float | None,
    keep_duplicates: bool,
    policy: str,
    alarm: float,
    yes: bool,
    on: str,
    workers: int,
    as_json: bool,
) -> None:
    """Clean the records of files or folders IN… (any format that `octavo data read` knows) into one file.

    In this order: texts are tidied; too short ones go; then by language, rule sets and classifier, where asked for;
    then exact and near duplicates. A killed command goes on where it was when it is given again.
    """
    from octavo.data.duplicates.find import Limits
    from octavo.data.quality.files import clean_files
    from octavo.data.quality.sieve import Sieve

    sieve = Sieve(
        shortest=shortest,
        tidy=True,
        languages=_list(languages),
        language_models=language_models,
        main_language=main_language,
        rules=_list(rules),
        classifier=str(classifier or ""),
        classifier_below=classifier_below,
    )
    limits = None
    if not keep_duplicates:
        limits = Limits(policy=_policy(policy)) if near is None else Limits(near=near, policy=_policy(policy))
    with following():
        done = clean_files(inputs, out, sieve, limits, removed=removed, alarm=alarm, anyway=yes, on=on, workers=workers)
    if as_json:
        answer_json({**asdict(done), "removed": done.removed, "out": str(out)})
        return
    rows = [["records", f"{done.records:,}"], ["kept", f"{done.kept:,}"]]
    rows += [["  with lines cut", f"{done.edited:,}"]] if done.edited else []
    rows += [["removed", f"{done.removed:,}"]]
    ordered = list(done.reasons.items())
    rows += [[f"  {reason}", f"{count:,}"] for reason, count in ordered[:SHOWN]]
    if rest := ordered[SHOWN:]:
        rows += [[f"  {len(rest)} other reasons", f"{sum(count for _, count in rest):,}"]]
    rows += [[f"not read: {reason}", f"{count:,}"] for reason, count in sorted(done.unreadable.items())]
    answer(table(rows))
    if done.alarm:
        say(done.alarm)
    if removed is None and done.removed:
        say("what was removed is not written down: give --removed FILE to see each record with its reason")


def _list(text: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in text.split(",") if one.strip())


def _policy(name: str) -> str:
    from octavo.data.duplicates.survivor import POLICIES
    from octavo.spine.errors import WRONG_USE, OctavoError, nearest

    if name not in POLICIES:
        raise OctavoError(
            "D046",
            f'There is no policy "{name}"{nearest(name, POLICIES)}',
            do=f"use one of: {', '.join(POLICIES)}",
            exit_code=WRONG_USE,
        )
    return name
