"""`octavo data restore`: undo removals: records come back to their places, spans that were cut into their texts."""

from __future__ import annotations

from pathlib import Path

import click

from octavo.cli.options import json_option
from octavo.cli.talk import answer, answer_json, following, say, table
from octavo.spine.errors import WRONG_USE, OctavoError

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.argument("kept", type=_FILE)
@click.option("--removed", required=True, type=_FILE, help="What `octavo data dedup --removed` wrote beside KEPT.")
@click.option(
    "-o", "--out", "output", required=True, type=click.Path(path_type=Path), help="Where to write the result."
)
@click.option(
    "--ids", "ids", multiple=True, metavar="ID|FILE", help="Undo for these records: an id, or a file with one a line."
)
@click.option("--kind", "kinds", multiple=True, help="Undo what was removed as this: exact, near, line, substring, …")
@click.option("--all", "everything", is_flag=True, help="Undo everything: the input comes back, in its order.")
@json_option
def command(
    kept: Path,
    removed: Path,
    output: Path,
    ids: tuple[str, ...],
    kinds: tuple[str, ...],
    everything: bool,
    as_json: bool,
) -> None:
    """Put back into KEPT what was removed from it. --ids and --kind together undo what fits both."""
    from tempfile import TemporaryDirectory

    from octavo.data.repeats.restore import Choice, restore
    from octavo.kinds.records import check_outputs

    if everything == bool(ids or kinds):
        raise OctavoError(
            "D063",
            "Say what to undo: everything, or some of it",
            do="give --all, or --ids and --kind",
            exit_code=WRONG_USE,
        )
    check_outputs([output], [kept, removed])
    with following(), TemporaryDirectory() as scratch:
        done = restore(kept, removed, output, Choice(_listed(ids), frozenset(kinds)), Path(scratch))
    if as_json:
        answer_json(
            {
                "output": str(output),
                "written": done.written,
                "records": sum(done.records.values()),
                "spans": sum(done.spans.values()),
                "by_kind": {"records": done.records, "spans": done.spans},
            }
        )
        return
    rows = [[kind, f"{count:,}", "records"] for kind, count in sorted(done.records.items())]
    rows += [[kind, f"{count:,}", "spans"] for kind, count in sorted(done.spans.items())]
    answer(table([*(rows or [["nothing", "0", "records"]]), ["now", f"{done.written:,}", f"records in {output}"]]))
    say(f"{kept.name} and {removed.name} are as they were")


def _listed(given: tuple[str, ...]) -> frozenset[str]:
    found: set[str] = set()
    for one in given:
        path = Path(one)
        if path.is_file():
            found.update(line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
        else:
            found.add(one)
    return frozenset(found)
