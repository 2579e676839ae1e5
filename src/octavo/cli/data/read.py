"""`octavo data read`: make records of any documents: text, HTML, PDF, DOCX, tables, web archives, packed or not."""

from __future__ import annotations

from pathlib import Path

import click

from octavo.cli.options import executor_option, json_option, workers_option
from octavo.cli.talk import answer, answer_json, following, say, table


@click.command()
@click.argument(
    "inputs", metavar="IN…", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, readable=False)
)
@click.option(
    "-o", "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The records (.jsonl, .gz, …)."
)
@click.option(
    "--removed", type=click.Path(path_type=Path, dir_okay=False), help="What was left out, with the reason, goes here."
)
@click.option(
    "--largest", type=click.IntRange(1), default=50, show_default=True, help="MB of a file that is read whole."
)
@click.option("--seconds", type=click.FloatRange(0.1), default=60.0, show_default=True, help="Time for one file.")
@executor_option
@workers_option
@json_option
def command(
    inputs: tuple[Path, ...],
    out: Path,
    removed: Path | None,
    largest: int,
    seconds: float,
    on: str,
    workers: int,
    as_json: bool,
) -> None:
    """Read files and folders IN… into records, by what they hold, whatever they are called.

    Each record has an id, its text, its source, and where they are known its title, licence, language, date and place
    in the file. Files that can't be read never stop the rest: they are counted, and listed by --removed.
    """
    from octavo.data.read.records import read_into
    from octavo.data.read.source import Limits
    from octavo.kinds.records import check_outputs
    from octavo.spine.shards import file_state, kept_scratch

    check_outputs((out, removed), inputs)
    limits = Limits(largest=largest * 1_000_000, seconds=seconds)
    recipe = {"verb": "read", "inputs": [_state(path, file_state) for path in inputs], "limits": vars(limits)}
    with following(), kept_scratch(out, recipe) as scratch:
        tally = read_into(inputs, scratch, out, removed, limits=limits, on=on, workers=workers)
    if as_json:
        answer_json(
            {
                "out": str(out),
                "records": tally.records,
                "characters": tally.characters,
                "removed": dict(tally.removed.most_common()),
                "notes": dict(tally.notes.most_common()),
                "licences": dict(tally.licences.most_common()),
            }
        )
        return
    rows = [("records", f"{tally.records:,}"), ("characters", f"{tally.characters:,}")]
    rows += [(f"left out: {reason}", f"{count:,}") for reason, count in tally.removed.most_common()]
    rows += [(f"said: {note}", f"{count:,}") for note, count in tally.notes.most_common(8)]
    rows += [(f"licence: {name}", f"{count:,}") for name, count in tally.licences.most_common(5)]
    answer(table(rows))
    if tally.removed and removed is None:
        say("--removed FILE lists what was left out, and why")
    say(f"next: octavo data clean {out} -o cleaned.jsonl")


def _state(path: Path, file_state) -> dict[str, object]:  # noqa: ANN001
    from octavo.data.folder import folder_sources

    state: dict[str, object] = file_state(path)
    return {**state, "holds": folder_sources(path, 2**63)} if path.is_dir() else state
